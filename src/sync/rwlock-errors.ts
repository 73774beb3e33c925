// What can be wrong with a reader-writer lock itself. What it has in common with a mutex: mutex-errors.ts.

import { MemspanError } from '../errors.ts';
import { READS } from '../span/participant.layout.ts';

export function selfDeadlock(operation: string, object: string, isWriting: boolean): MemspanError {
  const held = isWriting ? 'writes' : 'reads';
  return new MemspanError('ERR_MEMSPAN_DEADLOCK', {
    operation,
    object,
    cause: `this thread ${held} already, and would wait for itself`,
    remedy: isWriting
      ? 'Release it first, downgrade(), or use the asynchronous form in another task'
      : 'Release it first, or try tryUpgrade()',
  });
}

export function notHeld(object: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_NOT_HELD', {
    operation: 'rwlock.release',
    object,
    cause: 'its word says that this thread does not hold it: somebody has written over it',
    remedy: 'Look for who writes to the span without knowing its format',
  });
}

export function tooManyReads(object: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_LIMIT', {
    operation: 'rwlock.read',
    object,
    cause: `this thread reads ${READS} locks already`,
    remedy: 'Release some of them first, or guard more with each',
    expected: READS,
  });
}

export function usedUp(object: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_NOT_HELD', {
    operation: 'writeGuard.downgrade',
    object,
    cause: 'this guard was released or downgraded before',
    remedy: 'Downgrade a guard once, while it is held',
  });
}
