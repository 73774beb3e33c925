// Threads are killed before their first step, between any two, asleep, and after their last one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explore, type Me } from '../../src/check/explore.ts';

interface Shared {
  readonly x: Int32Array;
}

const setup = (): Shared => ({ x: new Int32Array(new SharedArrayBuffer(8)) });

test('at every point of its life', async () => {
  const found = new Set<string>();
  const report = await explore({
    setup,
    threads: [
      ({ x }) => {
        Atomics.store(x, 0, 1);
        Atomics.store(x, 0, 2);
        return 'done';
      },
    ],
    atEnd: ({ x }, { results, killed }) => void found.add(`${x[0]} ${killed} ${results}`),
    crashes: 1,
  });
  report.assert();
  assert.deepEqual([...found].sort(), ['0 0 ', '1 0 ', '2  done', '2 0 ']);
});

test('asleep; who is killed is not woken', async () => {
  const found = new Set<string>();
  await explore({
    setup,
    threads: [({ x }) => Atomics.wait(x, 0, 0, 10), ({ x }) => `${Atomics.notify(x, 0)}`],
    atEnd: (_, { results }) => void found.add(results.map(String).join()),
    crashes: 1,
  });
  assert.deepEqual([...found].sort(), [
    'ok,1',
    'ok,undefined',
    'timed-out,0',
    'timed-out,undefined',
    'undefined,0',
    'undefined,1',
  ]);
});

test('only those that may be', async () => {
  const dead = new Set<number>();
  await explore({
    setup,
    threads: [({ x }) => x[0], ({ x }) => void Atomics.store(x, 0, 1)],
    atEnd: (_, { killed }) => {
      for (const each of killed) dead.add(each);
    },
    crashes: 2,
    victims: [1],
  });
  assert.deepEqual([...dead], [1]);
});

test('one that dies with a mutex is named, and who comes next is told', async () => {
  const told = new Set<boolean>();
  const exploration = {
    setup: ({ span }: Me) => {
      span.mutex('m');
    },
    threads: [
      function victim(_: unknown, { span }: Me): boolean {
        span.mutex('m').lock();
        return false;
      },
      function heir(_: unknown, { span }: Me): boolean {
        return span.mutex('m').lock().ownerDied;
      },
    ],
    mayWait: () => true,
    atEnd: (_: unknown, { results }: { results: readonly (boolean | undefined)[] }) => {
      if (results[1] !== undefined) told.add(results[1]);
    },
    crashes: 1,
    victims: [0],
    bound: 1,
  };
  (await explore(exploration)).assert();
  assert.deepEqual([...told].sort(), [false, true]);
  const atEnd = (_: unknown, { results }: { results: readonly unknown[] }) => results[1] !== true;
  const { failure } = await explore({ ...exploration, atEnd });
  assert.match(failure?.explanation.join() ?? '', /^victim was killed after its /);
  assert.match(failure?.table ?? '', /victim +is killed/);
  const again = await explore({ ...exploration, atEnd, seed: failure?.seed });
  assert.equal(again.failure?.table, failure?.table);
});
