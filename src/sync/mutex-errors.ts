// What can be wrong with a mutex itself.

import { MemspanError } from '../errors.ts';

export function selfDeadlock(operation: string, object: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_DEADLOCK', {
    operation,
    object,
    cause: 'this thread holds it already, and would wait for itself',
    remedy: 'Release it first, use lockAsync in another task, or make the mutex recursive',
  });
}

export function unrecoverable(operation: string, object: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_NOT_RECOVERABLE', {
    operation,
    object,
    cause: 'an owner died, and the next one released it without markConsistent()',
    remedy: 'Use another name, or remove the span and make it anew',
  });
}

export function notHeld(object: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_NOT_HELD', {
    operation: 'mutex.release',
    object,
    cause: 'its word says that this thread does not hold it: somebody has written over it',
    remedy: 'Look for who writes to the span without knowing its format',
  });
}
