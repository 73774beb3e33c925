// From what the addon returns to what the manual page says, or to an error; and from a ticket to a promise.

import { constants } from 'node:os';
import { invalidArgument, MemspanError, systemError } from '../errors.ts';
import { firstTicket, os, Refusal, settlements } from './native.ts';
import { remedyOf } from './remedy.ts';

const errnos = constants.errno;

/** The options of every `…Async` twin. */
export interface CallOptions {
  /** Ends the call; its promise rejects with the signal's reason, and nothing has been taken. */
  signal?: AbortSignal | undefined;
}

/** The result of a call that says −errno for an error. `object` is the name it was given, if any. */
export function checked(result: number, call: string, object?: string | undefined): number {
  if (result >= 0) return result;
  if (result <= Refusal.notMapped) throw refusal(result, call, object);
  if (-result === errnos.ETIMEDOUT || (-result === errnos.EAGAIN && TRIES.includes(call))) {
    throw notInTime(call, -result, object);
  }
  throw systemError(call, -result, call, object, remedyOf(call, -result));
}

/** Calls whose EAGAIN says that they would have to wait, not that a limit is reached. */
const TRIES: readonly string[] = ['sem_trywait', 'semop', 'semtimedop'];

function notInTime(call: string, errno: number, object: string | undefined): MemspanError {
  const timedOut = errno === errnos.ETIMEDOUT;
  return new MemspanError('ERR_MEMSPAN_WOULD_BLOCK', {
    operation: call,
    object,
    cause: timedOut ? 'ETIMEDOUT: it was not to be had in time' : 'EAGAIN: it is not to be had now',
    errno,
    syscall: call,
  });
}

/** That of a pthread function, which returns its error number: one of `outcomes` is returned, others are thrown. */
export function outcome(result: number, call: string, outcomes: readonly number[] = []): number {
  if (result === 0 || outcomes.includes(result)) return result;
  if (result <= Refusal.notMapped) throw refusal(result, call, undefined);
  const errno = Math.abs(result);
  throw systemError(call, errno, call, undefined, remedyOf(call, errno));
}

/** Resolves with the result of an asynchronous call as `read` has it; rejects with what that throws. */
export function settled(
  ticket: number,
  signal: AbortSignal | undefined,
  read: (result: number) => number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const finish = (result: number): void => {
      signal?.removeEventListener('abort', onAbort);
      if (result === Refusal.aborted) {
        reject(signal?.reason);
        return;
      }
      try {
        resolve(read(result));
      } catch (error) {
        reject(error);
      }
    };
    const onAbort = (): void => os.cancelCall(ticket);
    if (ticket < firstTicket) {
      finish(ticket);
      return;
    }
    settlements.set(ticket, finish);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The signal of the options. An aborted one is thrown as it says, before anything is called. */
export function signalOf(options: CallOptions | undefined, call: string): AbortSignal | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument(`${call}: options are an object like {signal}`);
  }
  const { signal } = options;
  if (signal === undefined) return undefined;
  // Of another realm it is no instance of this one's AbortSignal.
  const { aborted, addEventListener } = Object(signal) as Partial<AbortSignal>;
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function') {
    throw invalidArgument(`${call}: signal is an AbortSignal`);
  }
  return signal;
}

function refusal(result: number, call: string, object: string | undefined): Error {
  const details = { operation: call, object };
  switch (result) {
    case Refusal.gone:
      return new MemspanError('ERR_MEMSPAN_CLOSED', {
        ...details,
        cause: 'its memory is unmapped',
        remedy: 'Map or open it again',
      });
    case Refusal.cut:
      return new MemspanError('ERR_MEMSPAN_TRUNCATED', {
        ...details,
        cause:
          'somebody made the object shorter than its mapping, or it was touched beyond its end',
        remedy: 'Map it again',
      });
    case Refusal.readOnly:
      return new MemspanError('ERR_MEMSPAN_READ_ONLY', {
        ...details,
        cause: 'its memory cannot be written to, or a write to it was diverted',
        remedy: 'Map it with PROT_WRITE',
      });
    case Refusal.forbidden:
      return new MemspanError('ERR_MEMSPAN_PERMISSION', {
        ...details,
        cause: 'memory with PROT_NONE in it was touched: what was read there were zeros',
        remedy: 'Open it with mprotect first',
      });
    case Refusal.corrupt:
      return new MemspanError('ERR_MEMSPAN_CORRUPT', {
        ...details,
        cause: 'somebody has written over the mutex since this thread locked it',
        remedy: 'It stays locked until this thread ends',
      });
    case Refusal.notMapped:
      return invalidArgument(
        `${call}: the memory is none that mmap, shmat or a Segment has mapped; ordinary buffers cannot be shared`,
      );
    default:
      return new MemspanError('ERR_MEMSPAN_CLOSED', { ...details, cause: 'this thread is ending' });
  }
}
