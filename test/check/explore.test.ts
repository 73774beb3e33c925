// What textbooks tell of threads is found, as the shortest schedule there is, and said so that it can be understood.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Exploration, explore, type Me } from '../../src/check/explore.ts';
import { notify, wait } from '../../src/index.ts';

interface Shared {
  readonly x: Int32Array;
}

const words =
  (count: number, first = 0): (() => Shared) =>
  () => ({ x: new Int32Array(new SharedArrayBuffer(4 * count)).fill(first, 0, 1) });

const race: Exploration<Shared> = {
  setup: words(1, 5),
  threads: [increment, increment],
  atEnd: ({ x }) => assert.equal(x[0], 7),
};

function increment({ x }: Shared): void {
  x[0] = (x[0] as number) + 1;
}

test('a race: both read 5, and both write 6', async () => {
  const { ok, failure, coverage, bound } = await explore(race);
  assert.equal(ok, false);
  assert.equal(coverage, 'bounded');
  assert.equal(bound, 1);
  assert.equal(failure?.kind, 'at-end');
  assert.equal(
    failure?.table,
    [
      '#  thread       operation  word  before → after',
      '─  ───────────  ─────────  ────  ──────────────',
      '1  increment 0  read       x     5',
      '2  increment 1  read       x     5',
      '3  increment 1  write      x     5 → 6',
      '4  increment 0  write      x     6',
    ].join('\n'),
  );
  assert.deepEqual(failure?.explanation, [
    'Lost update: increment 0 read x when it was 5, increment 1 made it 6, and increment 0 wrote 6 over that.',
  ]);
  assert.equal(failure?.seed, '0.1 1.2 0.2');
  assert.match(failure?.message ?? '', /6 !== 7/);
  assert.match(String((failure?.error as Error | undefined)?.stack), /explore\.test/);
});

test('its diagram is one for Mermaid', async () => {
  const { failure } = await explore({ ...race, atEnd: ({ x }) => x[0] === 7 });
  assert.equal(
    failure?.diagram,
    [
      'sequenceDiagram',
      '  participant T0 as increment 0',
      '  participant T1 as increment 1',
      '  participant M as memory',
      '  T0->>M: read x: 5',
      '  T1->>M: read x: 5',
      '  T1->>M: write x: 5 → 6',
      '  T0->>M: write x: 6',
      '  Note over T0,M: all have ended, and atEnd says that this is not right',
    ].join('\n'),
  );
});

test('its report is an error, a text, and JSON', async () => {
  const report = await explore(race);
  assert.throws(() => report.assert(), { message: String(report), cause: report.failure?.error });
  assert.match(String(report), /^at-end: [\s\S]*\n4 steps; found after .* seed: '0\.1 1\.2 0\.2'/);
  const json = JSON.parse(JSON.stringify(report));
  assert.equal(json.failure.steps.length, 4);
  assert.deepEqual(json.failure.steps[2], {
    thread: 'increment 1',
    operation: 'write',
    word: 'x',
    before: 5,
    after: 6,
    woken: [],
  });
});

test('without the race there is no failure, and all schedules were done', async () => {
  const add = ({ x }: Shared): number => Atomics.add(x, 0, 1);
  const report = await explore({
    ...race,
    threads: [add, add, add],
    atEnd: ({ x }) => x[0] === 8,
    outcomes: [
      [5, 6, 7],
      [5, 7, 6],
      [6, 5, 7],
      [6, 7, 5],
      [7, 5, 6],
      [7, 6, 5],
    ],
  });
  report.assert();
  assert.equal(report.coverage, 'complete');
  assert.match(String(report), /^No failure in \d+ schedules: all there are\.$/);
});

test('what the threads return has to be in the list', async () => {
  const look = ({ x }: Shared): number => {
    x[0] = 1;
    return x[1] as number;
  };
  const lookBack = ({ x }: Shared): number => {
    x[1] = 1;
    return x[0] as number;
  };
  const outcomes = [
    [0, 1],
    [1, 0],
  ];
  const { failure } = await explore({ setup: words(2), threads: [look, lookBack], outcomes });
  assert.equal(failure?.kind, 'outcome');
  assert.equal(failure?.message, 'the threads have returned [ 1, 1 ]');
});

test('an invariant that does not hold in the middle', async () => {
  const move = ({ x }: Shared): void => {
    Atomics.sub(x, 0, 1);
    Atomics.add(x, 1, 1);
  };
  const { failure } = await explore({
    setup: words(2, 5),
    threads: [move],
    invariant: ({ x }) => (x[0] as number) + (x[1] as number) === 5,
  });
  assert.equal(failure?.kind, 'invariant');
  assert.deepEqual(
    failure?.steps.map(({ operation, word, after }) => [operation, word, after]),
    [['sub', 'x[0]', 4]],
  );
});

for (const [kind, sleep, wake] of [
  ['sleep', wait, notify],
  // Looked up when they are called: while exploring, they are others.
  [
    'wait',
    (x: Int32Array, index: number, value: number) => Atomics.wait(x, index, value),
    (x: Int32Array, index: number, count?: number) => Atomics.notify(x, index, count),
  ],
] as const) {
  test(`${kind}: first come, first woken`, async () => {
    const report = await explore({
      setup: words(1),
      threads: [
        ({ x }): unknown => sleep(x, 0, 0),
        ({ x }): unknown => {
          Atomics.store(x, 0, 1);
          return sleep(x, 0, 1);
        },
        ({ x }): unknown => wake(x, 0, 1),
      ],
      mayWait: () => true,
      // The first one was asleep when the word was still 0.
      atEnd: (_, { results }) => !(results[0] === undefined && results[1] === 'ok'),
    });
    report.assert();
  });

  test(`a wake-up is lost between a look and a ${kind}`, async () => {
    const { failure } = await explore({
      setup: words(2),
      threads: [
        function sleeper({ x }: Shared): void {
          if (Atomics.load(x, 0) === 0) sleep(x, 1, 0);
        },
        function waker({ x }: Shared): void {
          Atomics.store(x, 0, 1);
          wake(x, 1);
        },
      ],
    });
    assert.equal(failure?.kind, 'deadlock');
    assert.equal(failure?.message, 'nobody can go on: sleeper sleeps on x[1], which was 0');
    assert.equal(failure?.steps.length, 4);
  });
}

test('nobody is woken for a word that has changed', async () => {
  const { failure } = await explore({
    setup: words(1),
    threads: [
      function sleeper({ x }: Shared): void {
        wait(x, 0, 0);
      },
      function changer({ x }: Shared): void {
        Atomics.store(x, 0, 1);
      },
    ],
  });
  assert.equal(failure?.kind, 'lost-wake-up');
  assert.deepEqual(failure?.explanation, [
    'Lost wake-up: sleeper went to sleep on x; changer changed it to 1 after that, and nobody woke sleeper.',
  ]);
});

test('two mutexes, each the other way round', async () => {
  const both =
    (first: string, second: string) =>
    (_: unknown, { span }: Me): void => {
      const outer = span.mutex(first).lock();
      span.mutex(second).lock().release();
      outer.release();
    };
  const exploration = {
    setup: ({ span }: Me) => {
      span.mutex('a');
      span.mutex('b');
    },
    threads: [both('a', 'b'), both('b', 'a')],
  };
  const { failure } = await explore(exploration);
  assert.equal(failure?.kind, 'deadlock');
  assert.deepEqual(
    failure?.steps.slice(0, 2).map(({ thread, word }) => [thread, word]),
    [
      ['thread 0', 'a'],
      ['thread 1', 'b'],
    ],
  );
  const { ok } = await explore({
    ...exploration,
    threads: [both('a', 'b'), both('a', 'b')],
    bound: 1,
  });
  assert.ok(ok);
});
