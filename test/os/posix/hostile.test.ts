// Bytes that are no object: no call crashes on what was there before it, and a robust mutex that is written over while it
// is held does not take its thread along. Who writes during a call is another matter: docs/posix.md.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { startChild, startWorker, type Tools } from '../../support/puppets.ts';
import { seededRandom } from '../../support/segments.ts';
import { childIn, enter, refused, room, soon } from './room.ts';

const { pthread_mutex_init, pthread_mutex_lock, pthread_mutex_t, pthread_mutex_unlock } = posix;
/** On other machines glibc makes such mutexes itself. */
const hasElision = process.arch !== 'x64' || / rtm /.test(fs.readFileSync('/proc/cpuinfo', 'utf8'));
const ROBUST = { robust: posix.PTHREAD_MUTEX_ROBUST };

for (const type of [
  'sem_t',
  'pthread_mutex_t',
  'pthread_barrier_t',
  'pthread_cond_t',
  'pthread_rwlock_t',
] as const) {
  test(`${type}: zeros, ones and noise`, async (t) => {
    const random = seededRandom(t);
    const fillings = Array.from({ length: 24 }, (_, i) =>
      Array.from({ length: 64 }, () => (i === 0 ? 0 : i === 1 ? 255 : (random() * 256) | 0)),
    );
    const child = await startChild();
    // What it is told: how many calls returned or threw, in a process that is still there.
    const calls = await child.run(
      ({ memspan, posix }, type, fillings) => {
        const functions = posix as unknown as Record<string, (...args: unknown[]) => unknown>;
        const { buffer } = memspan.Segment.anonymous(4096);
        const bytes = new Uint8Array(buffer, 0, 64);
        const object = functions[type]!(buffer);
        const mutex = posix.pthread_mutex_t(buffer, 256);
        posix.pthread_mutex_init(mutex);
        posix.pthread_mutex_lock(mutex);
        const late = (): number => Date.now() + 2;
        const named: Record<string, [string, ...unknown[]][]> = {
          sem_t: [
            ['sem_getvalue'],
            ['sem_trywait'],
            ['sem_timedwait', 0],
            ['sem_post'],
            ['sem_destroy'],
          ],
          pthread_mutex_t: [
            ['pthread_mutex_trylock'],
            ['pthread_mutex_timedlock', 0],
            ['pthread_mutex_unlock'],
            ['pthread_mutex_consistent'],
            ['pthread_mutex_destroy'],
          ],
          pthread_barrier_t: [['pthread_barrier_destroy']],
          pthread_cond_t: [['pthread_cond_destroy']],
          pthread_rwlock_t: [
            ['pthread_rwlock_tryrdlock'],
            ['pthread_rwlock_trywrlock'],
            ['pthread_rwlock_timedrdlock', 0],
            ['pthread_rwlock_timedwrlock', 0],
            ['pthread_rwlock_unlock'],
            ['pthread_rwlock_destroy'],
          ],
        };
        let calls = 0;
        for (const filling of fillings) {
          for (const [call, ...args] of named[type]!) {
            bytes.set(filling);
            try {
              functions[call]!(object, ...args.map(late));
              if (/lock$/.test(call) && !/unlock/.test(call))
                functions[call.replace(/_(try|timed)?(rd|wr)?lock$/, '_unlock')]!(object);
            } catch {}
            calls++;
          }
        }
        return calls;
      },
      type,
      fillings,
    );
    assert.ok(calls >= 24);
  });
}

for (const [what, kind] of [
  ['one that does not exist', 3 | 0x4000],
  ...(hasElision ? [] : [['one with instructions that this processor lacks', 256] as const]),
  ['one whose owner inherits priorities and has died, not robust', 32],
  ['one with a priority that is none', 64],
] as const) {
  test(`a mutex of a kind that cannot be (${what}): EINVAL`, (t) => {
    const { buffer } = room(t);
    const mutex = pthread_mutex_t(buffer);
    const words = new Uint32Array(buffer, 0, 10);
    words[0] = 0x40000000;
    words[4] = kind;
    refused('pthread_mutex_lock', 'EINVAL', () => pthread_mutex_lock(mutex));
    refused('pthread_mutex_trylock', 'EINVAL', () => posix.pthread_mutex_trylock(mutex));
    refused('pthread_mutex_unlock', 'EINVAL', () => pthread_mutex_unlock(mutex));
    refused('pthread_mutex_destroy', 'EINVAL', () => posix.pthread_mutex_destroy(mutex));
  });
}

for (const where of ['here', 'in a worker', 'in a thread of ours'] as const) {
  for (const [what, spoil] of [
    ['zeroed', [[0, 40, 0]]],
    ['with pointers that lead nowhere', [[24, 40, 0x41]]],
    ['with a pointer forward that leads nowhere', [[24, 32, 0x41]]],
    ['with a pointer back that leads nowhere', [[32, 40, 0x41]]],
    ['made anew as another kind', [[16, 20, 0]]],
  ] as const) {
    test(`a robust mutex, held ${where}, ${what}: ERR_MEMSPAN_CORRUPT, and others go on`, async (t) => {
      const here = room(t);
      const child = await childIn(here);
      const act = async (
        { posix, kept }: Tools,
        asynchronous: boolean,
        spoil: readonly (readonly number[])[],
      ): Promise<string[]> => {
        const codeOf = (act: () => unknown): string => {
          try {
            return String(act());
          } catch (error) {
            return (error as { code: string }).code;
          }
        };
        const mutexes = [0, 64, 128].map((at) => posix.pthread_mutex_t(kept.buffer, at));
        for (const mutex of mutexes) {
          posix.pthread_mutex_init(mutex, { robust: posix.PTHREAD_MUTEX_ROBUST });
          if (asynchronous) await posix.pthread_mutex_lockAsync(mutex);
          else posix.pthread_mutex_lock(mutex);
        }
        for (const [from, to, byte] of spoil) {
          new Uint8Array(kept.buffer, 64).fill(byte as number, from, to);
        }
        const codes = [codeOf(() => posix.pthread_mutex_unlock(mutexes[1]!))];
        // Its neighbours in the list, and one that comes and goes.
        const more = posix.pthread_mutex_t(kept.buffer, 192);
        posix.pthread_mutex_init(more, { robust: posix.PTHREAD_MUTEX_ROBUST });
        posix.pthread_mutex_lock(more);
        for (const mutex of [mutexes[2], more, mutexes[0]]) {
          codes.push(codeOf(() => posix.pthread_mutex_unlock(mutex!)));
        }
        return codes;
      };
      const puppet = where === 'in a worker' ? await enter(await startWorker(), here.name) : child;
      const [code, ...others] = await puppet.run(act, where === 'in a thread of ours', spoil);
      assert.equal(code, 'ERR_MEMSPAN_CORRUPT');
      assert.deepEqual(others, ['0', '0', '0']);
      // Ended as it should be, not by a signal.
      if (where === 'in a worker') await puppet.kill();
      else {
        child.run(() => process.exit(7)).catch(() => {});
        assert.deepEqual(await child.exited, { code: 7, signal: null });
      }
    });
  }
}

test('a robust mutex in a file that is made shorter: ERR_MEMSPAN_TRUNCATED, and no crash', async (t) => {
  const here = room(t, 8192);
  const child = await childIn(here);
  const codes = await child.run(({ posix, kept, fs }, path) => {
    const codeOf = (act: () => unknown): string => {
      try {
        return String(act());
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const [gone, more] = [4096, 0].map((at) => posix.pthread_mutex_t(kept.buffer, at));
    for (const mutex of [gone, more]) {
      posix.pthread_mutex_init(mutex!, { robust: posix.PTHREAD_MUTEX_ROBUST });
      posix.pthread_mutex_lock(mutex!);
    }
    fs.truncateSync(path, 4096);
    return [gone, more, gone].map((mutex) => codeOf(() => posix.pthread_mutex_unlock(mutex!)));
  }, `/dev/shm/${here.name}`);
  assert.equal(codes[0], 'ERR_MEMSPAN_TRUNCATED');
  child.run(() => process.exit(7)).catch(() => {});
  assert.deepEqual(await child.exited, { code: 7, signal: null });
});

test('cond_wait looks at the robust mutex, too', (t) => {
  const { buffer } = room(t);
  const mutex = pthread_mutex_t(buffer, 64);
  const cond = posix.pthread_cond_t(buffer);
  posix.pthread_cond_init(cond);
  pthread_mutex_init(mutex, ROBUST);
  pthread_mutex_lock(mutex);
  const list = new BigUint64Array(buffer, 64 + 24, 2);
  const before = [...list];
  list.fill(0x41414141n);
  assert.throws(() => posix.pthread_cond_timedwait(cond, mutex, soon()), {
    code: 'ERR_MEMSPAN_CORRUPT',
  });
  list.set(before);
  pthread_mutex_unlock(mutex);
});
