// memspan/posix and memspan/sysv on Windows: they can be imported, and say what is not there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import * as sysv from '../../../src/os/sysv.ts';

const UNSUPPORTED = { name: 'MemspanError', code: 'ERR_MEMSPAN_UNSUPPORTED' };

test('every call that would need the system is refused with a reason', () => {
  for (const act of [
    () => posix.shm_open('/x', 0, 0),
    () => posix.sem_open('/x', 0),
    () => posix.sem_unlink('/x'),
    () => posix.mmap(null, 4096, 3, 1, 3, 0),
    () => posix.pthread_mutex_t(new SharedArrayBuffer(64)),
    () => posix.pthread_cond_t(new SharedArrayBuffer(64)),
    () => sysv.shmget(1, 1, 0),
    () => sysv.semget(1, 1, 0),
  ]) {
    assert.throws(act, UNSUPPORTED, String(act));
  }
});
