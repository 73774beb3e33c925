// A process-shared mutex with C at one end and memspan/posix at the other: initialised, held and waited for by either;
// and killed by SIGKILL while holding, either of them.
import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import {
  EBUSY,
  ENOTRECOVERABLE,
  EOWNERDEAD,
  ETIMEDOUT,
  PTHREAD_MUTEX_ROBUST,
  PTHREAD_MUTEX_STALLED,
  pthread_mutex_consistent,
  pthread_mutex_init,
  pthread_mutex_lock,
  pthread_mutex_lockAsync,
  pthread_mutex_t,
  pthread_mutex_timedlock,
  pthread_mutex_trylock,
  pthread_mutex_unlock,
} from '../../src/os/posix.ts';
import { needs } from '../support/extras.ts';
import { startChild } from '../support/puppets.ts';
import { until } from '../support/segments.ts';
import { compiled } from './compile.ts';
import { type Maker, makers, Shared } from './shared.ts';

const SIZE = 128;
const COUNT = 16; // The counter's index.

/** A mutex made by either, in a segment made by the same. */
async function mutexBy(
  maker: Maker,
  robust: boolean,
): Promise<{ both: Shared; mutex: pthread_mutex_t }> {
  const both = await Shared.by(maker, 'mutex.c', SIZE);
  const mutex = pthread_mutex_t(both.buffer);
  if (maker === 'the program') assert.equal(await both.ask(`init ${Number(robust)}`), '0');
  else {
    pthread_mutex_init(mutex, { robust: robust ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED });
  }
  return { both, mutex };
}

/** Not a limit for the machine: it is locked until the test ends. */
function soon(): number {
  return Date.now() + 20;
}

suite('mutex.c', { skip: needs('gcc') }, () => {
  before(() => compiled('mutex.c'));

  for (const maker of makers) {
    for (const robust of [true, false]) {
      const kind = `a ${robust ? 'robust' : 'plain'} mutex that ${maker} has made`;

      test(`${kind}: both count under it, and no step is lost`, async () => {
        const { both, mutex } = await mutexBy(maker, robust);
        await using _ = both;
        const words = new Int32Array(both.buffer);
        const adding = both.ask('add 100000');
        await until(() => Atomics.load(words, COUNT) > 0, 'C to begin');
        for (let i = 0; i < 20_000; i++) {
          assert.equal(pthread_mutex_lock(mutex), 0);
          (words[COUNT] as number)++;
          pthread_mutex_unlock(mutex);
        }
        await adding;
        assert.equal(await both.ask('get'), '120000');
      });

      test(`${kind}: it excludes either while the other has it`, async () => {
        const { both, mutex } = await mutexBy(maker, robust);
        await using _ = both;
        assert.equal(await both.ask('lock'), '0');
        assert.equal(pthread_mutex_trylock(mutex), EBUSY);
        assert.equal(pthread_mutex_timedlock(mutex, soon()), ETIMEDOUT);
        const waiting = pthread_mutex_lockAsync(mutex);
        assert.equal(await both.ask('unlock'), '0');
        assert.equal(await waiting, 0);
        assert.equal(await both.ask('trylock'), String(EBUSY));
        const locked = both.ask('lock');
        pthread_mutex_unlock(mutex);
        assert.equal(await locked, '0');
        assert.equal(await both.ask('unlock'), '0');
      });
    }

    test(`C is killed while it holds a robust mutex that ${maker} has made: EOWNERDEAD here`, async () => {
      const { both, mutex } = await mutexBy(maker, true);
      await using _ = both;
      await both.ask('lock');
      await both.replace();
      assert.equal(pthread_mutex_lock(mutex), EOWNERDEAD);
      pthread_mutex_consistent(mutex);
      pthread_mutex_unlock(mutex);
      assert.equal(await both.ask('lock'), '0');
      assert.equal(await both.ask('unlock'), '0');
      assert.equal(pthread_mutex_lock(mutex), 0);
      pthread_mutex_unlock(mutex);
    });

    test(`memspan is killed while it holds a robust mutex that ${maker} has made: EOWNERDEAD in C`, async () => {
      const { both, mutex } = await mutexBy(maker, true);
      await using _ = both;
      const child = await startChild();
      await child.run(({ memspan, posix }, name) => {
        const { buffer } = memspan.Segment.open(name);
        posix.pthread_mutex_lock(posix.pthread_mutex_t(buffer));
      }, both.segment.name as string);
      assert.equal(await both.ask('trylock'), String(EBUSY));
      const locked = both.ask('lock'); // It may wait for it, or come later.
      await child.kill();
      assert.equal(await locked, String(EOWNERDEAD));
      assert.equal(await both.ask('consistent'), '0');
      assert.equal(await both.ask('unlock'), '0');
      assert.equal(pthread_mutex_lock(mutex), 0);
      pthread_mutex_unlock(mutex);
    });
  }

  test('C is killed while memspan waits for its robust mutex', async () => {
    const { both, mutex } = await mutexBy('the program', true);
    await using _ = both;
    await both.ask('lock');
    const waiting = pthread_mutex_lockAsync(mutex);
    await both.replace();
    assert.equal(await waiting, EOWNERDEAD);
    pthread_mutex_consistent(mutex);
    pthread_mutex_unlock(mutex);
    assert.equal(await both.ask('trylock'), '0');
    await both.ask('unlock');
  });

  test('a lock that was taken asynchronously and whose process is killed is EOWNERDEAD in C', async () => {
    const { both } = await mutexBy('memspan', true);
    await using _ = both;
    const child = await startChild();
    await child.run(async ({ memspan, posix }, name) => {
      const { buffer } = memspan.Segment.open(name);
      await posix.pthread_mutex_lockAsync(posix.pthread_mutex_t(buffer));
    }, both.segment.name as string);
    assert.equal(await both.ask('trylock'), String(EBUSY));
    await child.kill();
    assert.equal(await both.ask('lock'), String(EOWNERDEAD));
    assert.equal(await both.ask('consistent'), '0');
    assert.equal(await both.ask('unlock'), '0');
  });

  test('C is killed while it waits: who has the mutex is not disturbed', async () => {
    const { both, mutex } = await mutexBy('memspan', true);
    await using _ = both;
    assert.equal(pthread_mutex_lock(mutex), 0);
    both.ask('lock').catch(() => {});
    const words = new Uint32Array(both.buffer);
    // FUTEX_WAITERS, in the lock's word.
    await until(() => ((words[0] as number) & 0x8000_0000) !== 0, 'C to wait');
    await both.replace();
    pthread_mutex_unlock(mutex);
    assert.equal(await both.ask('lock'), '0');
    assert.equal(pthread_mutex_trylock(mutex), EBUSY);
    await both.ask('unlock');
  });

  test('what nobody calls consistent is ENOTRECOVERABLE for both', async () => {
    const { both, mutex } = await mutexBy('memspan', true);
    await using _ = both;
    await both.ask('lock');
    await both.replace();
    assert.equal(pthread_mutex_trylock(mutex), EOWNERDEAD);
    pthread_mutex_unlock(mutex);
    assert.equal(await both.ask('lock'), String(ENOTRECOVERABLE));
    assert.throws(() => pthread_mutex_lock(mutex), { errno: ENOTRECOVERABLE });
  });

  test('C is killed while it holds a plain mutex: it stays locked, and the others can only give up', async () => {
    const { both, mutex } = await mutexBy('the program', false);
    await using _ = both;
    await both.ask('lock');
    await both.replace();
    assert.equal(pthread_mutex_timedlock(mutex, soon()), ETIMEDOUT);
    assert.equal(await both.ask('trylock'), String(EBUSY));
  });
});
