// What can be wrong with releasing a semaphore.

import { MemspanError } from '../errors.ts';

const operation = 'semaphore.release';

export function overflow(object: string, count: number, max: number): MemspanError {
  return new MemspanError('ERR_MEMSPAN_OVERFLOW', {
    operation,
    object,
    cause: `with ${count} more there would be more than ${max} permits`,
    remedy: 'Release what was acquired, and once',
    expected: max,
  });
}

export function notHeld(object: string, expected: number, found: number): MemspanError {
  return new MemspanError('ERR_MEMSPAN_NOT_HELD', {
    operation,
    object,
    cause: `this thread has ${found} of its permits, and would give back ${expected}`,
    remedy: 'With undo, a permit is released by the thread that has acquired it',
    expected,
    found,
  });
}
