// Boost.Interprocess and memspan: shared memory objects, mapped regions, mutexes and named semaphores, made by either.
import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { Segment } from '../../src/index.ts';
import {
  EBUSY,
  ETIMEDOUT,
  O_CREAT,
  O_EXCL,
  pthread_cond_init,
  pthread_cond_signal,
  pthread_cond_t,
  pthread_cond_waitAsync,
  pthread_mutex_init,
  pthread_mutex_lock,
  pthread_mutex_lockAsync,
  pthread_mutex_t,
  pthread_mutex_timedlock,
  pthread_mutex_trylock,
  pthread_mutex_unlock,
  sem_close,
  sem_getvalue,
  sem_init,
  sem_open,
  sem_post,
  sem_t,
  sem_trywait,
  sem_unlink,
  sem_wait,
  sem_waitAsync,
} from '../../src/os/posix.ts';
import { needs } from '../support/extras.ts';
import { codeOf, until } from '../support/segments.ts';
import { compiled } from './compile.ts';
import { type Maker, makers, Shared } from './shared.ts';

const SIZE = 4096;

suite('boost.cc', { skip: needs('boost') }, () => {
  before(() => compiled('boost.cc'));

  for (const maker of makers) {
    test(`shared_memory_object and mapped_region over what ${maker} has made`, async () => {
      await using both = await Shared.by(maker, 'boost.cc', SIZE);
      const words = new Int32Array(both.buffer);
      assert.equal(await both.ask('size'), String(SIZE));
      words[1023] = -5;
      assert.equal(await both.ask('get 4092'), '-5');
      await both.ask('put 100 123456789');
      assert.equal(words[25], 123456789);
    });
  }

  test('remove takes away the name of either, and who has it keeps it', async () => {
    await using both = await Shared.by('memspan', 'boost.cc', SIZE);
    assert.equal(await both.ask('remove'), '1');
    assert.equal(
      codeOf(() => Segment.open(both.segment.name as string)),
      'ERR_MEMSPAN_NOT_FOUND',
    );
    await both.ask('put 0 6');
    assert.equal(new Int32Array(both.buffer)[0], 6);
  });

  test('a segment that is not there is an exception there', async () => {
    const both = await Shared.by('memspan', 'boost.cc', SIZE);
    await both[Symbol.asyncDispose]();
    const late = await both.another();
    assert.equal((await late.exited).signal, 'SIGABRT');
    assert.match(late.errors, /interprocess_exception.*No such file or directory/s);
  });

  /** An interprocess_mutex, or a pthread_mutex_t in its place; behind boost.cc's total. */
  async function mutexBy(maker: Maker): Promise<{ both: Shared; mutex: pthread_mutex_t }> {
    const both = await Shared.by(maker, 'boost.cc', SIZE);
    const mutex = pthread_mutex_t(both.buffer, 64);
    if (maker === 'memspan') pthread_mutex_init(mutex);
    else await both.ask('init');
    return { both, mutex };
  }

  for (const maker of makers) {
    test(`an interprocess_mutex that ${maker} has made: both count under it`, async () => {
      const { both, mutex } = await mutexBy(maker);
      await using _ = both;
      const words = new Int32Array(both.buffer);
      const adding = both.ask('locked 100000');
      await until(() => Atomics.load(words, 0) > 0, 'Boost to begin');
      for (let i = 0; i < 20_000; i++) {
        pthread_mutex_lock(mutex);
        (words[0] as number)++;
        pthread_mutex_unlock(mutex);
      }
      await adding;
      assert.equal(await both.ask('total'), '120000');
    });

    test(`an interprocess_mutex that ${maker} has made: it excludes either`, async () => {
      const { both, mutex } = await mutexBy(maker);
      await using _ = both;
      await both.ask('lock');
      assert.equal(pthread_mutex_trylock(mutex), EBUSY);
      const waiting = pthread_mutex_lockAsync(mutex);
      await both.ask('unlock');
      assert.equal(await waiting, 0);
      assert.equal(await both.ask('try_lock'), '0');
      const locked = both.ask('lock');
      pthread_mutex_unlock(mutex);
      await locked;
      await both.ask('unlock');
      assert.equal(await both.ask('try_lock'), '1');
      await both.ask('unlock');
    });

    test(`an interprocess_condition that ${maker} has made: each waits for the other`, async () => {
      const { both, mutex } = await mutexBy(maker);
      await using _ = both;
      const words = new Int32Array(both.buffer);
      const changed = pthread_cond_t(both.buffer, 128);
      if (maker === 'memspan') pthread_cond_init(changed);
      else await both.ask('cond_init');
      for (let turn = 0; turn < 50; turn++) {
        const there = both.ask('cond_wait');
        pthread_mutex_lock(mutex);
        words[1] = 1;
        pthread_cond_signal(changed);
        pthread_mutex_unlock(mutex);
        await there;
        await pthread_mutex_lockAsync(mutex);
        assert.equal(words[1], 0);
        const set = both.ask('cond_set');
        while (words[1] === 0) await pthread_cond_waitAsync(changed, mutex);
        words[1] = 0;
        pthread_mutex_unlock(mutex);
        await set;
      }
    });

    test(`an interprocess_semaphore that ${maker} has made: each waits for the other`, async () => {
      await using both = await Shared.by(maker, 'boost.cc', SIZE);
      const permits = sem_t(both.buffer, 192);
      if (maker === 'memspan') sem_init(permits, 1, 3);
      else await both.ask('sem_init 3');
      assert.equal(sem_getvalue(permits), 3);
      for (let i = 0; i < 3; i++) await both.ask('sem_wait');
      for (let turn = 0; turn < 50; turn++) {
        const taken = sem_waitAsync(permits);
        await both.ask('sem_post');
        assert.equal(await taken, 0);
        const there = both.ask('sem_wait');
        sem_post(permits);
        await there;
      }
      assert.equal(sem_getvalue(permits), 0);
    });

    test(`a named_semaphore that ${maker} has made`, async () => {
      await using both = await Shared.by('memspan', 'boost.cc', SIZE);
      const name = both.segment.name as string;
      let sem: sem_t;
      if (maker === 'memspan') {
        sem = sem_open(`/${name}`, O_CREAT | O_EXCL, 0o600, 2);
        await both.ask('named 99'); // It is there; the value is for a new one.
      } else {
        await both.ask('named 2');
        sem = sem_open(`/${name}`, 0);
      }
      assert.equal(sem_getvalue(sem), 2);
      sem_wait(sem);
      await both.ask('wait');
      assert.equal(await both.ask('try_wait'), '0');
      assert.equal(
        codeOf(() => sem_trywait(sem)),
        'ERR_MEMSPAN_WOULD_BLOCK',
      );
      for (let turn = 0; turn < 100; turn++) {
        const taken = sem_waitAsync(sem);
        await both.ask('post');
        assert.equal(await taken, 0);
        const there = both.ask('wait');
        sem_post(sem);
        await there;
      }
      if (maker === 'memspan') sem_unlink(`/${name}`);
      else assert.equal(await both.ask('remove'), '3');
      assert.equal(
        codeOf(() => sem_open(`/${name}`, 0)),
        'ERR_MEMSPAN_NOT_FOUND',
      );
      sem_close(sem);
    });
  }

  test('Boost is killed while it holds an interprocess_mutex: it is not robust, and stays locked', async () => {
    const { both, mutex } = await mutexBy('the program');
    await using _ = both;
    await both.ask('lock');
    await both.replace();
    assert.equal(await both.ask('try_lock'), '0');
    assert.equal(pthread_mutex_timedlock(mutex, Date.now() + 20), ETIMEDOUT);
  });

  test('Boost is killed while it has the only permit of a named_semaphore: somebody has to post', async () => {
    await using both = await Shared.by('memspan', 'boost.cc', SIZE);
    const name = `/${both.segment.name}`;
    await both.ask('named 1');
    await both.ask('wait');
    await both.replace();
    const sem = sem_open(name, 0);
    assert.equal(
      codeOf(() => sem_trywait(sem)),
      'ERR_MEMSPAN_WOULD_BLOCK',
    );
    sem_post(sem);
    await both.ask('named 0');
    assert.equal(await both.ask('try_wait'), '1');
    sem_close(sem);
    sem_unlink(name);
  });
});
