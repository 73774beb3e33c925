// Threads that look again and again, sleep again and again, or make way for ever: no false failure, and no end that is missed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explore } from '../../src/check/explore.ts';
import { withTimeLimit } from '../../src/check/time-limit.ts';

interface Shared {
  readonly x: Int32Array;
}

const setup = (): Shared => ({ x: new Int32Array(new SharedArrayBuffer(12)) });

/** What the threads have returned, in all schedules. */
async function outcomesOf(...threads: ((shared: Shared) => unknown)[]): Promise<string[]> {
  const found = new Set<string>();
  const report = await explore({
    setup,
    threads,
    atEnd: (_, { results }) => void found.add(results.join()),
  });
  report.assert();
  assert.equal(report.coverage, 'complete');
  return [...found].sort();
}

const setFlag = ({ x }: Shared): void => void Atomics.store(x, 0, 1);
const untilFlag = ({ x }: Shared): string => {
  while (Atomics.load(x, 0) === 0);
  return 'seen';
};

test('who waits by looking sees what comes', async () => {
  assert.deepEqual(await outcomesOf(untilFlag, setFlag), ['seen,']);
});

test('a spin lock by exchange excludes', async () => {
  const section = ({ x }: Shared): void => {
    while (Atomics.exchange(x, 0, 1) === 1);
    x[1] = (x[1] as number) + 1;
    Atomics.store(x, 0, 0);
  };
  const report = await explore({
    setup,
    threads: [section, section],
    atEnd: ({ x }) => x[1] === 2,
  });
  report.assert();
  assert.equal(report.coverage, 'complete');
});

test('who looks a number of times and then does something else is seen to', async () => {
  const patient = ({ x }: Shared): string => {
    for (let i = 0; i < 30; i++) if (Atomics.load(x, 0) === 1) return 'seen';
    Atomics.store(x, 1, 1);
    return 'gave up';
  };
  const other = ({ x }: Shared): number => {
    const hasGivenUp = Atomics.load(x, 1);
    Atomics.store(x, 0, 1);
    return hasGivenUp;
  };
  assert.deepEqual(await outcomesOf(patient, other), ['gave up,0', 'gave up,1', 'seen,0']);
});

test('who wakes until somebody was asleep', async () => {
  const waker = ({ x }: Shared): void => {
    while (Atomics.notify(x, 0) === 0);
  };
  assert.deepEqual(await outcomesOf(waker, ({ x }) => Atomics.wait(x, 0, 0)), [',ok']);
});

test('who sleeps a little again and again, and who does it three times', async () => {
  const poller = ({ x }: Shared): string => {
    while (Atomics.load(x, 0) === 0) Atomics.wait(x, 0, 0, 10);
    return 'seen';
  };
  assert.deepEqual(await outcomesOf(poller, setFlag), ['seen,']);
  const threeTimes = ({ x }: Shared): string => {
    for (let i = 0; i < 3; i++) if (Atomics.wait(x, 0, 0, 10) !== 'timed-out') return 'changed';
    return 'gave up';
  };
  assert.deepEqual(await outcomesOf(threeTimes, setFlag), ['changed,', 'gave up,']);
});

test('the clock goes on for those whose time was over', async () => {
  const sleeper = ({ x }: Shared): string => `${Atomics.wait(x, 0, 0, 10)} ${performance.now()}`;
  const waker = ({ x }: Shared): string => `${Atomics.notify(x, 0)}`;
  assert.deepEqual(await outcomesOf(sleeper, waker), ['ok 0,1', 'timed-out 10,0']);
});

test('who looks at the clock, which goes on where nothing else does', async () => {
  const until = ({ x }: Shared): string => {
    const end = performance.now() + 5000;
    while (Atomics.load(x, 0) === 0) if (performance.now() > end) return 'late';
    return 'seen';
  };
  assert.deepEqual(await outcomesOf(until, setFlag), ['late,', 'seen,']);
});

test('who waits for what never comes is told of at once', async () => {
  const { failure } = await explore({ setup, threads: [untilFlag, ({ x }) => `${x[1]}`] });
  assert.equal(failure?.kind, 'livelock');
  assert.match(failure?.message ?? '', /^nobody can go on: untilFlag 0 looks at x\[0\] again/);
  assert.ok(failure !== undefined && failure.steps.length < 10);
});

test('two who make way for each other', async () => {
  const polite =
    (mine: number) =>
    ({ x }: Shared): void => {
      for (;;) {
        Atomics.store(x, mine, 1);
        if (Atomics.load(x, 1 - mine) === 0) return;
        Atomics.store(x, mine, 0);
      }
    };
  const exploration = { setup, threads: [polite(0), polite(1)], steps: 200 };
  const { failure } = await explore(exploration);
  assert.equal(failure?.kind, 'livelock');
  assert.match(failure?.table ?? '', /\n… +\d+ more\n/);
  const again = await explore({ ...exploration, seed: failure?.seed });
  assert.equal(again.failure?.table, failure?.table);
});

test('one who counts how often it looks is only not let go on for ever', async () => {
  const section = ({ x }: Shared): void => {
    while (Atomics.exchange(x, 0, 1) === 1) Atomics.add(x, 2, 1);
    x[1] = (x[1] as number) + 1;
    Atomics.store(x, 0, 0);
  };
  const report = await explore({
    setup,
    threads: [section, section],
    atEnd: ({ x }) => x[1] === 2,
    timeMs: 300,
  });
  report.assert();
  assert.equal(report.coverage, 'sampled');
});

test('an endless loop without a step is ended', () => {
  const late = (): Error => new Error('too late');
  const catching = (): void => {
    for (;;) {
      try {
        JSON.parse('{');
      } catch {}
    }
  };
  assert.throws(() => withTimeLimit(catching, 50, late), { message: 'too late' });
  assert.equal(
    withTimeLimit(() => 5, 50, late),
    5,
  );
});
