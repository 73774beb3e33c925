// Reader-writer locks: each call by either kind of holder, what it returns and each error, provoked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { startWorker } from '../../support/puppets.ts';
import { callIn, childIn, enter, refused, refusedAsync, room, soon } from './room.ts';

const { EBUSY, ETIMEDOUT } = posix;
const { pthread_rwlock_destroy, pthread_rwlock_init, pthread_rwlock_rdlock } = posix;
const { pthread_rwlock_rdlockAsync, pthread_rwlock_t, pthread_rwlock_timedrdlock } = posix;
const { pthread_rwlock_timedrdlockAsync, pthread_rwlock_timedwrlock } = posix;
const { pthread_rwlock_timedwrlockAsync, pthread_rwlock_tryrdlock } = posix;
const { pthread_rwlock_trywrlock, pthread_rwlock_unlock, pthread_rwlock_wrlock } = posix;
const { pthread_rwlock_wrlockAsync } = posix;

type Way = (lock: posix.pthread_rwlock_t) => unknown;

const reading: Record<string, Way> = {
  rdlock: pthread_rwlock_rdlock,
  tryrdlock: pthread_rwlock_tryrdlock,
  timedrdlock: (lock) => pthread_rwlock_timedrdlock(lock, soon()),
  rdlockAsync: pthread_rwlock_rdlockAsync,
  timedrdlockAsync: (lock) => pthread_rwlock_timedrdlockAsync(lock, soon(30_000)),
};
const writing: Record<string, Way> = {
  wrlock: pthread_rwlock_wrlock,
  trywrlock: pthread_rwlock_trywrlock,
  timedwrlock: (lock) => pthread_rwlock_timedwrlock(lock, soon()),
  wrlockAsync: pthread_rwlock_wrlockAsync,
  timedwrlockAsync: (lock) => pthread_rwlock_timedwrlockAsync(lock, soon(30_000)),
};

for (const [way, lockIt] of Object.entries({ ...reading, ...writing })) {
  const writes = way in writing;
  test(`${way}: who else gets in`, async (t) => {
    const here = room(t);
    const lock = pthread_rwlock_t(here.buffer);
    assert.equal(pthread_rwlock_init(lock), 0);
    refused('pthread_rwlock_unlock', 'EPERM', () => pthread_rwlock_unlock(lock));
    assert.equal(await lockIt(lock), 0);
    refused('pthread_rwlock_init', 'EBUSY', () => pthread_rwlock_init(lock));
    refused('pthread_rwlock_destroy', 'EBUSY', () => pthread_rwlock_destroy(lock));
    const child = await childIn(here);
    const inChild = (call: keyof typeof posix, ...args: unknown[]): Promise<unknown> =>
      callIn(child, 'pthread_rwlock_t', call, ...args);
    assert.equal(await inChild('pthread_rwlock_trywrlock'), EBUSY);
    assert.equal(await inChild('pthread_rwlock_timedwrlock', soon()), ETIMEDOUT);
    assert.equal(await inChild('pthread_rwlock_timedwrlockAsync', soon()), ETIMEDOUT);
    assert.deepEqual(await inChild('pthread_rwlock_unlock'), { errno: 1 });
    if (writes) {
      assert.equal(await inChild('pthread_rwlock_tryrdlock'), EBUSY);
      assert.equal(await inChild('pthread_rwlock_timedrdlock', soon()), ETIMEDOUT);
      assert.equal(await inChild('pthread_rwlock_timedrdlockAsync', soon()), ETIMEDOUT);
    } else {
      assert.equal(await inChild('pthread_rwlock_tryrdlock'), 0);
      assert.equal(await inChild('pthread_rwlock_unlock'), 0);
    }
    const waiting = inChild('pthread_rwlock_wrlock');
    assert.equal(pthread_rwlock_unlock(lock), 0);
    assert.equal(await waiting, 0);
    assert.equal(pthread_rwlock_tryrdlock(lock), EBUSY);
    assert.equal(await inChild('pthread_rwlock_unlock'), 0);
    assert.equal(pthread_rwlock_destroy(lock), 0);
  });
}

test('a writer that locks again: EDEADLK, or EBUSY when it only tries', (t) => {
  const lock = pthread_rwlock_t(room(t).buffer);
  pthread_rwlock_init(lock);
  pthread_rwlock_wrlock(lock);
  refused('pthread_rwlock_wrlock', 'EDEADLK', () => pthread_rwlock_wrlock(lock));
  refused('pthread_rwlock_rdlock', 'EDEADLK', () => pthread_rwlock_rdlock(lock));
  refused('pthread_rwlock_timedwrlock', 'EDEADLK', () => pthread_rwlock_timedwrlock(lock, soon()));
  refused('pthread_rwlock_timedrdlock', 'EDEADLK', () => pthread_rwlock_timedrdlock(lock, soon()));
  assert.equal(pthread_rwlock_tryrdlock(lock), EBUSY);
  assert.equal(pthread_rwlock_trywrlock(lock), EBUSY);
  pthread_rwlock_unlock(lock);
});

for (const [way, lockIt] of [
  ['pthread_rwlock_rdlock', pthread_rwlock_rdlock],
  ['pthread_rwlock_wrlock', pthread_rwlock_wrlock],
] as const) {
  test(`what this thread has got by …lockAsync for writing: ${way} is EDEADLK`, async (t) => {
    const lock = pthread_rwlock_t(room(t).buffer);
    pthread_rwlock_init(lock);
    await pthread_rwlock_wrlockAsync(lock);
    refused(way, 'EDEADLK', () => lockIt(lock));
    pthread_rwlock_unlock(lock);
  });
}

test('times that are none, and pshared: EINVAL', async (t) => {
  const lock = pthread_rwlock_t(room(t).buffer);
  refused('pthread_rwlock_init', 'EINVAL', () => pthread_rwlock_init(lock, { pshared: -1 }));
  pthread_rwlock_init(lock);
  const never = { tv_sec: 0, tv_nsec: 1e9 };
  for (const [call, sync, async] of [
    ['pthread_rwlock_timedrdlock', pthread_rwlock_timedrdlock, pthread_rwlock_timedrdlockAsync],
    ['pthread_rwlock_timedwrlock', pthread_rwlock_timedwrlock, pthread_rwlock_timedwrlockAsync],
  ] as const) {
    refused(call, 'EINVAL', () => sync(lock, never));
    await refusedAsync(call, 'EINVAL', async(lock, never));
  }
});

test('more readers than there can be threads: it is no lock, EINVAL', (t) => {
  const { buffer } = room(t);
  const lock = pthread_rwlock_t(buffer);
  pthread_rwlock_init(lock);
  // glibc has EAGAIN for a count that is full, which no threads can make.
  new Uint32Array(buffer, 0, 1)[0] = (2 ** 29 - 1) << 3;
  refused('pthread_rwlock_rdlock', 'EINVAL', () => pthread_rwlock_rdlock(lock));
});

test('several readers of one thread, of both kinds, each unlocked once', async (t) => {
  const lock = pthread_rwlock_t(room(t).buffer);
  pthread_rwlock_init(lock);
  for (let i = 0; i < 3; i++) {
    assert.equal(pthread_rwlock_rdlock(lock), 0);
    assert.equal(await pthread_rwlock_rdlockAsync(lock), 0);
  }
  for (let i = 0; i < 6; i++) {
    assert.equal(pthread_rwlock_trywrlock(lock), EBUSY);
    assert.equal(pthread_rwlock_unlock(lock), 0);
  }
  assert.equal(pthread_rwlock_trywrlock(lock), 0);
  pthread_rwlock_unlock(lock);
});

test('not robust: a reader and a writer that are killed keep it locked', async (t) => {
  for (const call of ['pthread_rwlock_rdlock', 'pthread_rwlock_wrlock'] as const) {
    const here = room(t);
    const lock = pthread_rwlock_t(here.buffer);
    pthread_rwlock_init(lock);
    const child = await childIn(here);
    assert.equal(await callIn(child, 'pthread_rwlock_t', call), 0);
    await child.kill();
    assert.equal(pthread_rwlock_trywrlock(lock), EBUSY);
    assert.equal(pthread_rwlock_timedwrlock(lock, soon()), ETIMEDOUT);
  }
});

test('a pair that writers change is never seen torn by readers of other processes', async (t) => {
  const here = room(t);
  pthread_rwlock_init(pthread_rwlock_t(here.buffer));
  const puppets = [
    await childIn(here),
    await childIn(here),
    await enter(await startWorker(), here.name),
  ];
  const seen = await Promise.all(
    puppets.map((puppet, which) =>
      puppet.run(async ({ posix, kept }, which) => {
        const lock = posix.pthread_rwlock_t(kept.buffer);
        const pair = new Float64Array(kept.buffer, 64, 2);
        let torn = 0;
        for (let i = 0; i < 1500; i++) {
          const writes = i % 3 === which;
          if (i % 50 === 0 && writes) await posix.pthread_rwlock_wrlockAsync(lock);
          else if (i % 50 === 0) await posix.pthread_rwlock_rdlockAsync(lock);
          else if (writes) posix.pthread_rwlock_wrlock(lock);
          else posix.pthread_rwlock_rdlock(lock);
          if (writes) {
            pair[0]!++;
            pair[1] = -pair[0]!;
          } else if (pair[0] !== -pair[1]!) torn++;
          posix.pthread_rwlock_unlock(lock);
        }
        return torn;
      }, which),
    ),
  );
  assert.deepEqual(seen, [0, 0, 0]);
  assert.equal(new Float64Array(here.buffer, 64, 2)[0], 1500);
});
