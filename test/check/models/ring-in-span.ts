// A ring in a span: ends are taken anew after a death, and whatever is killed where, what was published is taken in its
// order, whether it was sent, claimed or batched, and read as copies, in place or in batches.
import assert from 'node:assert/strict';
import type { End, Me } from '../../../src/check/explore.ts';
import { MemspanError, type RingReader, type RingWriter } from '../../../src/index.ts';
import { type Model, model } from '../model.ts';

type Sending = (end: RingWriter, messages: readonly number[], sent: () => void) => void;

interface Shared {
  /** By writer: how many it knows to be sent. */
  readonly sent: Int32Array;
  /** What each thread has noted as a reader, ROOM for each: a message and 1; 0 behind the last. */
  readonly noted: Int32Array;
}

type How = string;

const options = { capacity: 64 };
/** A message's first byte says whose it is and which one: 16 × writer + i, i from 0 up. */
const LENGTH = 20;
const ROOM = 8;

function bytesOf(number: number): Uint8Array {
  return new Uint8Array(LENGTH).fill(number);
}

const sending: Record<'send' | 'claim' | 'batch', Sending> = {
  send: (end, messages, sent) => {
    for (const message of messages) {
      if (end.send(bytesOf(message), { timeoutMs: 5 }) === null) return;
      sent();
    }
  },
  claim: (end, messages, sent) => {
    for (const message of messages) {
      const claim = end.claim(LENGTH, { timeoutMs: 5 });
      if (claim === null) return;
      claim.bytes.fill(message);
      claim.commit();
      sent();
    }
  },
  batch: (end, messages, sent) => {
    const count = end.sendBatch(messages.map(bytesOf), { timeoutMs: 5 });
    for (let i = 0; i < count; i++) sent();
  },
};

function untilError(work: () => How): How {
  try {
    return work();
  } catch (error) {
    if (error instanceof MemspanError) return error.code;
    throw error;
  }
}

/** The writer's number, and how many messages it has. */
function writer(number: number, count: number, how: keyof typeof sending = 'send') {
  const messages = Array.from({ length: count }, (_, i) => 16 * number + i);
  return ({ sent }: Shared, { span }: Me): How =>
    untilError(() => {
      const end = span.ring('r', options).writer();
      const ending = untilError(() => {
        sending[how](end, messages, () => {
          sent[number] = (sent[number] as number) + 1;
        });
        return 'done';
      });
      end.close();
      return ending;
    });
}

function check(bytes: Uint8Array): number {
  assert.equal(bytes.length, LENGTH);
  assert.ok(bytes.every((byte) => byte === bytes[0]));
  return bytes[0] as number;
}

const reading: Record<'receive' | 'take' | 'batch', (end: RingReader) => number[] | null> = {
  receive: (end) => {
    const found = end.receive();
    return found === null ? null : [check(found)];
  },
  take: (end) => {
    using found = end.take();
    return found === null ? null : [check(found.bytes)];
  },
  batch: (end) => {
    const found = end.readBatch();
    if (found.length > 0) return found.map(check);
    const next = end.receive();
    return next === null ? null : [check(next)];
  },
};

function reader(how: keyof typeof reading = 'receive', most: number = Number.POSITIVE_INFINITY) {
  return ({ noted }: Shared, { span, index }: Me): How =>
    untilError(() => {
      const end = span.ring('r', options).reader();
      let count = 0;
      const ending = untilError(() => {
        while (count < most) {
          const found = reading[how](end);
          if (found === null) return 'ended';
          for (const message of found) noted[ROOM * index + count++] = message + 1;
        }
        return 'enough';
      });
      end.close();
      return ending;
    });
}

const setup = ({ span }: Me): Shared => {
  span.ring('r', options);
  return { sent: new Int32Array(4), noted: new Int32Array(3 * ROOM) };
};

/** A writer has been there, and has closed. */
const filled = (me: Me): Shared => {
  const shared = setup(me);
  using end = me.span.ring('r', options).writer();
  shared.sent[1] = end.trySendBatch([bytesOf(16), bytesOf(17)]);
  return shared;
};

const ENDINGS = [
  'done',
  'ended',
  'enough',
  'ERR_MEMSPAN_BUSY',
  'ERR_MEMSPAN_PEER_CLOSED',
  'ERR_MEMSPAN_PEER_DIED',
];

/** Everything that was published is noted or still there, each writer's in its order; who was killed may be in doubt about one. */
function conserved({ sent, noted }: Shared, { span, results, killed }: End<How>): void {
  for (const how of results) assert.ok(how === undefined || ENDINGS.includes(how), how);
  if (killed.length === 0) assert.ok(!results.includes('ERR_MEMSPAN_PEER_DIED'), 'nobody has died');
  const ring = span.ring('r', options);
  // A reader that waits has taken everything.
  const held = untilError(() => {
    ring.reader().close();
    return 'free';
  });
  const left = held === 'ERR_MEMSPAN_BUSY' ? [] : ring.reader().readBatch().map(check);
  // The reader that came first has had the first message.
  const lists = [0, 1, 2]
    .map((thread) => [...noted].slice(ROOM * thread, ROOM * (thread + 1)))
    .map((codes) => codes.filter((code) => code > 0).map((code) => code - 1))
    .sort(([a = 0], [b = 0]) => a - b);
  const all = [...lists.flat(), ...left];
  for (const [number, known] of [...sent].entries()) {
    const mine = all.filter((message) => message >> 4 === number).map((message) => message & 15);
    // A batch of three at most.
    const doubt = 3 * killed.length;
    let expected = 0;
    let missing = 0;
    for (const i of mine) {
      // A reader that was killed before it gave a message back, or before it noted one.
      if (i === expected - 1) assert.ok(doubt > 0, `message ${i} came twice`);
      else {
        missing += i - expected;
        expected = i + 1;
      }
    }
    assert.ok(
      missing >= 0 && missing <= doubt,
      `${missing} of writer ${number} are missing: ${all}`,
    );
    const late = known - expected;
    assert.ok(late <= doubt && late >= -doubt, `${known} were sent, ${mine} are there`);
  }
  // Both ends can be had again, and the ring goes on.
  const end = ring.writer();
  assert.equal(end.trySend(bytesOf(99)), true);
}

/** A reader may wait for a writer to come, where none will. */
function noWriter(_: Shared, { span }: End<How>): boolean {
  const words = new Int32Array(span.segment.buffer);
  const at = words.indexOf(0x474e5247);
  return words[at + 3] === 0 && ((words[at + 32] as number) & 2) === 0;
}

const ways = [
  ['sent, and received', 'send', 'receive'],
  ['claimed, and read in place', 'claim', 'take'],
  ['batches', 'batch', 'batch'],
] as const;

export const ringInSpan: readonly Model[] = [
  ...ways.flatMap(([what, sends, takes]) => [
    model(`ring in a span: ${what}`, {
      setup,
      threads: [writer(1, 3, sends), reader(takes)],
      atEnd: conserved,
      quick: { bound: 1 },
      full: { bound: 2 },
    }),
    model(`ring in a span: ${what}, one is killed`, {
      setup,
      // Three, so that padding is needed.
      threads: [writer(1, sends === 'claim' ? 3 : 2, sends), reader(takes)],
      atEnd: conserved,
      crashes: 1,
      mayWait: noWriter,
      quick: { bound: 0 },
      full: { bound: 1 },
    }),
  ]),
  model('ring in a span: two writers, one after the other', {
    setup,
    threads: [writer(1, 1), writer(2, 1), reader()],
    atEnd: conserved,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('ring in a span: two writers, one is killed', {
    setup,
    threads: [writer(1, 1, 'claim'), writer(2, 1)],
    atEnd: conserved,
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('ring in a span: two readers of what was left, one is killed', {
    setup: filled,
    threads: [reader('take', 1), reader()],
    atEnd: conserved,
    crashes: 1,
    mayWait: noWriter,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
];
