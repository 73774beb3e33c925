// A process-shared condition variable with C at one end and memspan/posix at the other, in both roles, made by either;
// and with C killed while it holds the mutex.
import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import {
  EOWNERDEAD,
  ETIMEDOUT,
  PTHREAD_MUTEX_ROBUST,
  pthread_cond_broadcast,
  pthread_cond_init,
  pthread_cond_signal,
  pthread_cond_t,
  pthread_cond_timedwait,
  pthread_cond_waitAsync,
  pthread_mutex_consistent,
  pthread_mutex_init,
  pthread_mutex_lock,
  pthread_mutex_lockAsync,
  pthread_mutex_t,
  pthread_mutex_unlock,
} from '../../src/os/posix.ts';
import { needs } from '../support/extras.ts';
import { startChild } from '../support/puppets.ts';
import { until } from '../support/segments.ts';
import { compiled } from './compile.ts';
import { type Maker, makers, Shared } from './shared.ts';

/** condition.c's structure, seen from here. */
class Place {
  static readonly size: number = 192;
  readonly mutex: pthread_mutex_t;
  readonly changed: pthread_cond_t;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.mutex = pthread_mutex_t(buffer);
    this.changed = pthread_cond_t(buffer, 64);
    this.#words = new Int32Array(buffer, 128, 2);
  }

  init(): void {
    pthread_mutex_init(this.mutex, { robust: PTHREAD_MUTEX_ROBUST });
    pthread_cond_init(this.changed);
  }

  get ready(): number {
    return this.#words[0] as number;
  }

  set ready(value: number) {
    this.#words[0] = value;
  }

  /** How many wait; those who are seen so under the lock sleep. */
  get waiting(): number {
    return this.#words[1] as number;
  }

  /** As condition.c's `take`. */
  async take(): Promise<number> {
    let result = await pthread_mutex_lockAsync(this.mutex);
    this.#words[1] = this.waiting + 1;
    while (result === 0 && this.ready === 0) {
      result = await pthread_cond_waitAsync(this.changed, this.mutex);
    }
    this.#words[1] = this.waiting - 1;
    if (result === EOWNERDEAD) pthread_mutex_consistent(this.mutex);
    if (this.ready > 0) this.ready--;
    pthread_mutex_unlock(this.mutex);
    return result;
  }

  set(count: number): void {
    assert.equal(pthread_mutex_lock(this.mutex), 0);
    this.ready += count;
    if (count === 1) pthread_cond_signal(this.changed);
    else pthread_cond_broadcast(this.changed);
    pthread_mutex_unlock(this.mutex);
  }

  /** Resolves when so many sleep. */
  async asleep(count: number): Promise<void> {
    await until(() => this.waiting === count, `${count} to wait`);
    pthread_mutex_lock(this.mutex);
    pthread_mutex_unlock(this.mutex);
  }
}

async function placeBy(maker: Maker): Promise<{ both: Shared; place: Place }> {
  const both = await Shared.by(maker, 'condition.c', Place.size);
  const place = new Place(both.buffer);
  if (maker === 'memspan') place.init();
  else assert.equal(await both.ask('init'), '0');
  return { both, place };
}

suite('condition.c', { skip: needs('gcc') }, () => {
  before(() => compiled('condition.c'));

  for (const maker of makers) {
    test(`C waits until memspan signals, made by ${maker}`, async () => {
      const { both, place } = await placeBy(maker);
      await using _ = both;
      const woken = both.ask('wait');
      await place.asleep(1);
      place.set(1);
      assert.equal(await woken, '0');
      assert.equal(place.ready, 0);
    });

    test(`memspan waits until C signals, made by ${maker}`, async () => {
      const { both, place } = await placeBy(maker);
      await using _ = both;
      const woken = place.take();
      await place.asleep(1);
      assert.equal(await both.ask('waiting'), '1');
      assert.equal(await both.ask('set 1'), '0');
      assert.equal(await woken, 0);
      assert.equal(await both.ask('get'), '0');
    });

    test(`a broadcast by either wakes those who wait on both sides, made by ${maker}`, async () => {
      const { both, place } = await placeBy(maker);
      await using _ = both;
      const another = await both.another();
      for (const setter of ['C', 'memspan']) {
        const woken = [both.ask('wait'), another.ask('wait'), place.take(), place.take()];
        await place.asleep(4);
        if (setter === 'memspan') place.set(4);
        else {
          const third = await both.another();
          await third.ask('set 4');
          await third.end();
        }
        assert.deepEqual(await Promise.all(woken), ['0', '0', 0, 0]);
      }
      await another.end();
    });
  }

  test('a thousand turns, each waiting for the other', async () => {
    const { both, place } = await placeBy('memspan');
    await using _ = both;
    for (let turn = 0; turn < 500; turn++) {
      const there = both.ask('wait');
      place.set(1);
      assert.equal(await there, '0');
      const here = place.take();
      await both.ask('set 1');
      assert.equal(await here, 0);
    }
    assert.equal(place.ready, 0);
  });

  test('nobody signals: ETIMEDOUT, with the mutex held', async () => {
    const { both, place } = await placeBy('the program');
    await using _ = both;
    pthread_mutex_lock(place.mutex);
    const result = pthread_cond_timedwait(place.changed, place.mutex, Date.now() + 20);
    assert.equal(result, ETIMEDOUT);
    const locked = both.ask('lock');
    pthread_mutex_unlock(place.mutex);
    assert.equal(await locked, '0');
    await both.ask('unlock');
  });

  test('C signals and is killed before it unlocks: who waited gets EOWNERDEAD and the mutex', async () => {
    const { both, place } = await placeBy('the program');
    await using _ = both;
    const woken = place.take();
    await place.asleep(1);
    assert.equal(await both.ask('lock'), '0');
    assert.equal(await both.ask('ring'), '0');
    await both.replace();
    assert.equal(await woken, EOWNERDEAD);
    assert.equal(place.ready, 0);
    const again = place.take();
    await place.asleep(1);
    assert.equal(await both.ask('set 1'), '0');
    assert.equal(await again, 0);
  });

  test('C is killed while it waits: a notifier of glibc would hang for ever, here it is told ETIMEDOUT', async () => {
    const { both, place } = await placeBy('memspan');
    await using _ = both;
    both.ask('wait').catch(() => {});
    await place.asleep(1);
    await until(() => both.peer.sleeps, 'C to be in the kernel');
    await both.replace();
    // Another process, which keeps the memory mapped to its end: the call is still in there.
    const child = await startChild();
    const signal = (): Promise<void> =>
      child.run(({ memspan, posix, kept }, name) => {
        kept.segment ??= memspan.Segment.open(name);
        posix.pthread_cond_signal(posix.pthread_cond_t(kept.segment.buffer, 64));
      }, both.segment.name as string);
    await signal(); // Spent on the dead one, which stays in glibc's books.
    const waiting = both.ask('wait');
    await place.asleep(2); // It and the dead one.
    await assert.rejects(signal(), { message: /ETIMEDOUT/ });
    await both.replace();
    await assert.rejects(waiting, /SIGKILL/);
    await child.kill();
  });
});
