// A Rust program with nothing but its standard library and libc's functions, and TypeScript: each in both roles.
import assert from 'node:assert/strict';
import os from 'node:os';
import { before, suite, test } from 'node:test';
import { notify, waitAsync } from '../../src/index.ts';
import {
  EBUSY,
  EOWNERDEAD,
  O_CREAT,
  O_EXCL,
  PTHREAD_MUTEX_ROBUST,
  pthread_mutex_consistent,
  pthread_mutex_init,
  pthread_mutex_lock,
  pthread_mutex_lockAsync,
  pthread_mutex_t,
  pthread_mutex_trylock,
  pthread_mutex_unlock,
  sem_close,
  sem_getvalue,
  sem_open,
  sem_post,
  type sem_t,
  sem_trywait,
  sem_unlink,
  sem_wait,
  sem_waitAsync,
} from '../../src/os/posix.ts';
import { needs } from '../support/extras.ts';
import { codeOf, until } from '../support/segments.ts';
import { compiled } from './compile.ts';
import { type Maker, makers, Shared } from './shared.ts';

const SIZE = 128;

suite('rust.rs', { skip: needs('rustc') }, () => {
  before(() => compiled('rust.rs'));

  for (const maker of makers) {
    test(`both count in what ${maker} has made, and no step is lost`, async () => {
      await using both = await Shared.by(maker, 'rust.rs', SIZE);
      const words = new Int32Array(both.buffer);
      const adding = both.ask('add 2000000');
      await until(() => Atomics.load(words, 0) > 0, 'Rust to begin');
      for (let i = 0; i < 200_000; i++) Atomics.add(words, 0, 1);
      await adding;
      assert.equal(Atomics.load(words, 0), 2_200_000);
      assert.equal(await both.ask('get'), '2200000');
    });

    test(`each wakes the other, in what ${maker} has made`, async () => {
      await using both = await Shared.by(maker, 'rust.rs', SIZE);
      const words = new Int32Array(both.buffer);
      const woken = both.ask('wait 0');
      await until(() => notify(words, 1) === 1, 'Rust to sleep');
      Atomics.store(words, 1, 7);
      notify(words, 1);
      assert.equal(await woken, '7');
      const { value } = waitAsync(words, 1, 7);
      assert.equal(await both.ask('tell 9'), '1');
      assert.equal(await value, 'ok');
      assert.equal(Atomics.load(words, 1), 9);
    });
  }

  test('Rust is killed while it counts: every step that it did is there', async () => {
    await using both = await Shared.by('the program', 'rust.rs', SIZE);
    const words = new Int32Array(both.buffer);
    both.ask('add 2000000000').catch(() => {});
    await until(() => Atomics.load(words, 0) > 10_000, 'Rust to count');
    await both.replace();
    const count = Atomics.add(words, 0, 1);
    assert.equal(Number(await both.ask('get')), count + 1);
  });

  /** A robust mutex made by either, behind rust.rs's words. */
  async function mutexBy(maker: Maker): Promise<{ both: Shared; mutex: pthread_mutex_t }> {
    const both = await Shared.by(maker, 'rust.rs', SIZE);
    const mutex = pthread_mutex_t(both.buffer, 64);
    if (maker === 'memspan') pthread_mutex_init(mutex, { robust: PTHREAD_MUTEX_ROBUST });
    else assert.equal(await both.ask('init'), '0');
    return { both, mutex };
  }

  for (const maker of makers) {
    test(`a robust mutex that ${maker} has made: both count under it, and wait for it`, async () => {
      const { both, mutex } = await mutexBy(maker);
      await using _ = both;
      const words = new Int32Array(both.buffer);
      const adding = both.ask('locked 100000');
      await until(() => Atomics.load(words, 2) > 0, 'Rust to begin');
      for (let i = 0; i < 20_000; i++) {
        pthread_mutex_lock(mutex);
        (words[2] as number)++;
        pthread_mutex_unlock(mutex);
      }
      await adding;
      assert.equal(await both.ask('total'), '120000');
      await both.ask('lock');
      assert.equal(pthread_mutex_trylock(mutex), EBUSY);
      const waiting = pthread_mutex_lockAsync(mutex);
      await both.ask('unlock');
      assert.equal(await waiting, 0);
      const locked = both.ask('lock');
      pthread_mutex_unlock(mutex);
      assert.equal(await locked, '0');
      await both.ask('unlock');
    });

    test(`Rust is killed while it holds a robust mutex that ${maker} has made`, async () => {
      const { both, mutex } = await mutexBy(maker);
      await using _ = both;
      await both.ask('lock');
      await both.replace();
      assert.equal(pthread_mutex_lock(mutex), EOWNERDEAD);
      pthread_mutex_consistent(mutex);
      pthread_mutex_unlock(mutex);
      assert.equal(await both.ask('lock'), '0');
      assert.equal(await both.ask('unlock'), '0');
    });

    test(`a named semaphore that ${maker} has made`, async () => {
      await using both = await Shared.by('memspan', 'rust.rs', SIZE);
      const name = `/${both.segment.name}`;
      let sem: sem_t;
      if (maker === 'memspan') {
        sem = sem_open(name, O_CREAT | O_EXCL, 0o600, 1);
        assert.equal(await both.ask('sem_open 99'), '0');
      } else {
        assert.equal(await both.ask('sem_open 1'), '0');
        sem = sem_open(name, 0);
      }
      assert.equal(await both.ask('sem_getvalue'), '1');
      sem_wait(sem);
      assert.equal(await both.ask('sem_trywait'), String(os.constants.errno.EAGAIN));
      for (let turn = 0; turn < 100; turn++) {
        const taken = sem_waitAsync(sem);
        assert.equal(await both.ask('sem_post'), '0');
        assert.equal(await taken, 0);
        const there = both.ask('sem_wait');
        sem_post(sem);
        assert.equal(await there, '0');
      }
      await both.replace();
      assert.equal(sem_getvalue(sem), 0, 'the permit of a killed process is gone');
      assert.equal(
        codeOf(() => sem_trywait(sem)),
        'ERR_MEMSPAN_WOULD_BLOCK',
      );
      if (maker === 'memspan') sem_unlink(name);
      else assert.equal(await both.ask('sem_unlink'), '0');
      assert.equal(
        codeOf(() => sem_open(name, 0)),
        'ERR_MEMSPAN_NOT_FOUND',
      );
      sem_close(sem);
    });
  }
});
