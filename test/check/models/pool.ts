// Pool: what is published reaches every reader there is, once and in each writer's order; no chunk has two users, none
// is lost, whoever dies; nobody is left asleep; the end is told when nothing is left to take.
import assert from 'node:assert/strict';
import type { End, Me } from '../../../src/check/explore.ts';
import { MemspanError, type Pool, type PoolOptions } from '../../../src/index.ts';
import { type Model, model } from '../model.ts';
import { lives } from '../waiting.ts';

interface Shared {
  /** Of each thread: a writer that is about to close. */
  readonly closing: Int32Array;
  /** Of each thread: it has its end. */
  readonly came: Int32Array;
  /** Of each thread: a reader that had come when a writer had. */
  readonly met: Int32Array;
  /** Of each chunk, in the place of its bytes: the number of the writer, in tens, and of its message. */
  readonly content: Int32Array;
}

interface Outcome {
  /** Messages, each of them the number of its writer and its own. */
  readonly published: readonly string[];
  /** How many readers each went to. */
  readonly counts: readonly number[];
  readonly taken: readonly string[];
  readonly how: string;
}

type Thread = (shared: Shared, me: Me) => Outcome;

/** `readers`: which threads read; `writers`: which write. */
function pools(options: PoolOptions, readers: readonly number[], writers: readonly number[]) {
  const open = ({ span }: Me): Pool => span.pool('p', options);

  /** Publishes so many; gives up when that takes too long. */
  const writer =
    (count: number, timeoutMs?: number): Thread =>
    ({ closing, came, met, content }, me) => {
      const published: string[] = [];
      const counts: number[] = [];
      const end = open(me).writer();
      came[me.index] = 1;
      for (const thread of readers) if (came[thread] === 1) met[thread] = 1;
      let how = 'sent';
      for (let i = 0; i < count; i++) {
        const loan = end.loan({ timeoutMs });
        if (loan === null) {
          how = 'gave up';
          break;
        }
        content[loan.chunk] = 10 * me.index + i;
        counts.push(loan.publish());
        published.push(`${me.index}.${i}`);
      }
      closing[me.index] = 1;
      end.close();
      return { published, counts, taken: [], how };
    };

  /** Takes until the end, or up to `most`. Before it takes the first there may be no writer any more. */
  const reader =
    (most: number, timeoutMs?: number): Thread =>
    ({ closing, came, content }, me) => {
      const taken: string[] = [];
      const how = untilError(() => {
        using end = open(me).reader();
        came[me.index] = 1;
        while (taken.length < most) {
          const isLate = writers.every((thread) => closing[thread] === 1);
          const haveCome = writers.every((thread) => came[thread] === 1);
          const found = isLate ? end.tryTake() : end.take({ timeoutMs });
          if (found === null && isLate) return 'late';
          if (found === null && !end.ended) return 'no time';
          // Where one has closed before the other comes, there is an end in between.
          if (found === null) return haveCome ? 'ended' : 'early';
          const first = textOf(content[found.chunk]);
          // Another step: somebody else may have written there in between.
          assert.equal(textOf(content[found.chunk]), first, 'somebody writes where it reads');
          taken.push(first);
          found.release();
        }
        return 'enough';
      });
      return { published: [], counts: [], taken, how };
    };

  return {
    setup: ({ span }: Me): Shared => {
      span.pool('p', options);
      return {
        closing: new Int32Array(4),
        came: new Int32Array(4),
        met: new Int32Array(4),
        content: new Int32Array(options.chunks),
      };
    },
    /** Only for a writer that has never come, or had died before. */
    mayWait: ({ met }: Shared, end: End<Outcome>): boolean => {
      const { readers: waiting } = open(end).counters;
      if (waiting.some(({ lag }) => lag > 0)) return false;
      const isDone = (thread: number): boolean =>
        end.results[thread] !== undefined || end.killed.includes(thread);
      if (!writers.every(isDone)) return false;
      return (
        end.killed.length > 0 && readers.every((thread) => isDone(thread) || met[thread] === 0)
      );
    },
    writer,
    reader,
    atEnd: (_: Shared, end: End<Outcome>): void => {
      check(end);
      // Every chunk can be had, and none by two.
      const last = open(end).writer();
      for (let chunk = 0; chunk < options.chunks; chunk++) {
        assert.ok(last.tryLoan() !== null, `only ${chunk} of ${options.chunks} chunks can be had`);
      }
      assert.equal(last.tryLoan(), null);
    },
  };
}

const textOf = (content = 0): string => `${Math.floor(content / 10)}.${content % 10}`;

function untilError(work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (error instanceof MemspanError) return error.code;
    throw error;
  }
}

/** Who takes everything has taken what went to it, nothing twice, and of each writer in its order. */
function check({ results, killed, span }: End<Outcome>): void {
  const outcomes = results.filter((result) => result !== undefined);
  const writers = outcomes.filter(({ counts }) => counts.length > 0);
  const readers = outcomes.filter(({ how }) => !['sent', 'gave up'].includes(how));
  for (const { taken, how } of readers) {
    assert.equal(new Set(taken).size, taken.length, `twice: ${taken}`);
    for (const message of taken) {
      const [thread = -1] = message.split('.').map(Number);
      const sent = results[thread]?.published;
      const isKnown = sent === undefined ? killed.includes(thread) : sent.includes(message);
      assert.ok(isKnown, `${message} was taken, and nobody has published it`);
    }
    for (const thread of results.keys()) {
      const own = taken.filter((message) => message.startsWith(`${thread}.`));
      assert.deepEqual(own, [...own].sort(), `not in the order of writer ${thread}`);
    }
    if (how === 'ERR_MEMSPAN_PEER_DIED') assert.ok(killed.length > 0, 'nobody has died');
  }
  if (killed.length > 0 || readers.some(({ how }) => ['enough', 'early', 'no time'].includes(how)))
    return;
  const went = writers.flatMap(({ counts }) => counts).reduce((sum, count) => sum + count, 0);
  const came = readers.reduce((sum, { taken }) => sum + taken.length, 0);
  assert.equal(came, went, 'what was published is not what was taken');
  assert.ok(outcomes.every((_, thread) => lives(span, thread)));
}

interface Part {
  readonly publishes?: number;
  readonly takes?: number;
  readonly timeoutMs?: number;
}

type Extents = Pick<Parameters<typeof model>[1], 'quick' | 'full' | 'crashes' | 'victims'>;

function poolModel(
  name: string,
  { chunks, seats, parts }: { chunks: number; seats: number; parts: readonly Part[] },
  extents: Extents,
): Model {
  const readers = [...parts.keys()].filter((thread) => parts[thread]?.takes !== undefined);
  const writers = [...parts.keys()].filter((thread) => !readers.includes(thread));
  const { writer, reader, ...given } = pools(
    { chunks, chunkSize: 2, readers: seats },
    readers,
    writers,
  );
  const threads = parts.map(({ publishes, takes, timeoutMs }) =>
    takes === undefined ? writer(publishes ?? 0, timeoutMs) : reader(takes, timeoutMs),
  );
  return model(`pool: ${name}`, { ...given, threads, ...extents });
}

const all = Number.POSITIVE_INFINITY;
const toTwo = { publishes: 2 };
const toOne = { publishes: 1 };
const takesAll = { takes: all };

export const pool: readonly Model[] = [
  poolModel(
    'a writer, a reader, one chunk',
    { chunks: 1, seats: 2, parts: [toTwo, takesAll] },
    { quick: { bound: 1 }, full: { bound: 2 } },
  ),
  poolModel(
    'a writer, a reader, two chunks',
    { chunks: 2, seats: 1, parts: [toTwo, takesAll] },
    { quick: { bound: 1 }, full: { bound: 2 } },
  ),
  poolModel(
    'two writers, a reader, one chunk',
    { chunks: 1, seats: 1, parts: [toOne, toOne, takesAll] },
    { quick: { bound: 0 }, full: { bound: 2 } },
  ),
  poolModel(
    'a writer, two readers, one chunk',
    { chunks: 1, seats: 2, parts: [toTwo, takesAll, takesAll] },
    { quick: { bound: 0 }, full: { bound: 1 } },
  ),
  poolModel(
    'readers that leave while it is published to them',
    { chunks: 1, seats: 2, parts: [toTwo, { takes: 0 }, { takes: 1 }] },
    { quick: { bound: 1 }, full: { bound: 2 } },
  ),
  poolModel(
    'two writers, a reader that leaves while one of them waits for its chunk',
    { chunks: 1, seats: 1, parts: [toOne, toOne, { takes: 1, timeoutMs: 10 }] },
    { quick: { bound: 0 }, full: { bound: 2 } },
  ),
  poolModel(
    'a reader comes to a seat that another one leaves',
    { chunks: 1, seats: 1, parts: [toTwo, { takes: 0 }, takesAll] },
    { quick: { bound: 1 }, full: { bound: 2 } },
  ),
  poolModel(
    'a writer, a reader, one is killed',
    { chunks: 1, seats: 1, parts: [toTwo, takesAll] },
    { crashes: 1, quick: { bound: 0 }, full: { bound: 1 } },
  ),
  poolModel(
    'a reader is killed, and another one comes to its seat',
    { chunks: 1, seats: 1, parts: [toTwo, takesAll, takesAll] },
    { crashes: 1, victims: [1], quick: { bound: 0 }, full: { bound: 1 } },
  ),
  poolModel(
    'any two are killed',
    { chunks: 1, seats: 1, parts: [toOne, toOne, takesAll] },
    { crashes: 2, quick: { bound: 0 }, full: { bound: 0 } },
  ),
];
