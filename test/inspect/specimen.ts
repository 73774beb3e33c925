// A span with one object of every kind, held and waited for, as bytes; and the same bytes damaged in every way, in a segment
// in which some of its participants seem to live.
import fs from 'node:fs';
import {
  array,
  barrier,
  bitfield,
  enumeration,
  f64,
  mutex,
  offset,
  Segment,
  Span,
  semaphore,
  struct,
  u8,
  u32,
  u64,
  utf8,
} from '../../src/index.ts';
import { idOf } from '../../src/span/participant.layout.ts';
import { shmPath, uniqueName, until } from '../support/segments.ts';

const PARTICIPANTS = 6;
const ENTRIES = 20;

const Account = struct({
  owner: utf8(24),
  balance: f64,
  serial: u64,
  state: enumeration(u8, { open: 0, frozen: 1 }),
  flags: bitfield(u8, { vip: 1, level: 3 }),
  history: array(u32, 20),
  lock: mutex(),
  slots: semaphore({ initial: 2, undo: true }),
  meeting: barrier({ parties: 3 }),
  next: offset(u32),
});

const Pose = struct({ x: f64, y: f64 });

/** The bytes of a span in which much is going on. Its participant had slot 0. */
export async function specimen(): Promise<Uint8Array> {
  const name = uniqueName();
  const span = Span.create(name, {
    size: 2 ** 17,
    participants: PARTICIPANTS,
    objects: ENTRIES,
    as: 'specimen',
  });
  try {
    const account = span.view('account', Account);
    Object.assign(account, { owner: 'alice', balance: 12.5, serial: 7n, state: 'frozen' });
    const guards: unknown[] = [account.lock.lock(), account.slots.acquire()];
    guards.push(span.mutex('ledger').lock(), span.mutex('fair', { fair: true }).lock());
    guards.push(span.rwlock('table').read(), span.semaphore('permits', { initial: 3 }).acquire());
    span.condition('changed');
    span.barrier('start', { parties: 3 });
    span.event('go', { reset: 'auto' });
    span.once('init');
    span.bytes('scratch', { size: 100 });
    const ring = span.ring('orders', { capacity: 256 }).writer();
    const jobs = span.queue('jobs', { capacity: 4, messageMax: 20 }).writer();
    const news = span.broadcast('news', { capacity: 256 });
    const reader = news.reader();
    const writer = news.writer();
    const pose = span.latest('pose', Pose).writer();
    const frames = span.pool('frames', { chunks: 3, chunkSize: 100 });
    const taker = frames.reader();
    guards.push(frames.writer().loan());
    for (const sender of [ring, jobs, writer]) sender.trySend(new Uint8Array(10));
    pose.send({ x: 1, y: 2 });
    // What is left to wait ends with the span.
    const patience: Promise<unknown>[] = [
      span.mutex('ledger').lockAsync(),
      span.rwlock('table').writeAsync(),
      span.event('go', { reset: 'auto' }).waitAsync(),
    ];
    for (const wait of patience) wait.catch(() => {});
    await until(() => span.threads()[0]?.waitingOn.length === patience.length, 'three waits');
    const bytes = new Uint8Array(fs.readFileSync(shmPath(name)));
    void [taker, reader];
    return bytes;
  } finally {
    span.close();
    Span.unlink(name);
  }
}

/** A segment with those bytes, in which the first participants hold their lifelines. */
export function staged(bytes: Uint8Array): Segment {
  const segment = Segment.create(uniqueName(), {
    size: bytes.length,
    init: ({ buffer }) => new Uint8Array(buffer).set(bytes),
  });
  lifelines.set(segment, segment.lifeline(idOf(0, 1)));
  return segment;
}

// What holds a lifeline lets go of it when it is collected.
const lifelines = new WeakMap<Segment, unknown>();

/** Overwrites some of it: words, runs, other parts of itself, with what would mean something there and what would not. */
export function damage(bytes: Uint8Array, random: () => number): void {
  const upTo = (limit: number): number => Math.floor(random() * limit);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  // Where something is, more often than where nothing is.
  const used = [...words.keys()].filter((at) => words[at] !== 0);
  const where = (): number =>
    random() < 0.7 ? (used[upTo(used.length)] as number) : upTo(words.length);
  const telling = [
    0,
    1,
    -1,
    0x4000_0000,
    0x1000_1001,
    0x7fff_ffff,
    -0x8000_0000,
    0x1001,
    0xffff,
    bytes.length,
  ];
  const value = (): number =>
    random() < 0.6 ? (telling[upTo(telling.length)] as number) : upTo(2 ** 32) | 0;
  const count = 1 + upTo(4);
  for (let i = 0; i < count; i++) {
    const at = where();
    switch (upTo(5)) {
      case 0:
        bytes[4 * at + upTo(4)] = upTo(256);
        break;
      case 1:
        words[at] = value();
        break;
      case 2:
        for (let k = 0; k < 64; k++) words[(at + k) % words.length] = value();
        break;
      case 3:
        words.fill(random() < 0.5 ? 0 : -1, at, at + upTo(600));
        break;
      default:
        words.copyWithin(at, where(), where());
    }
  }
}
