// What cannot be explored is refused with a word on what to do instead; nothing that a thread catches hides that.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Exploration, explore } from '../../src/check/explore.ts';
import { MemspanError } from '../../src/index.ts';

interface Shared {
  readonly x: Int32Array;
}

const setup = (): Shared => ({ x: new Int32Array(new SharedArrayBuffer(16)) });

const once = ({ x }: Shared): void => void Atomics.add(x, 0, 1);

for (const [name, options, error] of [
  ['nothing', undefined, /^explore takes an object/],
  ['no setup', { threads: [once] }, /setup is a function/],
  ['no threads', { setup }, /threads is an array/],
  ['an empty list', { setup, threads: [] }, /from 1 to 8 threads, not 0/],
  ['nine threads', { setup, threads: Array(9).fill(once) }, /from 1 to 8 threads, not 9/],
  ['a thread of 5', { setup, threads: [5] }, /threads\[0\] is a function/],
  ['an async thread', { setup, threads: [async () => {}] }, /is an AsyncFunction; take a plain/],
  ['a generator', { setup, threads: [function* () {}] }, /is a GeneratorFunction; take a plain/],
  ['an async check', { setup, threads: [once], atEnd: async () => {} }, /atEnd is an Async/],
  ['an invariant of 5', { setup, threads: [once], invariant: 5 }, /invariant is a function/],
  ['outcomes of 5', { setup, threads: [once], outcomes: [5] }, /outcomes is an array of arrays/],
  ['a bound below 0', { setup, threads: [once], bound: -1 }, /bound is a whole number from 0 up/],
  ['half a crash', { setup, threads: [once], crashes: 0.5 }, /crashes is a whole number/],
  ['no steps', { setup, threads: [once], steps: 0 }, /steps is a whole number from 1 up, not 0/],
  ['a time in words', { setup, threads: [once], timeMs: '5' }, /timeMs is a number/],
  ['half a seed', { setup, threads: [once], seed: 0.5 }, /seed is a whole number/],
  ['a seed of others', { setup, threads: [once], seed: '1.5' }, /"1\.5" is no part of a schedule/],
  ['no schedule', { setup, threads: [once], seed: 'once' }, /"once" is no part of a schedule/],
  ['victims of others', { setup, threads: [once], victims: [1] }, /victims is an array/],
  ['a signal of 5', { setup, threads: [once], signal: 5 }, /signal is an AbortSignal/],
] as const) {
  test(`options: ${name}`, async () => {
    const given = options as unknown as Exploration<Shared>;
    await assert.rejects(explore(given), (thrown: Error) => {
      assert.ok(thrown instanceof TypeError || thrown instanceof RangeError, `${thrown}`);
      assert.match(thrown.message, error);
      return true;
    });
  });
}

const bytes = new SharedArrayBuffer(16);
for (const [name, returned, message] of [
  ['a promise', () => Promise.resolve(1), /is a promise/],
  ['a buffer', () => ({ bytes }), /bytes is a SharedArrayBuffer; return a typed array over it/],
  ['a DataView', () => ({ view: new DataView(bytes) }), /view is a DataView; return an array/],
  ['a function', () => ({ f: () => 1 }), /f is a function/],
  ['a map', () => new Map(), /what setup returns is an instance of Map/],
  ['a mutex', ({ span }) => ({ m: span.mutex('m') }), /m is an instance of Mutex.*me\.span\.mutex/],
  [
    'one byte twice',
    () => ({ words: new Int32Array(bytes, 0, 2), tail: new Uint8Array(bytes, 4) }),
    /words and tail share bytes/,
  ],
] as readonly [string, Exploration<unknown>['setup'], RegExp][]) {
  test(`setup returns ${name}`, async () => {
    const given = { setup: returned, threads: [() => 1] };
    await assert.rejects(explore(given), { name: 'TypeError', message });
  });
}

/** Rejects with that, even if a thread catches everything. */
async function refuses(
  message: RegExp,
  exploration: Partial<Exploration<Shared>> & Pick<Exploration<Shared>, 'threads'>,
): Promise<void> {
  await assert.rejects(explore({ setup, ...exploration }), (error) => {
    assert.ok(error instanceof MemspanError);
    assert.equal(error.code, 'ERR_MEMSPAN_UNSUPPORTED');
    assert.match(error.message, message);
    return true;
  });
}

test('a thread that does something else the next time', async () => {
  let calls = 0;
  const fickle = ({ x }: Shared): void => {
    try {
      Atomics.store(x, 0, calls++);
      Atomics.load(x, 0);
    } catch {}
  };
  await refuses(/thread 0 did not do the same again|fickle 0 did not do the same again/, {
    threads: [fickle, fickle],
  });
});

test('a thread that ends earlier the next time', async () => {
  let calls = 0;
  const hasty = ({ x }: Shared): void => {
    Atomics.add(x, 0, 1);
    if (calls++ % 3 === 2) return;
    Atomics.add(x, 0, 1);
    Atomics.add(x, 0, 1);
  };
  await refuses(/it was at its end where it had done add of x\[0\]/, { threads: [hasty, hasty] });
});

test('what goes on later', async () => {
  const later = ({ x }: Shared): Promise<number> => Promise.resolve(Atomics.add(x, 0, 1));
  await refuses(/later is asynchronous/, { threads: [later] });
  const invariant = (): Promise<boolean> => Promise.resolve(false);
  await refuses(/the invariant is asynchronous/, { threads: [once], invariant });
});

test('methods of arrays are no single steps, also for one who catches that', async () => {
  const fill = ({ x }: Shared): void => {
    try {
      x.fill(1);
    } catch {}
  };
  await refuses(/x\.fill is more than one step/, { threads: [fill] });
});

test('shared memory that is not out of setup', async () => {
  const own = new Int32Array(new SharedArrayBuffer(4));
  const stray = (): number => Atomics.add(own, 0, 1);
  await refuses(/threads share memory that is not explored/, { threads: [stray, stray] });
});

test('who looks at states does not wait', async () => {
  const atEnd = ({ x }: Shared): void => void Atomics.wait(x, 0, 1);
  await refuses(/what looks at a state may not wait/, { threads: [once], atEnd });
});

test('an exploration inside of another one', async () => {
  let inner: Promise<unknown> | undefined;
  const nested = (): void => {
    inner ??= refuses(/was begun inside of another one/, { threads: [once] });
  };
  (await explore({ setup, threads: [nested] })).assert();
  await inner;
});
