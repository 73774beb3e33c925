// Conservation, order and integrity: so many writers and readers, in processes and workers, on one queue. Each message says whose it
// is, its number, and its checksum; the readers put down how many of each writer they had, and that their order is right.
import assert from 'node:assert/strict';
import { type Delivery, Span } from '../../src/index.ts';
import { type Puppet, startChild, startWorker, type Tools } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';
import type { Bytes } from './queues.ts';
import { checkConserved } from './queues.ts';

export interface Flow {
  readonly writers: number;
  readonly readers: number;
  readonly capacity: number;
  readonly messageMax: number;
  readonly delivery: Delivery;
  /** Of each writer: as many messages, or for so long. */
  readonly count?: number;
  readonly timeMs?: number;
}

/** How an end calls. */
type Manner = 'blocking' | 'async' | 'in place';
const MANNERS: readonly Manner[] = ['blocking', 'async', 'in place'];

interface Sent {
  readonly count: number;
  readonly bytes: number;
}

/** A writer. 8 bytes of number and checksum, where there is room for them; shorter messages are zeros. */
async function write(
  { memspan }: Tools,
  name: string,
  me: number,
  manner: Manner,
  flow: Flow,
): Promise<Sent> {
  const span = memspan.Span.join(name);
  const writer = (span.queue('q') as Bytes).writer();
  const { count: most = Number.POSITIVE_INFINITY, timeMs = Number.POSITIVE_INFINITY } = flow;
  const lengths = [0, 1, 12, 13, 33, flow.messageMax].filter((each) => each <= flow.messageMax);
  const end = performance.now() + timeMs;
  let count = 0;
  let bytes = 0;
  const fill = (target: Uint8Array, number: number): void => {
    if (target.length < 12) {
      target.fill(0);
      return;
    }
    let sum = me + number;
    for (let i = 12; i < target.length; i++) {
      target[i] = (number * 31 + i * 7 + me) & 0xff;
      sum = (Math.imul(sum, 31) + (target[i] as number)) | 0;
    }
    const { buffer, byteOffset } = target;
    const head = new DataView(buffer, byteOffset, 12);
    head.setInt32(0, me);
    head.setInt32(4, number);
    head.setInt32(8, sum);
  };
  while (count < most && (count % 64 !== 0 || performance.now() < end)) {
    const length = lengths[count % lengths.length] as number;
    if (manner === 'in place') {
      // Now and then somebody thinks better of it.
      if (count % 50 === 49) (await writer.claimAsync())?.abort();
      const claim = writer.claim(length);
      fill(claim.bytes, count);
      claim.commit();
    } else {
      const message = new Uint8Array(length);
      fill(message, count);
      if (manner === 'async') await writer.sendAsync(message);
      else writer.send(message);
    }
    count++;
    bytes += length;
  }
  span.close();
  return { count, bytes };
}

interface Received extends Sent {
  /** Of each writer: its long messages. */
  readonly long: readonly number[];
  readonly wrong: string | null;
}

/** A reader, until the end. */
async function read(
  { memspan }: Tools,
  name: string,
  manner: Manner,
  flow: Flow,
): Promise<Received> {
  const span = memspan.Span.join(name);
  const reader = (span.queue('q') as Bytes).reader();
  const long = new Array<number>(flow.writers).fill(0);
  const last = new Array<number>(flow.writers).fill(-1);
  let count = 0;
  let bytes = 0;
  let wrong: string | null = null;
  const check = (message: Uint8Array, isAgain: boolean): void => {
    if (message.length < 12) {
      if (message.some((byte) => byte !== 0)) wrong ??= `a short message of ${message}`;
      return;
    }
    const { buffer, byteOffset } = message;
    const head = new DataView(buffer, byteOffset, 12);
    const [from, number] = [head.getInt32(0), head.getInt32(4)];
    let sum = from + number;
    for (let i = 12; i < message.length; i++) {
      if (message[i] !== ((number * 31 + i * 7 + from) & 0xff)) wrong ??= `byte ${i} of ${number}`;
      sum = (Math.imul(sum, 31) + (message[i] as number)) | 0;
    }
    if (sum !== head.getInt32(8)) wrong ??= `the checksum of ${number} of ${from}`;
    if (!isAgain) {
      if (number <= (last[from] as number)) wrong ??= `${number} of ${from} after ${last[from]}`;
      last[from] = number;
    }
    long[from] = (long[from] as number) + 1;
  };
  const take = (message: Uint8Array, isAgain = false): void => {
    check(message, isAgain);
    count++;
    bytes += message.length;
  };
  if (manner === 'async') {
    // A loop is not told what another reader has given back, which comes after newer ones.
    for await (const message of reader) take(message, flow.readers > 1);
  }
  for (let turn = 1; !reader.ended; turn++) {
    if (manner === 'in place') {
      const loan = reader.take();
      if (loan === null) break;
      if (turn % 50 === 0 && !loan.redelivered) {
        check(loan.bytes, false);
        const from =
          loan.bytes.length >= 12 ? new DataView(loan.bytes.slice().buffer).getInt32(0) : -1;
        if (from >= 0) long[from] = (long[from] as number) - 1;
        loan.abort();
        continue;
      }
      take(loan.bytes, loan.redelivered);
      loan.release();
    } else {
      for (const message of reader.readBatch(4)) take(message, true);
      const message = reader.receive();
      if (message === null) break;
      take(message, true);
    }
  }
  span.close();
  return { count, bytes, long, wrong };
}

/** So many writers and as many readers; odd ones are workers. */
export function startAll(each: number): Promise<Puppet[]> {
  const start = (i: number): Promise<Puppet> => (i % 2 === 0 ? startChild() : startWorker());
  return Promise.all(Array.from({ length: 2 * each }, (_, i) => start(i)));
}

/** All messages arrive, once, unharmed, in their order; counters and /dev/shm are as they should be. */
export async function checkFlow(flow: Flow, puppets: readonly Puppet[]): Promise<number> {
  const name = uniqueName();
  const { writers, readers, capacity, messageMax, delivery } = flow;
  const span = Span.create(name, {
    lifetime: 'last-close',
    size: 2 ** 21,
    participants: writers + readers + 1,
  });
  const queue: Bytes = span.queue('q', { capacity, messageMax, delivery });
  const manner = (i: number): Manner => MANNERS[i % MANNERS.length] as Manner;
  const sending = puppets
    .slice(0, writers)
    .map((puppet, i) => puppet.run(write, name, i, manner(i + readers), flow));
  const receiving = puppets
    .slice(-readers)
    .map((puppet, i) => puppet.run(read, name, manner(i + writers), flow));
  // Who reads fails first where something is wrong.
  const sent = await Promise.race([
    Promise.all(sending),
    Promise.all(receiving).then(() => assert.fail('readers have ended before the end')),
  ]);
  queue.end();
  const received = await Promise.all(receiving);
  assert.deepEqual(
    received.map(({ wrong }) => wrong),
    Array(readers).fill(null),
  );
  const total = (all: readonly Sent[], what: keyof Sent): number =>
    all.reduce((sum, each) => sum + each[what], 0);
  assert.equal(total(received, 'count'), total(sent, 'count'));
  assert.equal(total(received, 'bytes'), total(sent, 'bytes'));
  const lengths = [0, 1, 12, 13, 33, messageMax].filter((each) => each <= messageMax);
  for (const [i, { count }] of sent.entries()) {
    const long = received.reduce((sum, each) => sum + (each.long[i] as number), 0);
    let due = 0;
    for (let n = 0; n < count; n++) if ((lengths[n % lengths.length] as number) >= 12) due++;
    assert.equal(long, due, `of writer ${i}`);
  }
  const { counters } = queue;
  assert.equal(counters.sent, total(sent, 'count'));
  assert.equal(counters.received, counters.sent);
  assert.equal(counters.bytes, total(sent, 'bytes'));
  assert.equal(counters.depth, 0);
  assert.equal(counters.dropped, 0);
  assert.ok(counters.highWater >= 1 && counters.highWater <= capacity);
  checkConserved(queue);
  span.close();
  return counters.sent;
}
