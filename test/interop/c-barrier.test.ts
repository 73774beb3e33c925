// A process-shared barrier with C at some of its sides and memspan/posix at others: initialised by either; and a party
// in C killed by SIGKILL while it waits.
import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import {
  PTHREAD_BARRIER_SERIAL_THREAD,
  pthread_barrier_destroy,
  pthread_barrier_init,
  pthread_barrier_t,
  pthread_barrier_wait,
  pthread_barrier_waitAsync,
} from '../../src/os/posix.ts';
import { needs } from '../support/extras.ts';
import { until } from '../support/segments.ts';
import { compiled } from './compile.ts';
import { type Maker, makers, Shared } from './shared.ts';

const SIZE = 128;
const ROUNDS = 200;

/** A barrier made by either, in a segment made by the same. */
async function barrierBy(
  maker: Maker,
  count: number,
): Promise<{ both: Shared; barrier: pthread_barrier_t }> {
  const both = await Shared.by(maker, 'barrier.c', SIZE);
  const barrier = pthread_barrier_t(both.buffer);
  if (maker === 'the program') assert.equal(await both.ask(`init ${count}`), '0');
  else pthread_barrier_init(barrier, null, count);
  return { both, barrier };
}

/** How many have ever come to it: the first word of glibc's barrier. */
function arrived({ buffer }: Shared): number {
  return Atomics.load(new Int32Array(buffer), 0);
}

suite('barrier.c', { skip: needs('gcc') }, () => {
  before(() => compiled('barrier.c'));

  for (const maker of makers) {
    for (const how of ['blocking', 'asynchronous'] as const) {
      test(`two in C and one here, ${how}, made by ${maker}: one of them is the serial thread each time`, async () => {
        const { both, barrier } = await barrierBy(maker, 3);
        await using _ = both;
        const third = await both.another();
        const theirs = [both.ask(`wait ${ROUNDS}`), third.ask(`wait ${ROUNDS}`)];
        let ours = 0;
        for (let i = 0; i < ROUNDS; i++) {
          const result =
            how === 'blocking'
              ? pthread_barrier_wait(barrier)
              : await pthread_barrier_waitAsync(barrier);
          if (result === PTHREAD_BARRIER_SERIAL_THREAD) ours++;
          else assert.equal(result, 0);
        }
        const [one, other] = (await Promise.all(theirs)).map(Number);
        assert.equal(ours + one! + other!, ROUNDS);
        assert.equal(pthread_barrier_destroy(barrier), 0);
        await third.end();
      });
    }

    test(`C does not go on before this end is there, nor this end before C, made by ${maker}`, async () => {
      const { both, barrier } = await barrierBy(maker, 2);
      await using _ = both;
      const theirs = both.ask('wait 1');
      await until(() => arrived(both) === 1, 'C to be there');
      await until(() => both.peer.sleeps, 'C to wait');
      assert.equal(pthread_barrier_wait(barrier), PTHREAD_BARRIER_SERIAL_THREAD);
      assert.equal(await theirs, '0');

      let isDone = false;
      const ours = pthread_barrier_waitAsync(barrier).then(() => {
        isDone = true;
      });
      await until(() => arrived(both) === 3, 'this end to be there');
      await both.ask('get');
      assert.equal(isDone, false);
      assert.equal(await both.ask('wait 1'), '1');
      await ours;
    });
  }

  test('C is killed while it waits: glibc counts it all the same, and lets the next one go', async () => {
    const { both, barrier } = await barrierBy('memspan', 2);
    await using _ = both;
    both.ask('wait 1').catch(() => {});
    await until(() => arrived(both) === 1, 'C to be there');
    await both.replace();
    assert.equal(pthread_barrier_wait(barrier), PTHREAD_BARRIER_SERIAL_THREAD);
  });
});
