// An exploration has Atomics, the clock and chance to itself while it works, and leaves nothing behind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Exploration, explore } from '../../src/check/explore.ts';

interface Shared {
  readonly x: Int32Array;
}

const increments: Exploration<Shared> = {
  setup: () => ({ x: new Int32Array(new SharedArrayBuffer(16)) }),
  threads: [0, 1, 2].map(() => ({ x }: Shared): void => {
    x[0] = (x[0] as number) + 1;
    x[1] = (x[1] as number) + 1;
  }),
};

const { add, load, wait } = Atomics;
const { now } = Date;
const { random } = Math;
const { stackTraceLimit } = Error;

function assertUntouched(): void {
  assert.deepEqual([Atomics.add, Atomics.load, Atomics.wait], [add, load, wait]);
  assert.deepEqual([Date.now, Math.random], [now, random]);
  assert.equal(Object.hasOwn(performance, 'now'), false);
  assert.equal(Error.stackTraceLimit, stackTraceLimit);
}

test('others on the event loop have their own world', async () => {
  let turns = 0;
  const timer = setInterval(() => {
    turns++;
    assertUntouched();
  }, 1);
  const { threads } = increments;
  const many = { ...increments, threads: [...threads, ...threads], timeMs: 400 };
  (await explore({ ...many, onProgress: assertUntouched })).assert();
  clearInterval(timer);
  assert.ok(turns > 0);
  assertUntouched();
});

test('all is as it was after errors', async () => {
  const fail = (): never => {
    throw new Error('no');
  };
  await assert.rejects(explore({ ...increments, setup: fail }), { message: 'no' });
  assertUntouched();
  await assert.rejects(explore({ ...increments, onProgress: fail }), { message: 'no' });
  assertUntouched();
  const { failure } = await explore({ ...increments, threads: [fail] });
  assert.equal(failure?.kind, 'exception');
  assert.equal(failure?.message, 'fail has thrown: Error: no');
  assertUntouched();
});

test('a clock that somebody has put there is there again', async () => {
  const mine = (): number => 5;
  performance.now = mine;
  (await explore({ ...increments, bound: 0 })).assert();
  assert.equal(performance.now, mine);
  Reflect.deleteProperty(performance, 'now');
});

test('two at once: one after the other, and both right', async () => {
  const reports = await Promise.all([1, 2, 3].map(() => explore(increments)));
  for (const report of reports) {
    report.assert();
    assert.equal(report.coverage, 'complete');
    assert.equal(report.states, reports[0]?.states);
  }
});

test('an AbortSignal ends it, and those behind it go on', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = explore({ ...increments, signal, onProgress: () => controller.abort() });
  const next = explore({ ...increments, bound: 0 });
  await assert.rejects(aborted, { name: 'AbortError' });
  await assert.rejects(explore({ ...increments, signal }), { name: 'AbortError' });
  assert.ok((await next).ok);
});

test('chance and time are the same each time a thread runs', async () => {
  const thread = ({ x }: Shared): void => {
    Atomics.add(x, Math.floor(4 * Math.random()), Date.now() % 1000);
    Atomics.add(x, Math.floor(4 * Math.random()), Math.floor(performance.now()));
    Atomics.add(x, 0, 1);
  };
  (await explore({ ...increments, threads: [thread, thread] })).assert();
});

test('when time is short, some by chance', async () => {
  const report = await explore({ ...increments, timeMs: 0 });
  assert.equal(report.coverage, 'sampled');
  assert.equal(report.bound, -1);
  assert.match(String(report), /^No failure in \d schedules: 1 by chance\.$/);
});
