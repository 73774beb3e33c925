// munmap(2): all of a region or some of its pages, from any thread, also while it is used. Nothing crashes: views read zeros, waits end,
// calls throw ERR_MEMSPAN_CLOSED.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Segment, wait, waitAsync } from '../../../src/index.ts';
import * as posix from '../../../src/os/posix.ts';
import { startWorker } from '../../support/puppets.ts';
import { codeOf, until } from '../../support/segments.ts';
import { fails } from './failures.ts';
import { newObject, PAGE, READ_WRITE, shared } from './objects.ts';

const { check, mmap, mprotect, msync, munmap } = posix;
const { MAP_ANONYMOUS, MAP_SHARED, PROT_READ } = posix;
const CLOSED = 'ERR_MEMSPAN_CLOSED';

const anonymous = (pages: number): Uint8Array =>
  new Uint8Array(mmap(null, pages * PAGE, READ_WRITE, MAP_ANONYMOUS | MAP_SHARED, -1, 0));
const told = (region: posix.Region): string | undefined => codeOf(() => check(region));

test('views of it read zeros, and the object keeps what was written', (t) => {
  const { fd } = newObject(t);
  const bytes = new Uint8Array(mmap(null, PAGE, READ_WRITE, MAP_SHARED, fd, 0)).fill(7);
  assert.equal(munmap(bytes.buffer), 0);
  assert.ok(bytes.every((byte) => byte === 0));
  bytes[0] = 1;
  assert.ok(shared(t, fd).every((byte) => byte === 7));
});

const calls: Record<string, (region: posix.Region) => unknown> = {
  check,
  msync: (region) => msync(region, posix.MS_SYNC),
  mprotect: (region) => mprotect(region, PROT_READ),
  madvise: (region) => posix.madvise(region, posix.MADV_NORMAL),
  mlock: posix.mlock,
  munlock: posix.munlock,
};

for (const [name, call] of Object.entries(calls)) {
  test(`${name} of what is unmapped throws ERR_MEMSPAN_CLOSED, of a part as well as of all`, () => {
    const bytes = anonymous(3);
    munmap(bytes.subarray(PAGE, 2 * PAGE));
    assert.equal(call(bytes.subarray(0, PAGE)), 0);
    assert.throws(() => call(bytes), { code: CLOSED });
    assert.throws(() => call(bytes.subarray(PAGE, PAGE + 1)), { code: CLOSED });
    assert.equal(call(bytes.subarray(2 * PAGE)), 0);
    munmap(bytes);
    assert.throws(() => call(bytes.subarray(0, PAGE)), { code: CLOSED });
  });
}

test('unmapping what is unmapped is no error', () => {
  const bytes = anonymous(2);
  for (let i = 0; i < 2; i++) assert.equal(munmap(bytes.subarray(0, PAGE)), 0);
  for (let i = 0; i < 2; i++) assert.equal(munmap(bytes), 0);
});

test('a part is whole pages: what it begins is gone, what it does not touch is there', () => {
  const bytes = anonymous(4).fill(7);
  munmap(bytes.subarray(PAGE, PAGE + 1));
  assert.deepEqual(
    [bytes[PAGE - 1], bytes[PAGE], bytes[2 * PAGE - 1], bytes[2 * PAGE]],
    [7, 0, 0, 7],
  );
  bytes[PAGE] = 1;
  assert.equal(told(bytes.subarray(2 * PAGE)), undefined);
  munmap(bytes);
});

test('piece by piece: with the last one the region is closed', () => {
  const bytes = anonymous(3);
  for (const page of [1, 0]) munmap(bytes.subarray(page * PAGE, (page + 1) * PAGE));
  assert.equal(told(bytes.subarray(2 * PAGE)), undefined);
  munmap(bytes.subarray(2 * PAGE));
  assert.equal(told(bytes.subarray(2 * PAGE)), CLOSED);
  const words = new Int32Array(bytes.buffer);
  assert.throws(() => wait(words, 0, 0), { code: CLOSED });
});

test('the pages go back to the system at once', (t) => {
  const { fd } = newObject(t, 8 * PAGE);
  const region = mmap(null, 8 * PAGE, READ_WRITE, MAP_SHARED, fd, 0);
  new Uint8Array(region).fill(1);
  const address = posix.addressof(region).toString(16);
  const mapped = (): boolean => {
    const line = fs
      .readFileSync('/proc/self/maps', 'utf8')
      .split('\n')
      .find((line) => line.startsWith(`${address}-`));
    return line?.includes('/dev/shm/') ?? false;
  };
  assert.equal(mapped(), true);
  munmap(region);
  assert.equal(mapped(), false);
});

test('one thread unmaps, the others see it', async () => {
  const bytes = anonymous(2).fill(7);
  const [one, other] = await Promise.all([startWorker(), startWorker()]);
  await one.run(({ posix }, bytes) => {
    posix.munmap(bytes.subarray(4096));
  }, bytes);
  const seen = (): Promise<unknown> =>
    other.run(({ posix }, bytes) => {
      try {
        return [bytes[0], bytes[4096], posix.check(bytes.subarray(0, 4096))];
      } catch (error) {
        return (error as { code: string }).code;
      }
    }, bytes);
  assert.deepEqual([await seen(), bytes[0], bytes[PAGE]], [[7, 0, 0], 7, 0]);
  munmap(bytes);
  assert.equal(await seen(), CLOSED);
});

for (const what of ['all of it', 'the part with the word']) {
  test(`waits on a word of it end: ${what}`, async () => {
    const bytes = anonymous(2);
    const words = new Int32Array(bytes.buffer);
    const index = PAGE / 4;
    const worker = await startWorker();
    const blocked = worker.run(
      ({ memspan }, words, index) => {
        words[0] = 1;
        return memspan.wait(words, index, 0);
      },
      words,
      index,
    );
    const ends = [blocked, Promise.resolve(waitAsync(words, index, 0).value)].map((end) =>
      assert.rejects(end, { code: CLOSED }),
    );
    await until(() => words[0] === 1, 'the worker');
    await delay(20); // Most likely it sleeps by now; if not, it is to throw all the same.
    munmap(what === 'all of it' ? bytes : bytes.subarray(PAGE));
    await Promise.all(ends);
    assert.throws(() => wait(words, index, 0), { code: CLOSED });
    if (what !== 'all of it') assert.equal(wait(words, 0, 1, 1), 'timed-out');
    munmap(bytes);
  });
}

test('EBUSY: this process holds a mutex in it; given back, it goes', () => {
  const bytes = anonymous(2);
  const mutex = posix.pthread_mutex_t(bytes);
  posix.pthread_mutex_init(mutex);
  posix.pthread_mutex_lock(mutex);
  for (const region of [bytes, bytes.subarray(PAGE), bytes.subarray(0, PAGE)]) {
    const error = fails('munmap', 'EBUSY', () => munmap(region));
    assert.equal(error.code, 'ERR_MEMSPAN_BUSY');
  }
  posix.pthread_mutex_unlock(mutex);
  munmap(bytes.subarray(0, PAGE));
  assert.throws(() => posix.pthread_mutex_lock(mutex), { code: CLOSED });
  munmap(bytes);
});

test('an object on pages that mprotect has closed: refused, not written to', () => {
  const bytes = anonymous(2);
  const semaphore = posix.sem_t(bytes);
  posix.sem_init(semaphore, 1, 3);
  mprotect(bytes.subarray(0, PAGE), PROT_READ);
  assert.throws(() => posix.sem_post(semaphore), { code: 'ERR_MEMSPAN_READ_ONLY' });
  mprotect(bytes.subarray(PAGE), PROT_READ);
  mprotect(bytes, READ_WRITE);
  posix.sem_post(semaphore);
  assert.equal(posix.sem_getvalue(semaphore), 4);
  munmap(bytes);
});

test('EBUSY: another thread’s Segment', async () => {
  const worker = await startWorker();
  const buffer = await worker.run(({ memspan, kept }) => {
    kept.segment = memspan.Segment.anonymous(4096);
    return kept.segment.buffer;
  });
  fails('munmap', 'EBUSY', () => munmap(buffer));
  await worker.run(({ posix, kept }) => void posix.munmap(kept.segment.buffer));
  assert.equal(told(buffer), CLOSED);
  const own = Segment.anonymous(PAGE);
  munmap(own.buffer);
  assert.equal(
    codeOf(() => own.buffer),
    CLOSED,
  );
  own.close();
});

test('unmapped while workers write and call: nothing of it crashes', async () => {
  const workers = await Promise.all([startWorker(), startWorker()]);
  for (let round = 0; round < 30; round++) {
    const bytes = anonymous(8);
    const ends = workers.map((worker) =>
      worker.run(({ posix }, bytes) => {
        for (let count = 0; ; count++) {
          bytes.fill(count);
          try {
            posix.mprotect(bytes.subarray(4096, 8192), count % 2 ? 1 : 3);
            posix.check(bytes.subarray(0, 4096));
          } catch (error) {
            const { code } = error as { code: string };
            if (code === 'ERR_MEMSPAN_CLOSED') return code;
            if (code !== 'ERR_MEMSPAN_READ_ONLY') throw error;
          }
        }
      }, bytes),
    );
    await new Promise(setImmediate);
    munmap(bytes.subarray(PAGE, 3 * PAGE));
    munmap(bytes);
    assert.deepEqual(await Promise.all(ends), [CLOSED, CLOSED]);
  }
});
