// CriticalSection among the threads of one process: one at a time, however they wait, and what a thread's end does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CriticalSection } from '../../src/index.ts';
import { type Puppet, startWorker, type Tools } from '../support/puppets.ts';
import { until } from '../support/segments.ts';

type Kept = Tools['kept'] & { section: CriticalSection; guard: Disposable };

/** A worker that has the same section. */
async function startSharer({ buffer, byteOffset }: CriticalSection): Promise<Puppet> {
  const worker = await startWorker();
  await worker.run(
    ({ memspan, kept }, buffer, byteOffset) => {
      (kept as Kept).section = new memspan.CriticalSection(buffer, byteOffset);
    },
    buffer,
    byteOffset,
  );
  return worker;
}

/** Holds it until `giveBack`. */
function take({ kept }: Tools): void {
  (kept as Kept).guard = (kept as Kept).section.lock();
}

function giveBack({ kept }: Tools): void {
  (kept as Kept).guard[Symbol.dispose]();
}

/** Blocks for it and gives it back; the order's own watchdog sees to it that a lost wake-up is found. */
function pass({ kept }: Tools): boolean {
  (kept as Kept).section.lock().release();
  return true;
}

/** Resolves when a thread has marked the section: it waits, or is just about to. */
function marked({ buffer, byteOffset }: CriticalSection): Promise<void> {
  const words = new Int32Array(buffer, byteOffset);
  return until(() => Atomics.load(words, 0) < 0, 'somebody to wait');
}

function held(section: CriticalSection): boolean {
  const guard = section.tryLock();
  guard?.release();
  return guard === null;
}

for (const how of ['blocking', 'async', 'mixed'] as const) {
  test(`a plain counter of two workers and the main thread is exact (${how})`, async () => {
    const rounds = 5000;
    const section = new CriticalSection();
    const counter = new SharedArrayBuffer(4);
    const count = async (
      { kept }: { kept: Tools['kept'] },
      counter: SharedArrayBuffer,
      rounds: number,
      how: string,
    ): Promise<void> => {
      const { section } = kept as Kept;
      const words = new Int32Array(counter);
      for (let i = 0; i < rounds; i++) {
        const isAsync = how === 'async' || (how === 'mixed' && i % 3 === 0);
        const guard = isAsync ? await section.lockAsync() : section.lock();
        // A plain read and a plain write, apart.
        const before = words[0] as number;
        if (isAsync && i % 8 === 0) await null;
        for (let turn = 0; turn < i % 64; turn++);
        words[0] = before + 1;
        guard.release();
      }
    };
    const workers = await Promise.all([startSharer(section), startSharer(section)]);
    await Promise.all([
      ...workers.map((worker) => worker.run(count, counter, rounds, how)),
      // The others have begun: their orders are posted. Two tasks of this thread at once.
      ...[1, 2].map(() =>
        count({ kept: { section } as unknown as Kept }, counter, rounds / 2, 'async'),
      ),
    ]);
    assert.equal(new Int32Array(counter)[0], 3 * rounds);
    assert.equal(held(section), false);
  });
}

test('lock gives up after timeoutMs, tryLock at once, while another thread holds it', async () => {
  const section = new CriticalSection();
  const worker = await startSharer(section);
  await worker.run(take);
  assert.equal(section.tryLock(), null);
  for (const timeoutMs of [0, 0.5, 20]) {
    const start = performance.now();
    assert.equal(section.lock({ timeoutMs }), null);
    assert.ok(performance.now() - start >= timeoutMs);
    assert.equal(await section.lockAsync({ timeoutMs }), null);
  }
  await worker.run(giveBack);
  section.lock({ timeoutMs: 0 })!.release();
  section.tryLock()!.release();
  (await section.lockAsync({ timeoutMs: 0 }))!.release();
});

test('a release wakes who blocks and the task that waits: both get it', async () => {
  const section = new CriticalSection();
  const worker = await startSharer(section);
  for (let i = 0; i < 20; i++) {
    const guard = section.lock();
    const passed = worker.run(pass);
    await marked(section);
    const task = section.lockAsync().then((guard) => guard.release());
    guard.release();
    assert.equal(await passed, true);
    await task;
  }
});

test('a thread that blocks does not swallow the wake-up with a task of its own that waits, too', async () => {
  const section = new CriticalSection();
  const worker = await startSharer(section);
  const listening = new Int32Array(new SharedArrayBuffer(4));
  for (let i = 1; i <= 20; i++) {
    const guard = section.lock();
    const passed = worker.run(
      async ({ kept }, listening, i) => {
        const { section } = kept as Kept;
        const pending = section.lockAsync();
        Atomics.store(listening, 0, i);
        section.lock().release();
        (await pending).release();
        return true;
      },
      listening,
      i,
    );
    // From here on its event loop does not run until it has had the section.
    await until(() => Atomics.load(listening, 0) === i, 'the task to wait');
    guard.release();
    assert.equal(await passed, true);
  }
});

test('a worker that is terminated while it waits takes no wake-up with it', async () => {
  const section = new CriticalSection();
  const other = await startSharer(section);
  for (let i = 0; i < 4; i++) {
    const doomed = await startSharer(section);
    const guard = section.lock();
    const ended = assert.rejects(doomed.run(pass), /the puppet ended/);
    await marked(section);
    const passed = other.run(pass);
    const killed = doomed.kill();
    if (i % 2 === 0) await killed;
    // Otherwise it may be given the wake-up, but does not run any more.
    guard.release();
    assert.equal(await passed, true);
    await ended;
  }
  assert.equal(held(section), false);
});

test('what a terminated worker holds is lost, as documented: the timeout is the way out', async () => {
  const section = new CriticalSection();
  const worker = await startSharer(section);
  await worker.run(take);
  await worker.kill();
  assert.equal(section.tryLock(), null);
  assert.equal(section.lock({ timeoutMs: 5 }), null);
  assert.equal(await section.lockAsync({ timeoutMs: 5 }), null);
});
