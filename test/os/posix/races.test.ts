// Two threads at once: one changes or unmaps memory, the other touches it, or locks and unlocks in there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { startWorker } from '../../support/puppets.ts';
import { codeOf, until } from '../../support/segments.ts';
import { newObject, PAGE, READ_WRITE, shared } from './objects.ts';

const { check, mmap, mprotect, munmap, MAP_SHARED, PROT_NONE, PROT_READ } = posix;
const BUSY = 'ERR_MEMSPAN_BUSY';

const words = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count));

for (const [what, pages] of [
  ['a part', 1],
  ['all', 2],
] as const) {
  test(`munmap of ${what} against lock and unlock: refused while it is locked, and then all is as before`, async (t) => {
    const { fd } = newObject(t, 2 * PAGE);
    const worker = await startWorker();
    const mutex = posix.pthread_mutex_t(shared(t, fd, 2 * PAGE));
    for (let round = 0; round < 150; round++) {
      posix.pthread_mutex_init(mutex);
      const region = mmap(null, 2 * PAGE, READ_WRITE, MAP_SHARED, fd);
      const state = words(2);
      const failed = worker.run(
        ({ posix }, region, state) => {
          const mutex = posix.pthread_mutex_t(region);
          let last = '';
          try {
            for (; Atomics.load(state, 1) === 0; Atomics.add(state, 0, 1)) {
              last = 'lock';
              posix.pthread_mutex_lock(mutex);
              last = 'unlock';
              posix.pthread_mutex_unlock(mutex);
            }
            return 'neither';
          } catch {
            return last;
          }
        },
        region,
        state,
      );
      await until(() => Atomics.load(state, 0) > 5, 'the first locks');
      const part = new Uint8Array(region, 0, pages * PAGE);
      for (let tries = 0; tries < 2000 && codeOf(() => munmap(part)) === BUSY; tries++);
      Atomics.store(state, 1, 1);
      assert.notEqual(await failed, 'unlock');
      munmap(region);
    }
  });
}

/** Threads that write to one byte of each of four pages from state[2] on, over and over, until what is returned is called. */
async function writers(bytes: Uint8Array, state: Int32Array): Promise<() => Promise<void>> {
  const all = await Promise.all(Array.from({ length: 5 }, () => startWorker()));
  const writing = all.map((worker) =>
    worker.run(
      (_, bytes, state) => {
        for (let i = 0; Atomics.load(state, 1) === 0; i++) {
          bytes[(Atomics.load(state, 2) + (i & 3)) * 4096] = 1;
          if (i === 10) Atomics.add(state, 0, 1);
        }
      },
      bytes,
      state,
    ),
  );
  await until(() => Atomics.load(state, 0) === all.length, 'the first writes');
  return async () => {
    Atomics.store(state, 1, 1);
    await Promise.all(writing);
    await Promise.all(all.map((worker) => worker.kill()));
  };
}

test('protected in turn while others write, also behind the end: no end of the process', async (t) => {
  const { fd } = newObject(t, PAGE);
  const bytes = shared(t, fd, 4 * PAGE);
  const stop = await writers(bytes, words(3));
  for (let round = 0; round < 30_000; round++) {
    codeOf(() => mprotect(bytes, [PROT_READ, READ_WRITE, PROT_NONE, READ_WRITE][round & 3]!));
  }
  await stop();
  posix.ftruncate(fd, 4 * PAGE);
  while (codeOf(() => check(bytes)) !== undefined);
  mprotect(bytes, READ_WRITE);
  bytes.fill(9);
  assert.deepEqual([bytes[0], bytes[3 * PAGE], codeOf(() => check(bytes))], [9, 9, undefined]);
});

test('unmapped page by page while others write to what is read-only', async (t) => {
  const { fd } = newObject(t, 200 * PAGE);
  const state = words(3);
  for (let round = 0; round < 3; round++) {
    const bytes = new Uint8Array(mmap(null, 200 * PAGE, PROT_NONE, MAP_SHARED, fd));
    state.fill(0);
    const stop = await writers(bytes, state);
    for (let page = 0; page < 200; page++) {
      Atomics.store(state, 2, page);
      munmap(bytes.subarray(page * PAGE, (page + 1) * PAGE));
    }
    await stop();
    assert.equal(
      codeOf(() => check(bytes)),
      'ERR_MEMSPAN_CLOSED',
    );
  }
});
