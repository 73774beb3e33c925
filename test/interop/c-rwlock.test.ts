// A process-shared reader-writer lock with C at one end and memspan/posix at the other: initialised, read, written and
// waited for by either; and C killed by SIGKILL while it reads and while it writes.
import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import {
  EBUSY,
  ETIMEDOUT,
  pthread_rwlock_init,
  pthread_rwlock_rdlock,
  pthread_rwlock_rdlockAsync,
  pthread_rwlock_t,
  pthread_rwlock_timedrdlock,
  pthread_rwlock_timedwrlock,
  pthread_rwlock_tryrdlock,
  pthread_rwlock_trywrlock,
  pthread_rwlock_unlock,
  pthread_rwlock_wrlock,
} from '../../src/os/posix.ts';
import { needs } from '../support/extras.ts';
import { until } from '../support/segments.ts';
import { compiled } from './compile.ts';
import { type Maker, makers, Shared } from './shared.ts';

const SIZE = 128;
const LEFT = 16; // The pair's indices.
const RIGHT = 17;

/** A lock made by either, in a segment made by the same. */
async function lockBy(maker: Maker): Promise<{ both: Shared; lock: pthread_rwlock_t }> {
  const both = await Shared.by(maker, 'rwlock.c', SIZE);
  const lock = pthread_rwlock_t(both.buffer);
  if (maker === 'the program') assert.equal(await both.ask('init'), '0');
  else pthread_rwlock_init(lock);
  return { both, lock };
}

/** Not a limit for the machine: it is locked until the test ends. */
function soon(): number {
  return Date.now() + 20;
}

suite('rwlock.c', { skip: needs('gcc') }, () => {
  before(() => compiled('rwlock.c'));

  for (const maker of makers) {
    test(`what ${maker} has made: both write under it, and no reader sees half a step`, async () => {
      const { both, lock } = await lockBy(maker);
      await using _ = both;
      const words = new Int32Array(both.buffer);
      const reader = await both.another();
      const adding = both.ask('add 20000');
      const looking = reader.ask('look 20000');
      let unequal = 0;
      for (let i = 0; i < 20_000; i++) {
        pthread_rwlock_wrlock(lock);
        words[LEFT]!++;
        words[RIGHT]!++;
        pthread_rwlock_unlock(lock);
        pthread_rwlock_rdlock(lock);
        if (words[LEFT] !== words[RIGHT]) unequal++;
        pthread_rwlock_unlock(lock);
      }
      assert.deepEqual([await adding, await looking, unequal], ['20000', '0', 0]);
      assert.equal(await both.ask('get'), '40000');
      await reader.end();
    });

    test(`what ${maker} has made: readers share it, a writer shuts out all others, on either end`, async () => {
      const { both, lock } = await lockBy(maker);
      await using _ = both;
      await both.ask('read');
      assert.equal(pthread_rwlock_tryrdlock(lock), 0);
      assert.equal(pthread_rwlock_trywrlock(lock), EBUSY);
      await both.ask('unlock');
      assert.equal(await both.ask('trywrite'), String(EBUSY));
      assert.equal(await both.ask('tryread'), '0');
      await both.ask('unlock');
      pthread_rwlock_unlock(lock);

      pthread_rwlock_wrlock(lock);
      assert.equal(await both.ask('tryread'), String(EBUSY));
      pthread_rwlock_unlock(lock);
      await both.ask('write');
      assert.equal(pthread_rwlock_timedrdlock(lock, soon()), ETIMEDOUT);
      await both.ask('unlock');
    });

    test(`what ${maker} has made: each sleeps until the other has done`, async () => {
      const { both, lock } = await lockBy(maker);
      await using _ = both;
      pthread_rwlock_wrlock(lock);
      const theirs = both.ask('read');
      await until(() => both.peer.sleeps, 'C to wait');
      pthread_rwlock_unlock(lock);
      assert.equal(await theirs, '0');
      await both.ask('unlock');

      await both.ask('write');
      let isDone = false;
      const ours = pthread_rwlock_rdlockAsync(lock).then(() => {
        isDone = true;
      });
      assert.equal(pthread_rwlock_timedrdlock(lock, soon()), ETIMEDOUT);
      assert.equal(isDone, false);
      await both.ask('unlock');
      await ours;
      assert.equal(await both.ask('trywrite'), String(EBUSY));
      pthread_rwlock_unlock(lock);
    });
  }

  test('C is killed while it reads: others can read, and nobody can ever write', async () => {
    const { both, lock } = await lockBy('memspan');
    await using _ = both;
    await both.ask('read');
    await both.replace();
    assert.equal(pthread_rwlock_tryrdlock(lock), 0);
    pthread_rwlock_unlock(lock);
    assert.equal(pthread_rwlock_timedwrlock(lock, soon()), ETIMEDOUT);
    assert.equal(await both.ask('trywrite'), String(EBUSY));
  });

  test('C is killed while it writes: it stays locked, and the others can only give up', async () => {
    const { both, lock } = await lockBy('the program');
    await using _ = both;
    await both.ask('write');
    await both.replace();
    assert.equal(pthread_rwlock_timedrdlock(lock, soon()), ETIMEDOUT);
    assert.equal(pthread_rwlock_timedwrlock(lock, soon()), ETIMEDOUT);
    assert.equal(await both.ask('tryread'), String(EBUSY));
  });
});
