// Who ends with a lock, and whose memory is dropped while it is held.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Segment } from '../../../src/index.ts';
import * as posix from '../../../src/os/posix.ts';
import { startChild } from '../../support/puppets.ts';
import { codeOf } from '../../support/segments.ts';
import { callIn, childIn, room, workerWith } from './room.ts';

const { pthread_mutex_init, pthread_mutex_lockAsync, pthread_mutex_t } = posix;
const { pthread_mutex_unlock } = posix;

for (const how of ['pthread_mutex_lock', 'pthread_mutex_lockAsync'] as const) {
  test(`a worker ends with a robust mutex (${how}): the next one is told, and its memory can be closed`, async (t) => {
    const here = room(t);
    const mutex = pthread_mutex_t(here.buffer);
    pthread_mutex_init(mutex, { robust: posix.PTHREAD_MUTEX_ROBUST });
    const child = await childIn(here);
    for (const next of ['here', 'there'] as const) {
      const segment = Segment.open(here.name);
      const worker = await workerWith(segment.buffer);
      assert.equal(await callIn(worker, 'pthread_mutex_t', how), 0);
      assert.equal(
        codeOf(() => segment.close()),
        'ERR_MEMSPAN_BUSY',
      );
      const waiting = next === 'here' ? pthread_mutex_lockAsync(mutex) : undefined;
      await worker.kill();
      if (waiting) {
        assert.equal(await waiting, posix.EOWNERDEAD);
        posix.pthread_mutex_consistent(mutex);
        pthread_mutex_unlock(mutex);
      } else {
        assert.equal(await callIn(child, 'pthread_mutex_t', 'pthread_mutex_lock'), 130);
        await callIn(child, 'pthread_mutex_t', 'pthread_mutex_consistent');
        await callIn(child, 'pthread_mutex_t', 'pthread_mutex_unlock');
      }
      segment.close();
    }
  });
}

test('a buffer that nobody refers to any more stays mapped while a lock in it is held', async () => {
  const child = await startChild({ execArgv: ['--expose-gc'] });
  const result = await child.run(async ({ memspan, posix, collect }) => {
    const more = memspan.Segment.anonymous(4096);
    const lock = (buffer: SharedArrayBuffer) => {
      const mutex = posix.pthread_mutex_t(buffer);
      posix.pthread_mutex_init(mutex, { robust: posix.PTHREAD_MUTEX_ROBUST });
      posix.pthread_mutex_lock(mutex);
      return mutex;
    };
    lock(memspan.Segment.anonymous(4096).buffer);
    await collect();
    // Its neighbour in the thread's list is written to.
    const mutex = lock(more.buffer);
    await collect();
    return posix.pthread_mutex_unlock(mutex);
  });
  assert.equal(result, 0);
});
