// Wrong arguments of the semaphores and pthread functions: refused before any system call, with a TypeError or a RangeError.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { room } from './room.ts';

const types = ['sem_t', 'pthread_mutex_t', 'pthread_cond_t', 'pthread_rwlock_t'] as const;
const functions = posix as unknown as Record<string, (...args: unknown[]) => unknown>;

/** 'TypeError' or 'RangeError' with a code, of a throw or a rejection. */
async function kindOf(act: () => unknown): Promise<string> {
  try {
    await act();
    return 'nothing';
  } catch (error) {
    const { name, code } = error as { name: string; code?: string };
    assert.match(String(code), /^ERR_MEMSPAN_(INVALID_ARGUMENT|OUT_OF_RANGE)$/, String(error));
    return name;
  }
}

/** What each function takes besides its object; only the objects are wrong below. */
const rest: Record<string, readonly unknown[]> = {
  sem_init: [1, 0],
  sem_timedwait: [0],
  sem_timedwaitAsync: [0],
  pthread_barrier_init: [null, 1],
  pthread_mutex_timedlock: [0],
  pthread_mutex_timedlockAsync: [0],
  pthread_rwlock_timedrdlock: [0],
  pthread_rwlock_timedrdlockAsync: [0],
  pthread_rwlock_timedwrlock: [0],
  pthread_rwlock_timedwrlockAsync: [0],
};
const makers = [...types, 'pthread_barrier_t'];
const calls = Object.keys(posix).filter(
  (name) =>
    /^(sem|pthread)_/.test(name) &&
    !makers.includes(name) &&
    !['sem_open', 'sem_unlink'].includes(name),
);

test(`a wrong object: TypeError from each of the ${calls.length} functions`, async (t) => {
  const { buffer } = room(t);
  assert.ok(calls.length > 40);
  for (const call of calls) {
    const right = makers.find((type) => call.startsWith(type.slice(0, -2)));
    const wrong = [undefined, null, 1, 'x', {}, buffer, new Uint8Array(64)];
    for (const type of makers) if (type !== right) wrong.push(functions[type]!(buffer) as object);
    for (const object of wrong) {
      const args = [object, ...(rest[call] ?? [])];
      assert.equal(await kindOf(() => functions[call]!(...args)), 'TypeError', call);
    }
  }
});

test('memory that cannot be shared: a TypeError before there is a pointer', async () => {
  for (const type of makers) {
    for (const region of [new SharedArrayBuffer(128), new ArrayBuffer(128), Buffer.alloc(128)]) {
      assert.equal(await kindOf(() => functions[type]!(region)), 'TypeError', type);
    }
  }
});

for (const type of makers) {
  test(`${type}: regions and offsets`, async (t) => {
    const { buffer } = room(t);
    const size = posix.sizeof[type as posix.PointerType];
    const at = (offset: unknown): Promise<string> => kindOf(() => functions[type]!(buffer, offset));
    assert.equal(await at(0), 'nothing');
    assert.equal(await at(4096 - size), 'nothing');
    for (const offset of [-8, 1, 2, 0.5, Number.NaN, 4096, 4100 - size, 2 ** 60]) {
      assert.equal(await at(offset), 'RangeError', String(offset));
    }
    for (const offset of ['0', null, {}, 8n]) assert.equal(await at(offset), 'TypeError');
    for (const region of [undefined, null, 5, {}, [], 'x']) {
      assert.equal(await kindOf(() => functions[type]!(region)), 'TypeError');
    }
    const view = new DataView(buffer, 64, 128);
    const pointer = functions[type]!(view, 8) as posix.Pointer;
    assert.deepEqual([pointer.buffer, pointer.byteOffset, pointer.type], [buffer, 72, type]);
    assert.equal(await kindOf(() => functions[type]!(view, 128)), 'RangeError');
  });
}

test('other arguments', async (t) => {
  const { buffer } = room(t);
  const sem = posix.sem_t(buffer);
  const mutex = posix.pthread_mutex_t(buffer, 64);
  const cond = posix.pthread_cond_t(buffer, 128);
  const barrier = posix.pthread_barrier_t(buffer, 192);
  const any = (value: unknown): never => value as never;
  const cases: [string, () => unknown][] = [
    ['TypeError', () => posix.sem_open(any(1), 0)],
    ['TypeError', () => posix.sem_open('/a\0b', 0)],
    ['TypeError', () => posix.sem_open('/a', any('0'))],
    ['RangeError', () => posix.sem_open('/a', 0, 0o10000)],
    ['RangeError', () => posix.sem_open('/a', 0, 0o600, -1)],
    ['TypeError', () => posix.sem_unlink(any(undefined))],
    ['TypeError', () => posix.sem_init(sem, any(true), 0)],
    ['RangeError', () => posix.sem_init(sem, 1, 0.5)],
    ['RangeError', () => posix.sem_init(sem, 1, 2 ** 32)],
    ['TypeError', () => posix.sem_timedwait(sem, any('soon'))],
    ['TypeError', () => posix.sem_timedwait(sem, any(undefined))],
    ['TypeError', () => posix.sem_timedwait(sem, any({ tv_sec: 1 }))],
    ['RangeError', () => posix.sem_timedwait(sem, Number.NaN)],
    ['RangeError', () => posix.sem_timedwait(sem, { tv_sec: 0.5, tv_nsec: 0 })],
    ['TypeError', () => posix.sem_waitAsync(sem, any(null))],
    ['TypeError', () => posix.sem_waitAsync(sem, { signal: any({}) })],
    ['TypeError', () => posix.pthread_mutex_init(mutex, any(5))],
    ['TypeError', () => posix.pthread_mutex_init(mutex, any({ robustt: 1 }))],
    ['TypeError', () => posix.pthread_mutex_init(mutex, { type: any('recursive') })],
    ['RangeError', () => posix.pthread_mutex_init(mutex, { type: 0.5 })],
    ['TypeError', () => posix.pthread_cond_init(cond, any({ type: 1 }))],
    ['TypeError', () => posix.pthread_cond_wait(cond, any(cond))],
    ['TypeError', () => posix.pthread_barrier_init(barrier, null, any('2'))],
    ['RangeError', () => posix.pthread_barrier_init(barrier, null, -1)],
  ];
  for (const [i, [kind, act]] of cases.entries()) assert.equal(await kindOf(act), kind, `${i}`);
});

test('an aborted signal: its reason, and nothing is called', async (t) => {
  const sem = posix.sem_t(room(t).buffer);
  posix.sem_init(sem, 1, 1);
  const signal = AbortSignal.abort(new Error('never mind'));
  await assert.rejects(posix.sem_waitAsync(sem, { signal }), /never mind/);
  assert.equal(posix.sem_getvalue(sem), 1);
});
