// What the kernel refuses leaves the region as it was, and what is told and mended leaves nothing behind.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import * as sysv from '../../../src/os/sysv.ts';
import { startChild } from '../../support/puppets.ts';
import { codeOf } from '../../support/segments.ts';
import { newObject, PAGE, READ_WRITE, shared } from './objects.ts';

const { check, mmap, mprotect, munmap, PROT_READ } = posix;
const READ_ONLY = 'ERR_MEMSPAN_READ_ONLY';

const told = (region: posix.Region): string | undefined => codeOf(() => check(region));
const mappings = (): number => fs.readFileSync('/proc/self/maps', 'utf8').split('\n').length;

test('a protection that is none is refused, and the objects in there can be used', (t) => {
  const bytes = shared(t, newObject(t).fd);
  const semaphore = posix.sem_t(bytes);
  posix.sem_init(semaphore, 1, 0);
  assert.throws(() => mprotect(bytes, 0x40), { errno: 22 });
  assert.equal(posix.sem_post(semaphore), 0);
  mprotect(bytes, PROT_READ);
  assert.throws(() => mprotect(bytes, 0x40), { errno: 22 });
  assert.throws(() => posix.sem_post(semaphore), { code: READ_ONLY });
});

test('an object that lies in two pages: each must allow what is done with it', () => {
  const region = mmap(null, 2 * PAGE, READ_WRITE, posix.MAP_SHARED | posix.MAP_ANONYMOUS, -1);
  const mutex = posix.pthread_mutex_t(region, PAGE - 16);
  posix.pthread_mutex_init(mutex, { robust: posix.PTHREAD_MUTEX_ROBUST });
  mprotect(new Uint8Array(region, PAGE), PROT_READ);
  assert.throws(() => posix.pthread_mutex_lock(mutex), { code: READ_ONLY });
  mprotect(region, READ_WRITE);
  assert.equal(posix.pthread_mutex_lock(mutex), 0);
  assert.equal(posix.pthread_mutex_unlock(mutex), 0);
  munmap(new Uint8Array(region, PAGE));
  assert.throws(() => posix.pthread_mutex_lock(mutex), { code: 'ERR_MEMSPAN_CLOSED' });
  munmap(region);
});

test('mended behind a hole, a hundred times: no mapping is left over', (t) => {
  const bytes = shared(t, newObject(t, 4 * PAGE).fd, 4 * PAGE, PROT_READ);
  const last = bytes.subarray(3 * PAGE);
  munmap(bytes.subarray(0, PAGE));
  last[0] = 1;
  munmap(bytes.subarray(PAGE, 2 * PAGE));
  assert.equal(told(last), READ_ONLY);
  const before = mappings();
  for (let round = 0; round < 100; round++) {
    last[0] = 1;
    assert.equal(told(last), READ_ONLY);
  }
  assert.ok(mappings() < before + 50);
});

test('mended, an attachment of System V is one attachment again', () => {
  const id = sysv.shmget(sysv.IPC_PRIVATE, 4 * PAGE, 0o600 | sysv.IPC_CREAT);
  const buffer = sysv.shmat(id, null, sysv.SHM_RDONLY);
  new Uint8Array(buffer)[PAGE] = 1;
  assert.equal(told(buffer), READ_ONLY);
  assert.equal(sysv.shmctl(id, sysv.IPC_STAT).shm_nattch, 1);
  sysv.shmdt(buffer);
  sysv.shmctl(id, sysv.IPC_RMID);
});

test('a process that has as many mappings as it may: what fails has changed nothing', async () => {
  const child = await startChild();
  const seen = await child.run(({ posix }) => {
    const { check, mmap, munmap, MAP_ANONYMOUS, MAP_NORESERVE, MAP_PRIVATE, MAP_SHARED } = posix;
    const page = posix.sysconf(posix._SC_PAGESIZE);
    const both = posix.PROT_READ | posix.PROT_WRITE;
    const errnoOf = (act: () => unknown): unknown => {
      try {
        return act();
      } catch (error) {
        return (
          (error as { errno?: number; code: string }).errno ?? (error as { code: string }).code
        );
      }
    };
    const bytes = new Uint8Array(mmap(null, 8 * page, both, MAP_SHARED | MAP_ANONYMOUS, -1)).fill(
      7,
    );
    const middle = bytes.subarray(5 * page, 6 * page);
    const semaphore = posix.sem_t(middle);
    posix.sem_init(semaphore, 1, 0);
    const own = new Uint8Array(mmap(null, 8 * page, both, MAP_PRIVATE | MAP_ANONYMOUS, -1)).fill(7);
    posix.mprotect(own, posix.PROT_READ);
    const all = 150_000;
    const many = mmap(null, all * page, 0, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    const views = Array.from(
      { length: all / 2 },
      (_, i) => new Uint8Array(many, 2 * i * page, page),
    );
    for (const act of [() => check(bytes), () => posix.sem_post(semaphore)]) act();
    let split = 0;
    // Each a mapping of its own, until there can be no more.
    const filled = errnoOf(() => {
      for (; split < views.length; split++) posix.madvise(views[split]!, posix.MADV_DONTDUMP);
    });
    const result = [
      errnoOf(() => munmap(middle)),
      errnoOf(() => posix.sem_post(semaphore)),
      errnoOf(() => posix.mprotect(middle, posix.PROT_READ)),
      errnoOf(() => posix.sem_post(semaphore)),
    ];
    own[3 * page] = 1;
    const kept = [own[2 * page], own[3 * page], errnoOf(() => check(own)), own[2 * page]];
    for (let i = 0; i < split; i++) posix.madvise(views[i]!, posix.MADV_DODUMP);
    return { isFull: filled !== undefined, result, value: posix.sem_getvalue(semaphore), kept };
  });
  assert.deepEqual(seen, {
    isFull: true,
    result: [12, 0, 12, 0],
    value: 3,
    kept: [7, 1, READ_ONLY, 7],
  });
  await child.kill();
});
