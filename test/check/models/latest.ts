// Latest: what is read is one value, whole, and never older than the one before; the last one published stays, whoever dies; who
// waits is told of a newer one, of the end, or of a death. Each word that is copied is a step.
import assert from 'node:assert/strict';
import { ENDED, HALF, halfOf, PUBLISHED } from '../../../src/channel/latest.layout.ts';
import type { End, Me } from '../../../src/check/explore.ts';
import { type Latest, MemspanError, type Message } from '../../../src/index.ts';
import { type Model, model } from '../model.ts';

type Values = Latest<Uint8Array, Message, Uint8Array>;

interface Shared {
  /** How many values the writer knows to be published. */
  readonly sent: Int32Array;
}

interface Ended {
  /** The numbers of the values, in the order in which they were read. */
  readonly taken: readonly number[];
  /** How it has ended: an error's code, or one of these. */
  readonly how: string;
  readonly missed: number;
}

const WORDS = 2;

/** Value number n: n in all its words. */
function value(n: number): Uint8Array {
  return new Uint8Array(new Int32Array(WORDS).fill(n).buffer);
}

function numberOf(bytes: Uint8Array): number {
  assert.equal(bytes.length, 4 * WORDS);
  const [first = -1, ...rest] = new Int32Array(bytes.buffer);
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

/** Models of values in so many buffers, of which so many were published before. */
function models(buffers: number, before = 0) {
  const open = ({ span }: Me): Values => span.latest('l', { size: 4 * WORDS, buffers });

  const setup = (me: Me): Shared => {
    const values = open(me);
    if (before > 0) pretend(me, values);
    return { sent: new Int32Array(1) };
  };

  /** As if as many had been published: the last one is there. */
  const pretend = ({ span }: Me, values: Values): void => {
    const writer = values.writer();
    for (let n = 1; n <= before % buffers; n++) writer.publish(value(0));
    writer.close();
    const { view } = span.attachment('model');
    const entry = [...view.entries()].find(({ name }) => name === 'l');
    const at = (entry?.offset as number) / 4;
    Atomics.store(view.words, at + ENDED, 0);
    Atomics.store(view.words, at + PUBLISHED, before | 0);
    Atomics.store(view.words, at + HALF, halfOf(before));
    assert.equal(values.sequence, before);
  };

  /** Publishes so many, on top of what is there, and closes, unless it stays. */
  const writer =
    (count: number, stays = false) =>
    ({ sent }: Shared, me: Me): Ended => {
      const how = untilError(() => {
        const end = open(me).writer();
        const first = end.sequence - before;
        for (let i = 1; i <= count; i++) {
          end.publish(value(first + i));
          sent[0] = first + i;
        }
        if (!stays) end.close();
        return 'sent';
      });
      return { taken: [], how, missed: 0 };
    };

  /** Reads so often, without waiting. */
  const peeker =
    (count: number) =>
    (_: Shared, me: Me): Ended => {
      const values = open(me);
      const taken: number[] = [];
      for (let i = 0; i < count; i++) {
        const bytes = values.read();
        taken.push(bytes === null ? 0 : numberOf(bytes));
      }
      return { taken, how: 'enough', missed: 0 };
    };

  /** Takes what is new to it, waiting for it, until it has number `last`. */
  const readerTo =
    (last: number) =>
    (_: Shared, me: Me): Ended => {
      const end = open(me).reader();
      const taken: number[] = [end.sequence - before];
      const how = untilError(() => {
        while ((taken.at(-1) as number) < last) {
          const bytes = end.receive();
          if (bytes !== null) taken.push(numberOf(bytes));
          else if (end.ended) return 'ended';
        }
        return 'all';
      });
      return { taken, how, missed: end.missed };
    };
  const reader = readerTo(Number.POSITIVE_INFINITY);

  /** What each has read never goes back; what was published last is there at the end. */
  const atEnd = ({ sent }: Shared, { span, results, killed }: End<Ended>): void => {
    const values: Values = span.latest('l', { size: 4 * WORDS, buffers });
    const sequence = values.sequence - before;
    const last = values.read();
    assert.equal(last === null ? 0 : numberOf(last), sequence, 'the newest value');
    const known = sent[0] as number;
    assert.ok(sequence === known || (killed.length > 0 && sequence > known), 'what was published');
    for (const { taken, how, missed } of results.filter((each) => each !== undefined)) {
      for (const [i, n] of taken.entries()) {
        assert.ok(i === 0 || n >= (taken[i - 1] as number), `went back: ${taken}`);
      }
      if (how === 'sent' || how === 'enough') continue;
      if (how === 'ERR_MEMSPAN_BUSY') continue;
      const [first = 0] = taken;
      const newest = taken.at(-1) as number;
      // Exact, as long as it has seen something.
      assert.equal(missed, newest - first - (taken.length - 1), `missed of ${taken}`);
      if (how === 'ERR_MEMSPAN_PEER_DIED') assert.ok(killed.length > 0, 'nobody has died');
      else assert.ok(how === 'ended' || how === 'all', how);
      assert.ok(killed.length > 1 || newest === sequence, `${newest} is not the last one`);
    }
  };

  /** One who waits for a writer that was killed before it came, or for one that never will. */
  const mayWait = (_: Shared, { span, killed }: End<Ended>): boolean => {
    const { view } = span.attachment('model');
    const entry = [...view.entries()].find(({ name }) => name === 'l');
    const seat = (entry?.offset as number) / 4;
    return killed.length > 0 && Atomics.load(view.words, seat) === 0;
  };

  return { setup, writer, peeker, reader, readerTo, atEnd, mayWait };
}

const two = models(2);
const four = models(4);
/** The low word wraps with the next value; or its highest bit is set. */
const wraps = models(2, 2 ** 32 - 1);
const turns = models(2, 2 ** 31 - 1);
const EVERY: number = Number.POSITIVE_INFINITY;

export const latest: readonly Model[] = [
  model('latest: two buffers, one reads twice', {
    ...two,
    threads: [two.writer(2), two.peeker(2)],
    quick: { bound: 2 },
    full: { bound: EVERY },
  }),
  model('latest: two buffers, three values, one reads', {
    ...two,
    threads: [two.writer(3), two.peeker(1)],
    quick: { bound: 2 },
    full: { bound: EVERY },
  }),
  model('latest: four buffers, five values, one reads', {
    ...four,
    threads: [four.writer(5), four.peeker(1)],
    quick: { bound: 2 },
    full: { bound: EVERY },
  }),
  model('latest: two buffers, two read', {
    ...two,
    threads: [two.writer(2), two.peeker(1), two.peeker(1)],
    quick: { bound: 1 },
    full: { bound: EVERY },
  }),
  model('latest: one waits for each value', {
    ...two,
    threads: [two.writer(2), two.reader],
    quick: { bound: 1 },
    full: { bound: 3 },
  }),
  model('latest: one waits for the second value', {
    ...two,
    threads: [two.writer(2, true), two.readerTo(2)],
    quick: { bound: 1 },
    full: { bound: 3 },
  }),
  model('latest: two wait for a value', {
    ...two,
    threads: [two.writer(1), two.reader, two.reader],
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('latest: one waits, one is killed', {
    ...two,
    threads: [two.writer(2), two.reader],
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('latest: two write one after the other, one is killed, one reads', {
    ...two,
    threads: [two.writer(2), two.writer(2), two.peeker(2)],
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('latest: after 2^31 values, two write one after the other, one is killed, one reads', {
    ...turns,
    threads: [turns.writer(1), turns.writer(1), turns.peeker(2)],
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('latest: after 2^32 values, one waits, one is killed', {
    ...wraps,
    threads: [wraps.writer(2), wraps.reader],
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
];
