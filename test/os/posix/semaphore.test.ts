// Semaphores: each of the ten calls, what it returns and each error that its manual page has, provoked.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { type TestContext, test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { startChild } from '../../support/puppets.ts';
import { needsRoot, shmPath, uniqueName, until } from '../../support/segments.ts';
import { startLimited, triedIn } from './failures.ts';
import { callIn, childIn, refused, refusedAsync, room, soon } from './room.ts';

const { O_CREAT, O_EXCL, SEM_VALUE_MAX } = posix;
const { sem_close, sem_destroy, sem_getvalue, sem_init, sem_open, sem_post, sem_t } = posix;
const { sem_timedwait, sem_trywait, sem_unlink, sem_wait } = posix;

/** A new named one, gone when the test is over. */
function named(t: TestContext, mode: number = 0o600, value: number = 0): [string, posix.sem_t] {
  const file = uniqueName();
  // glibc keeps it under another name, which the check at the end does not look for.
  t.after(() => fs.rmSync(shmPath(`sem.${file}`), { force: true }));
  return [`/${file}`, sem_open(`/${file}`, O_CREAT | O_EXCL, mode, value)];
}

test('sem_init, sem_post, sem_wait, sem_trywait, sem_timedwait, sem_getvalue, sem_destroy', (t) => {
  const sem = sem_t(room(t).buffer, 64);
  assert.equal(sem_init(sem, 1, 2), 0);
  assert.equal(sem_getvalue(sem), 2);
  assert.equal(sem_wait(sem), 0);
  assert.equal(sem_trywait(sem), 0);
  const { code } = refused('sem_trywait', 'EAGAIN', () => sem_trywait(sem));
  assert.equal(code, 'ERR_MEMSPAN_WOULD_BLOCK');
  const late = soon();
  const error = refused('sem_timedwait', 'ETIMEDOUT', () => sem_timedwait(sem, late));
  assert.equal(error.code, 'ERR_MEMSPAN_WOULD_BLOCK');
  assert.ok(Date.now() >= late);
  assert.equal(sem_post(sem), 0);
  assert.equal(sem_timedwait(sem, { tv_sec: 0, tv_nsec: 0 }), 0, 'what is there needs no time');
  assert.equal(sem_getvalue(sem), 0);
  assert.equal(sem_destroy(sem), 0);
});

test('sem_open makes it, opens it, and says EEXIST and ENOENT', (t) => {
  const [name, made] = named(t, 0o640, 3);
  assert.equal(made.name, name);
  assert.equal(fs.statSync(shmPath(`sem.${name.slice(1)}`)).mode & 0o777, 0o640);
  const opened = sem_open(name, 0);
  assert.equal(sem_getvalue(opened), 3);
  assert.equal(sem_wait(opened), 0);
  assert.equal(sem_getvalue(made), 2);
  const { object } = refused('sem_open', 'EEXIST', () => sem_open(name, O_CREAT | O_EXCL));
  assert.equal(object, name);
  assert.equal(sem_getvalue(sem_open(name, O_CREAT, 0o600, 9)), 2, 'one that is there stays');
  assert.equal(sem_unlink(name), 0);
  refused('sem_open', 'ENOENT', () => sem_open(name, 0));
  refused('sem_unlink', 'ENOENT', () => sem_unlink(name));
  // Who has it open keeps it.
  sem_post(opened);
  assert.equal(sem_getvalue(made), 3);
  for (const sem of [made, opened]) assert.equal(sem_close(sem), 0);
});

for (const [name, errno] of [
  ['/', 'EINVAL'],
  ['/a/b', 'EINVAL'],
  [`/${'x'.repeat(252)}`, 'ENAMETOOLONG'],
  [`/${'x'.repeat(300)}`, 'ENAMETOOLONG'],
] as const) {
  test(`sem_open with a name like ${name.slice(0, 6)} of ${name.length} bytes: ${errno}`, () => {
    refused('sem_open', errno, () => sem_open(name, O_CREAT));
    // sem_unlink(3) knows no EINVAL.
    const unlinked = errno === 'EINVAL' ? 'ENOENT' : errno;
    refused('sem_unlink', unlinked, () => sem_unlink(name));
  });
}

test('more than SEM_VALUE_MAX: EINVAL at the beginning, EOVERFLOW later', (t) => {
  refused('sem_open', 'EINVAL', () => sem_open(`/${uniqueName()}`, O_CREAT, 0o600, 2 ** 31));
  const sem = sem_t(room(t).buffer);
  refused('sem_init', 'EINVAL', () => sem_init(sem, 1, SEM_VALUE_MAX + 1));
  sem_init(sem, 1, SEM_VALUE_MAX);
  refused('sem_post', 'EOVERFLOW', () => sem_post(sem));
  assert.equal(sem_getvalue(sem), SEM_VALUE_MAX);
});

for (const nanoseconds of [-1, 1e9]) {
  test(`a time with ${nanoseconds} nanoseconds is EINVAL, however far off`, async (t) => {
    const sem = sem_t(room(t).buffer);
    sem_init(sem, 1, 0);
    for (const tv_sec of [0, 2 ** 40]) {
      const time = { tv_sec, tv_nsec: nanoseconds };
      refused('sem_timedwait', 'EINVAL', () => sem_timedwait(sem, time));
      await refusedAsync('sem_timedwait', 'EINVAL', posix.sem_timedwaitAsync(sem, time));
    }
  });
}

test("another user's semaphore: EACCES", { skip: needsRoot }, async (t) => {
  const [name, sem] = named(t);
  const nobody = await startLimited('', { asNobody: true });
  assert.equal(await triedIn(nobody, 'sem_open', name, 0), 'EACCES');
  // /dev/shm is sticky; sem_unlink(3) has EACCES only.
  assert.match(await triedIn(nobody, 'sem_unlink', name), /EACCES|EPERM/);
  sem_close(sem);
});

test('no descriptor left: EMFILE', async (t) => {
  const [name, sem] = named(t);
  const child = await startChild();
  const errno = await child.run(({ posix, fs }, name) => {
    const fds: number[] = [];
    try {
      for (;;) fds.push(fs.openSync('/dev/null', 'r'));
    } catch {
      try {
        posix.sem_open(name, 0);
        return 0;
      } catch (error) {
        return (error as { errno: number }).errno;
      } finally {
        for (const fd of fds) fs.closeSync(fd);
      }
    }
  }, name);
  assert.equal(errno, 24);
  sem_close(sem);
});

test('sem_close lets go once; EINVAL for an unnamed one', (t) => {
  const [, sem] = named(t, 0o600, 1);
  sem_close(sem);
  for (const call of [sem_close, sem_post, sem_wait, sem_trywait, sem_getvalue]) {
    assert.throws(() => call(sem), { code: 'ERR_MEMSPAN_CLOSED' });
  }
  const unnamed = sem_t(room(t).buffer);
  sem_init(unnamed, 1, 0);
  refused('sem_close', 'EINVAL', () => sem_close(unnamed));
});

test('sem_close ends the waits through it, and no others', async (t) => {
  const [name, sem] = named(t);
  const other = sem_open(name, 0);
  const ended = assert.rejects(posix.sem_waitAsync(sem), { code: 'ERR_MEMSPAN_CLOSED' });
  const stays = posix.sem_waitAsync(other);
  sem_close(sem);
  await ended;
  sem_post(other);
  assert.equal(await stays, 0);
  sem_close(other);
});

for (const pshared of [0, 1]) {
  test(`pshared ${pshared}: post and wait among threads`, async (t) => {
    const { buffer } = room(t);
    const sem = sem_t(buffer);
    sem_init(sem, pshared, 0);
    const waits = [posix.sem_waitAsync(sem), posix.sem_timedwaitAsync(sem, soon(30_000))];
    for (let i = 0; i < 2; i++) sem_post(sem);
    assert.deepEqual(await Promise.all(waits), [0, 0]);
    assert.equal(sem_getvalue(sem), 0);
  });
}

test('between two processes: every permit is taken once', async (t) => {
  const here = room(t);
  const sem = sem_t(here.buffer);
  sem_init(sem, 1, 0);
  const child = await childIn(here);
  const taken = child.run(({ posix, kept }) => {
    const sem = posix.sem_t(kept.buffer);
    for (let i = 0; i < 2000; i++) posix.sem_wait(sem);
    return 2000;
  });
  for (let i = 0; i < 2001; i++) sem_post(sem);
  assert.equal(await taken, 2000);
  assert.equal(sem_getvalue(sem), 1);
});

test('a signal does not end sem_wait: EINTR is retried', async (t) => {
  const here = room(t);
  const sem = sem_t(here.buffer);
  sem_init(sem, 1, 0);
  const child = await childIn(here);
  await child.run(({ kept }) => {
    kept.words = new Int32Array(1);
    process.on('SIGUSR1', () => kept.words[0]!++);
  });
  const waiting = callIn(child, 'sem_t', 'sem_wait');
  // The upper half of glibc's word counts those who wait.
  const waiters = new Int32Array(here.buffer, 4, 1);
  for (let i = 0; i < 50; i++) {
    await until(() => Atomics.load(waiters, 0) === 1, 'a waiter');
    process.kill(child.pid, 'SIGUSR1');
  }
  sem_post(sem);
  assert.equal(await waiting, 0);
  const handled = (): Promise<number> => child.run(({ kept }) => kept.words[0] as number);
  while ((await handled()) === 0);
});

test('a killed waiter takes nothing; a killed holder takes his permit along', async (t) => {
  const here = room(t);
  const sem = sem_t(here.buffer);
  sem_init(sem, 1, 0);
  const waiter = await childIn(here);
  const waiting = assert.rejects(callIn(waiter, 'sem_t', 'sem_wait'));
  const waiters = new Int32Array(here.buffer, 4, 1);
  await until(() => Atomics.load(waiters, 0) === 1, 'a waiter');
  await waiter.kill();
  await waiting;
  sem_post(sem);
  const holder = await childIn(here);
  assert.equal(await callIn(holder, 'sem_t', 'sem_wait'), 0);
  await holder.kill();
  refused('sem_trywait', 'EAGAIN', () => sem_trywait(sem));
});
