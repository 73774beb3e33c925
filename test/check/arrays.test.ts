// Arrays of every kind do what they do elsewhere: elements, names, conversions and errors.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explore } from '../../src/check/explore.ts';

interface Kinds {
  readonly lists: readonly [{ readonly small: Uint8Array }, Float64Array];
  readonly big: BigInt64Array;
  readonly fact: number;
}

/** Two threads that do the same. */
function twice<S, R>(thread: (shared: S) => R): ((shared: S) => R)[] {
  return [thread, thread];
}

test('all kinds of elements, in objects and lists', async () => {
  const report = await explore({
    setup: (): Kinds => ({
      lists: [{ small: new Uint8Array(2) }, new Float64Array(1)],
      big: new BigInt64Array(1),
      fact: 5,
    }),
    threads: twice(({ lists: [{ small }, half], big, fact }: Kinds) => {
      Atomics.add(small, 1, 200);
      half[0] = (half[0] as number) + fact / 10;
      Atomics.add(big, 0, 1n);
      return [small.length, small[9], [...big].length].join();
    }),
    atEnd: ({ lists: [{ small }], big }, { results }) => {
      assert.deepEqual([small[1], big[0]], [144, 3n]);
      assert.deepEqual(results, ['2,,1', '2,,1']);
    },
  });
  const words = new Set(report.failure?.steps.map(({ word }) => word));
  assert.deepEqual(words, new Set(['lists[0].small[1]', 'lists[1]', 'big']));
  assert.match(report.failure?.table ?? '', /1n → 2n/);
  assert.match(JSON.stringify(report), /"before":"1n","after":"2n"/);
});

test('arrays that have a buffer in common, byte for byte', async () => {
  const buffer = new SharedArrayBuffer(16);
  const { failure } = await explore({
    setup: () => ({ head: new Int32Array(buffer, 0, 2), tail: new Uint8Array(buffer, 8) }),
    threads: twice(({ head, tail }: { head: Int32Array; tail: Uint8Array }) => {
      Atomics.add(head, 1, 1);
      tail[3] = (tail[3] as number) + 1;
    }),
    atEnd: ({ tail }) => tail[3] === 2,
  });
  assert.deepEqual(
    new Set(failure?.steps.map(({ word }) => word)),
    new Set(['head[1]', 'tail[3]']),
  );
});

/** What it returns or throws, as explored and as it is. */
async function assertSame(act: (x: Int32Array) => unknown): Promise<void> {
  const attempt = (x: Int32Array): string => {
    try {
      return `${Object.is(act(x), -0) ? '-0' : act(x)} ${[...x]}`;
    } catch (error) {
      return `${(error as Error).name} ${[...x]}`;
    }
  };
  const found = new Set<unknown>();
  const fresh = (): Int32Array => new Int32Array(new SharedArrayBuffer(8));
  await explore({
    setup: () => ({ x: fresh() }),
    threads: [({ x }) => attempt(x)],
    atEnd: (_, { results }) => void found.add(results[0]),
  });
  assert.deepEqual([...found], [attempt(fresh())], `${act}`);
}

test('Atomics converts as elsewhere', async () => {
  for (const act of [
    (x: Int32Array) => Atomics.store(x, 0, 1.9),
    (x: Int32Array) => Atomics.store(x, 0, -0),
    (x: Int32Array) => Atomics.store(x, 0, Number.NaN),
    (x: Int32Array) => Atomics.store(x, 0, 2 ** 32 + 1),
    (x: Int32Array) => Atomics.store(x, 0, '7' as unknown as number),
    (x: Int32Array) => [Atomics.sub(x, 0, 3), Atomics.add(x, 0, 1.5), Atomics.or(x, 0, 9)],
    (x: Int32Array) => Atomics.add(x, 0, Number.POSITIVE_INFINITY),
    (x: Int32Array) => Atomics.compareExchange(x, 0, 2 ** 32, 5),
    (x: Int32Array) => Atomics.exchange(x, 1.7, 5),
    (x: Int32Array) => Atomics.load(x, 2),
    (x: Int32Array) => Atomics.load(x, -1),
    (x: Int32Array) => Atomics.add(x, 0, 1n as unknown as number),
    (x: Int32Array) => Atomics.wait(x, 0, 5),
    (x: Int32Array) => Atomics.wait(x, 0, 0, 0),
    (x: Int32Array) => Atomics.notify(x, 0, -5),
    (x: Int32Array) => x[-1],
    (x: Int32Array) => {
      x[5] = 1;
      x[0] = 2 ** 31;
    },
  ]) {
    await assertSame(act);
  }
});

test('what throws before it is a step may be caught, as often as the thread runs', async () => {
  const report = await explore({
    setup: () => ({ x: new Int32Array(2), half: new Float64Array(1) }),
    threads: twice(({ x, half }: { x: Int32Array; half: Float64Array }) => {
      assert.throws(() => Atomics.load(x, 9), RangeError);
      Atomics.add(x, 0, 1);
      assert.throws(() => Atomics.add(half as unknown as Int32Array, 0, 1), TypeError);
      Atomics.add(x, 1, 1);
      assert.throws(() => Atomics.add(x, 0, 1n as unknown as number), TypeError);
    }),
    atEnd: ({ x }) => assert.deepEqual([...x], [2, 2]),
  });
  report.assert();
});

test('what looks at a state changes nothing', async () => {
  const report = await explore({
    setup: () => ({ x: new Int32Array(new SharedArrayBuffer(8)) }),
    threads: twice(({ x }: { x: Int32Array }) => Atomics.add(x, 0, 1)),
    invariant: ({ x }) => {
      x[1] = (x[1] as number) + 1;
      return x[1] === 1;
    },
    atEnd: ({ x }) => {
      assert.equal(x[1], 0);
      Atomics.store(x, 0, 9);
    },
  });
  report.assert();
});
