// Broadcast: every reader gets every message that was sent after it had joined, once, in order and whole, or counts it as missed
// ('drop-oldest'); nobody is left asleep, and nobody waits for the dead. Each word that is copied is a step.
import assert from 'node:assert/strict';
import { Word } from '../../../src/channel/broadcast.layout.ts';
import type { End, Me } from '../../../src/check/explore.ts';
import { type Broadcast, MemspanError, type Overflow } from '../../../src/index.ts';
import { type Model, model } from '../model.ts';

interface Shared {
  /** How many messages the writers know to be sent. */
  readonly sent: Int32Array;
}

interface Ended {
  /** Undefined for writers. */
  readonly taken?: readonly number[];
  readonly missed: number;
  /** How many were known to be sent when it had not joined yet, and when it had. */
  readonly joined: readonly [number, number];
  /** How it has ended: an error's code, or one of these. */
  readonly how: string;
}

/** Message number n: n in all its words. With its header it takes 16 bytes, or 24. */
function message(n: number): Uint8Array {
  return new Uint8Array(new Int32Array(wordsOf(n)).fill(n).buffer);
}

const wordsOf = (n: number): number => (n % 2 === 0 ? 4 : 2);

function numberOf(bytes: Uint8Array): number {
  const [first = -1, ...rest] = new Int32Array(bytes.slice().buffer);
  assert.equal(bytes.length, 4 * wordsOf(first));
  for (const word of rest) assert.equal(word, first, `torn: ${first} and ${word}`);
  return first;
}

function untilError(work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (error instanceof MemspanError) return error.code;
    throw error;
  }
}

/** A broadcast with room for one message (32 bytes) or for three (64), at the beginning or right before everything wraps. */
function models(overflow: Overflow, capacity: 32 | 64, wraps = false) {
  const open = ({ span }: Me): Broadcast => span.broadcast('b', { capacity, overflow, readers: 2 });

  const setup = (me: Me): Shared => {
    open(me);
    if (wraps) pretend(me);
    return { sent: new Int32Array(1) };
  };

  /** As if 2^32 − 1 messages of 2^32 − 16 bytes in all had been sent, and read. */
  const pretend = ({ span }: Me): void => {
    const { view } = span.attachment('model');
    const entry = [...view.entries()].find(({ name }) => name === 'b');
    const at = (entry?.offset as number) / 4;
    const position = -16;
    for (const [word, value] of [
      [Word.written, position],
      [Word.oldest, position],
      [Word.byteLaps, 3],
      [Word.messageLaps, 3],
      [(384 + 2 * 128 + (position & (capacity - 1)) + 4) / 4, -1],
    ] as const) {
      Atomics.store(view.words, at + word, value);
    }
    const { sent, bytes } = span.broadcast('b').counters;
    assert.deepEqual([sent, bytes], [2 ** 32 - 1, 0]);
  };

  /** Sends so many, on top of what is known to be sent, and closes. */
  const writer =
    (count: number) =>
    ({ sent }: Shared, me: Me): Ended => {
      const how = untilError(() => {
        const end = open(me).writer();
        const first = sent[0] as number;
        for (let i = 1; i <= count; i++) {
          end.send(message(first + i));
          sent[0] = first + i;
        }
        end.close();
        return 'sent';
      });
      return { missed: 0, joined: [0, 0], how };
    };

  /** Takes up to `most`, and closes. */
  const readerOf =
    (most: number) =>
    ({ sent }: Shared, me: Me): Ended => {
      const broadcast = open(me);
      const before = sent[0] as number;
      const end = broadcast.reader();
      const after = sent[0] as number;
      const taken: number[] = [];
      const how = untilError(() => {
        while (taken.length < most) {
          const bytes = end.receive();
          if (bytes === null) return 'ended';
          taken.push(numberOf(bytes));
        }
        return 'enough';
      });
      const { missed } = end;
      end.close();
      return { taken, missed, joined: [before, after], how };
    };
  const reader = readerOf(Number.POSITIVE_INFINITY);

  /** With one writer. */
  const atEnd = ({ sent }: Shared, { results, killed, span }: End<Ended>): void => {
    const known = sent[0] as number;
    const { sent: all, readers } = span.broadcast('b').counters;
    const count = all - (wraps ? 2 ** 32 - 1 : 0);
    assert.ok(count === known || (killed.length > 0 && count === known + 1), 'what was published');
    const isOver = results.every((each, thread) => each !== undefined || killed.includes(thread));
    if (isOver) assert.deepEqual(readers, [], 'readers that are there no more');
    for (const { taken, missed, joined, how } of results.filter((each) => each !== undefined)) {
      if (taken === undefined) continue;
      const [first = count + 1] = taken;
      for (const [i, n] of taken.entries()) {
        const previous = taken[i - 1] ?? n - 1;
        assert.ok(overflow === 'block' ? n === previous + 1 : n > previous, `${taken}`);
      }
      if (overflow === 'block') assert.equal(missed, 0);
      if (how === 'ERR_MEMSPAN_PEER_DIED') assert.ok(killed.length > 0, 'nobody has died');
      else assert.ok(['ended', 'enough'].includes(how), how);
      // Where it has seen the end, all that there was after it had joined is accounted for.
      const last = how === 'enough' ? (taken.at(-1) as number) : count;
      const since = last - taken.length - missed;
      assert.ok(since < first && since >= joined[0] && since <= joined[1] + 1, `since ${since}`);
    }
  };

  /** With a writer that was killed before it came. */
  const mayWait = (_: Shared, { span, killed }: End<Ended>): boolean => {
    const { view } = span.attachment('model');
    const entry = [...view.entries()].find(({ name }) => name === 'b');
    const seat = (entry?.offset as number) / 4 + Word.writer;
    return killed.length > 0 && Atomics.load(view.words, seat) === 0;
  };

  return { setup, writer, reader, readerOf, atEnd, mayWait };
}

export const broadcast: readonly Model[] = (['block', 'drop-oldest'] as const).flatMap(
  (overflow) => {
    const one = models(overflow, 32);
    const three = models(overflow, 64);
    const wraps = models(overflow, 32, true);
    const name = `broadcast, ${overflow}`;
    return [
      // The second message runs over the end, and over the beginning of the first one.
      model(`${name}: room for one, one reads`, {
        ...one,
        threads: [one.writer(3), one.reader],
        quick: { bound: 1 },
        full: { bound: 2 },
      }),
      model(`${name}: room for three, one reads`, {
        ...three,
        threads: [three.writer(4), three.reader],
        quick: { bound: 1 },
        full: { bound: 2 },
      }),
      model(`${name}: all numbers wrap, one reads`, {
        ...wraps,
        threads: [wraps.writer(3), wraps.reader],
        quick: { bound: 1 },
        full: { bound: 2 },
      }),
      model(`${name}: room for one, one reads, one is killed`, {
        ...one,
        threads: [one.writer(2), one.reader],
        crashes: 1,
        quick: { bound: 0 },
        full: { bound: 1 },
      }),
      model(`${name}: room for one, two read, one leaves`, {
        ...one,
        threads: [one.writer(2), one.reader, one.readerOf(1)],
        quick: { bound: 0 },
        full: { bound: 1 },
      }),
      model(`${name}: room for one, two read, one is killed`, {
        ...one,
        threads: [one.writer(2), one.readerOf(1), one.readerOf(1)],
        crashes: 1,
        quick: { bound: 0 },
        full: { bound: overflow === 'block' ? 0 : 1 },
      }),
    ];
  },
);
