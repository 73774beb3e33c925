// Mutexes: every type and kind of call, what it returns and each error that its manual page has, provoked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { type Puppet, startWorker } from '../../support/puppets.ts';
import { callIn, childIn, enter, refused, refusedAsync, room, soon } from './room.ts';

const { EBUSY, EOWNERDEAD, ETIMEDOUT, PTHREAD_MUTEX_ROBUST, PTHREAD_MUTEX_STALLED } = posix;
const { PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE } = posix;
const { pthread_mutex_consistent, pthread_mutex_destroy, pthread_mutex_init } = posix;
const { pthread_mutex_lock, pthread_mutex_lockAsync, pthread_mutex_t } = posix;
const { pthread_mutex_timedlock, pthread_mutex_timedlockAsync } = posix;
const { pthread_mutex_trylock, pthread_mutex_unlock } = posix;

const types = {
  normal: PTHREAD_MUTEX_NORMAL,
  recursive: PTHREAD_MUTEX_RECURSIVE,
  errorcheck: PTHREAD_MUTEX_ERRORCHECK,
} as const;
const protocols = { none: posix.PTHREAD_PRIO_NONE, inherit: posix.PTHREAD_PRIO_INHERIT } as const;

const lockIn = (puppet: Puppet): Promise<unknown> =>
  callIn(puppet, 'pthread_mutex_t', 'pthread_mutex_lock');
const tryIn = (puppet: Puppet): Promise<unknown> =>
  callIn(puppet, 'pthread_mutex_t', 'pthread_mutex_trylock');
const unlockIn = (puppet: Puppet): Promise<unknown> =>
  callIn(puppet, 'pthread_mutex_t', 'pthread_mutex_unlock');

for (const [typeName, type] of Object.entries(types)) {
  for (const robust of [PTHREAD_MUTEX_STALLED, PTHREAD_MUTEX_ROBUST]) {
    for (const [protocolName, protocol] of Object.entries(protocols)) {
      const kind = `${typeName}, ${robust ? 'robust' : 'stalled'}, ${protocolName}`;
      test(`${kind}: lock, trylock, timedlock, unlock, destroy`, async (t) => {
        const { buffer } = room(t);
        const mutex = pthread_mutex_t(buffer, 128);
        assert.equal(pthread_mutex_init(mutex, { type, robust, protocol }), 0);
        refused('pthread_mutex_unlock', 'EPERM', () => pthread_mutex_unlock(mutex));
        assert.equal(pthread_mutex_lock(mutex), 0);
        refused('pthread_mutex_destroy', 'EBUSY', () => pthread_mutex_destroy(mutex));
        refused('pthread_mutex_init', 'EBUSY', () => pthread_mutex_init(mutex));
        if (type === PTHREAD_MUTEX_RECURSIVE) {
          assert.equal(pthread_mutex_trylock(mutex), 0);
          assert.equal(pthread_mutex_timedlock(mutex, soon()), 0);
          for (let i = 0; i < 2; i++) assert.equal(pthread_mutex_unlock(mutex), 0);
        } else {
          assert.equal(pthread_mutex_trylock(mutex), EBUSY);
          const late = soon();
          if (type === PTHREAD_MUTEX_ERRORCHECK) {
            refused('pthread_mutex_lock', 'EDEADLK', () => pthread_mutex_lock(mutex));
            refused('pthread_mutex_timedlock', 'EDEADLK', () =>
              pthread_mutex_timedlock(mutex, late),
            );
          } else if (protocol === posix.PTHREAD_PRIO_NONE) {
            assert.equal(pthread_mutex_timedlock(mutex, late), ETIMEDOUT);
            assert.ok(Date.now() >= late);
          }
        }
        // Another thread of this process, and its calls.
        const worker = await startWorker();
        await worker.run(({ posix, kept }, buffer) => {
          kept.buffer = new Uint8Array(buffer, 128) as unknown as SharedArrayBuffer;
          return void posix;
        }, buffer);
        assert.equal(await tryIn(worker), EBUSY);
        assert.deepEqual(await unlockIn(worker), { errno: 1 });
        const timed = callIn(worker, 'pthread_mutex_t', 'pthread_mutex_timedlock', soon());
        assert.equal(await timed, ETIMEDOUT);
        const waiting = lockIn(worker);
        assert.equal(pthread_mutex_unlock(mutex), 0);
        assert.equal(await waiting, 0);
        assert.equal(pthread_mutex_trylock(mutex), EBUSY);
        assert.equal(await unlockIn(worker), 0);
        assert.equal(pthread_mutex_destroy(mutex), 0);
        // What is destroyed is a mutex no more.
        refused('pthread_mutex_lock', 'EINVAL', () => pthread_mutex_lock(mutex));
      });

      test(`${kind}: by …Async, on threads of our own`, async (t) => {
        const mutex = pthread_mutex_t(room(t).buffer);
        pthread_mutex_init(mutex, { type, robust, protocol });
        assert.equal(await pthread_mutex_lockAsync(mutex), 0);
        // The thread that has it is another one than this.
        assert.equal(pthread_mutex_trylock(mutex), EBUSY);
        assert.equal(pthread_mutex_timedlock(mutex, soon()), ETIMEDOUT);
        refused('pthread_mutex_lock', 'EDEADLK', () => pthread_mutex_lock(mutex));
        assert.equal(await pthread_mutex_timedlockAsync(mutex, soon()), ETIMEDOUT);
        const next = pthread_mutex_lockAsync(mutex);
        assert.equal(pthread_mutex_unlock(mutex), 0);
        assert.equal(await next, 0);
        refused('pthread_mutex_destroy', 'EBUSY', () => pthread_mutex_destroy(mutex));
        assert.equal(pthread_mutex_unlock(mutex), 0);
        refused('pthread_mutex_unlock', 'EPERM', () => pthread_mutex_unlock(mutex));
        assert.equal(pthread_mutex_destroy(mutex), 0);
      });
    }
  }
}

test('a time that is none: EINVAL, unless it is to be had at once', async (t) => {
  const mutex = pthread_mutex_t(room(t).buffer);
  pthread_mutex_init(mutex);
  const never = { tv_sec: 0, tv_nsec: 1e9 };
  assert.equal(pthread_mutex_timedlock(mutex, never), 0);
  await refusedAsync(
    'pthread_mutex_timedlock',
    'EINVAL',
    pthread_mutex_timedlockAsync(mutex, never),
  );
  assert.equal(await pthread_mutex_timedlockAsync(mutex, { tv_sec: -5, tv_nsec: 0 }), ETIMEDOUT);
  pthread_mutex_unlock(mutex);
});

for (const attributes of [{ type: 77 }, { pshared: 7 }, { robust: 3 }, { protocol: 9 }]) {
  test(`pthread_mutex_init with ${JSON.stringify(attributes)}: EINVAL`, (t) => {
    const mutex = pthread_mutex_t(room(t).buffer);
    refused('pthread_mutex_init', 'EINVAL', () => pthread_mutex_init(mutex, attributes));
  });
}

test('a recursive mutex that is locked too often: EAGAIN', (t) => {
  const { buffer } = room(t);
  const mutex = pthread_mutex_t(buffer);
  pthread_mutex_init(mutex, { type: PTHREAD_MUTEX_RECURSIVE });
  pthread_mutex_lock(mutex);
  // glibc's count of how often it is locked: as if it had been.
  const count = new Uint32Array(buffer, 4, 1);
  count[0] = 2 ** 32 - 1;
  refused('pthread_mutex_lock', 'EAGAIN', () => pthread_mutex_lock(mutex));
  refused('pthread_mutex_trylock', 'EAGAIN', () => pthread_mutex_trylock(mutex));
  count[0] = 1;
  pthread_mutex_unlock(mutex);
});

for (const [typeName, type] of Object.entries(types)) {
  test(`${typeName}, robust: its owner is killed; consistent, or ENOTRECOVERABLE for everybody`, async (t) => {
    const here = room(t);
    const mutex = pthread_mutex_t(here.buffer);
    pthread_mutex_init(mutex, { type, robust: PTHREAD_MUTEX_ROBUST });
    refused('pthread_mutex_consistent', 'EINVAL', () => pthread_mutex_consistent(mutex));
    for (const how of ['lock', 'trylock', 'timedlock', 'async', 'waiting'] as const) {
      const owner = await childIn(here);
      await owner.run(async ({ posix, kept }, how) => {
        const mutex = posix.pthread_mutex_t(kept.buffer);
        if (how === 'async') await posix.pthread_mutex_lockAsync(mutex);
        else posix.pthread_mutex_lock(mutex);
      }, how);
      const waiting = how === 'waiting' ? pthread_mutex_lockAsync(mutex) : undefined;
      await owner.kill();
      if (how === 'lock') assert.equal(pthread_mutex_lock(mutex), EOWNERDEAD);
      if (how === 'trylock') assert.equal(pthread_mutex_trylock(mutex), EOWNERDEAD);
      if (how === 'timedlock') assert.equal(pthread_mutex_timedlock(mutex, soon()), EOWNERDEAD);
      if (how === 'async') assert.equal(await pthread_mutex_lockAsync(mutex), EOWNERDEAD);
      if (waiting) assert.equal(await waiting, EOWNERDEAD);
      assert.equal(pthread_mutex_consistent(mutex), 0);
      refused('pthread_mutex_consistent', 'EINVAL', () => pthread_mutex_consistent(mutex));
      pthread_mutex_unlock(mutex);
      assert.equal(pthread_mutex_lock(mutex), 0);
      pthread_mutex_unlock(mutex);
    }
    const owner = await childIn(here);
    assert.equal(await lockIn(owner), 0);
    await owner.kill();
    assert.equal(pthread_mutex_lock(mutex), EOWNERDEAD);
    // Who does not have it cannot say so.
    const other = await enter(await startWorker(), here.name);
    assert.deepEqual(await callIn(other, 'pthread_mutex_t', 'pthread_mutex_consistent'), {
      errno: 22,
    });
    pthread_mutex_unlock(mutex);
    const { code } = refused('pthread_mutex_lock', 'ENOTRECOVERABLE', () =>
      pthread_mutex_lock(mutex),
    );
    assert.equal(code, 'ERR_MEMSPAN_NOT_RECOVERABLE');
    refused('pthread_mutex_trylock', 'ENOTRECOVERABLE', () => pthread_mutex_trylock(mutex));
    await refusedAsync('pthread_mutex_lock', 'ENOTRECOVERABLE', pthread_mutex_lockAsync(mutex));
    pthread_mutex_destroy(mutex);
  });
}

test('not robust: its owner is killed, and it stays locked', async (t) => {
  const here = room(t);
  const mutex = pthread_mutex_t(here.buffer);
  pthread_mutex_init(mutex);
  const owner = await childIn(here);
  assert.equal(await lockIn(owner), 0);
  await owner.kill();
  assert.equal(pthread_mutex_trylock(mutex), EBUSY);
  assert.equal(pthread_mutex_timedlock(mutex, soon()), ETIMEDOUT);
  refused('pthread_mutex_destroy', 'EBUSY', () => pthread_mutex_destroy(mutex));
});

test('two processes and their threads count under it: no turn is lost', async (t) => {
  const here = room(t);
  pthread_mutex_init(pthread_mutex_t(here.buffer), { robust: PTHREAD_MUTEX_ROBUST });
  const count = async (puppet: Puppet): Promise<void> =>
    puppet.run(async ({ posix, kept }) => {
      const mutex = posix.pthread_mutex_t(kept.buffer);
      const counter = new Float64Array(kept.buffer, 64, 1);
      for (let i = 0; i < 1000; i++) {
        if (i % 10 === 0) await posix.pthread_mutex_lockAsync(mutex);
        else posix.pthread_mutex_lock(mutex);
        counter[0]!++;
        posix.pthread_mutex_unlock(mutex);
      }
    });
  const puppets = await Promise.all([
    childIn(here),
    childIn(here),
    startWorker().then((worker) => enter(worker, here.name)),
  ]);
  await Promise.all(puppets.map(count));
  assert.equal(new Float64Array(here.buffer, 64, 1)[0], 3000);
});
