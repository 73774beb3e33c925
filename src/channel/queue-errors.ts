// The errors of a queue's ends.

import { MemspanError, outOfRange } from '../errors.ts';

export function endClosed(operation: string, object: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_CLOSED', {
    operation,
    object,
    cause: 'this end of the queue is closed',
    remedy: 'Make another one with queue.writer() or queue.reader()',
  });
}

export function notHeld(operation: string, object: string, what: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_NOT_HELD', {
    operation,
    object,
    cause: `it was ${what}, and is no longer this thread's`,
    remedy: 'Use its bytes before that',
  });
}

export function tooLong(operation: string, length: number, messageMax: number): RangeError {
  return outOfRange(
    `${operation}: a message of ${length} bytes is longer than messageMax, ${messageMax}`,
  );
}

export function notALength(operation: string, object: string, length: number): MemspanError {
  return new MemspanError('ERR_MEMSPAN_CORRUPT', {
    operation,
    object,
    cause: `a message says that it has ${length} bytes; it was dropped`,
    remedy: 'Somebody has written over it, or wrote it with another program',
    found: length,
  });
}
