// semget(2), semop(2), semtimedop(2): sets of counters, changed by several steps at once or not at all.

import { invalidArgument, outOfRange } from '../../errors.ts';
import { integerOf } from '../arguments.ts';
import { type CallOptions, settled, signalOf } from '../outcome.ts';
import { timeOf, type timespec } from '../time.ts';
import { checked } from './failure.ts';
import { keyOf, nameOfKey } from './key.ts';
import { systemV } from './native.ts';

/** One step of an operation. */
export interface sembuf {
  /** Which semaphore of the set, from 0. */
  readonly sem_num: number;
  /** Added if the value does not fall below 0 by it, else waited for; 0 waits until the value is 0. */
  readonly sem_op: number;
  /** IPC_NOWAIT, SEM_UNDO. */
  readonly sem_flg?: number | undefined;
}

/** How long, not until when. A number is milliseconds; null is for ever. */
export type SemaphoreTimeout = timespec | number | null;

/**
 * The identifier of the set that `key` leads to, or of a new one, whose values are 0.
 *
 * @param nsems how many semaphores a new set has; an old one at least so many (0: any number)
 * @param semflg IPC_CREAT, IPC_EXCL, and the mode's nine bits
 * @throws MemspanError ENOENT, EEXIST, EACCES, EINVAL (too many, or more than there are), ENOSPC, ENOMEM. Source: semget(2)
 */
export function semget(key: number, nsems: number, semflg: number): number {
  const result = systemV.semget(
    keyOf(key, 'semget'),
    integerOf(nsems, 'nsems', 'semget'),
    integerOf(semflg, 'semflg', 'semget'),
  );
  return checked(result, 'semget', nameOfKey(key));
}

/**
 * Takes all the steps at once, and blocks this thread until they can be taken. A worker can be terminated meanwhile; it
 * sleeps in slices of 50 ms and goes to the end of the queue after each, the main thread keeps its place. Interruptions
 * by signals (EINTR) are not seen.
 *
 * @throws MemspanError EAGAIN (a step says IPC_NOWAIT), EIDRM, EINVAL (no such set, no step), E2BIG (more than SEMOPM
 * steps), EFBIG (no such semaphore in the set), ERANGE (above SEMVMX), EACCES, ENOMEM, ENOSPC. Source: semop(2)
 */
export function semop(semid: number, sops: readonly sembuf[]): 0 {
  return operate('semop', semid, sops, null);
}

/**
 * semop() that gives up when the time is over.
 *
 * @throws MemspanError as semop(), and EAGAIN when the time is over. Source: semtimedop(2)
 */
export function semtimedop(semid: number, sops: readonly sembuf[], timeout: SemaphoreTimeout): 0 {
  return operate('semtimedop', semid, sops, timeout);
}

function operate(
  call: string,
  semid: number,
  sops: readonly sembuf[],
  timeout: SemaphoreTimeout,
): 0 {
  const id = integerOf(semid, 'semid', call);
  const result = systemV.semop(id, stepsOf(sops, call), ...durationOf(timeout, call));
  checked(result, call, `semid ${id}`);
  return 0;
}

/** semop() that does not block this thread: it is taken by another one. Rejects as semop() throws. */
export function semopAsync(
  semid: number,
  sops: readonly sembuf[],
  options?: CallOptions,
): Promise<0> {
  return operateAsync('semop', semid, sops, null, options);
}

/** semtimedop() that does not block this thread. Rejects as semtimedop() throws. */
export function semtimedopAsync(
  semid: number,
  sops: readonly sembuf[],
  timeout: SemaphoreTimeout,
  options?: CallOptions,
): Promise<0> {
  return operateAsync('semtimedop', semid, sops, timeout, options);
}

async function operateAsync(
  call: string,
  semid: number,
  sops: readonly sembuf[],
  timeout: SemaphoreTimeout,
  options: CallOptions | undefined,
): Promise<0> {
  const id = integerOf(semid, 'semid', call);
  const steps = stepsOf(sops, call);
  const duration = durationOf(timeout, call);
  const signal = signalOf(options, call);
  signal?.throwIfAborted();
  const ticket = checked(systemV.semopAsync(id, steps, ...duration), 'pthread_create');
  await settled(ticket, signal, (result) => checked(result, call, `semid ${id}`));
  return 0;
}

/** As struct sembuf lies in memory. */
function stepsOf(sops: readonly sembuf[], call: string): Int16Array {
  if (!Array.isArray(sops)) throw invalidArgument(`${call}: sops is an array of {sem_num, sem_op}`);
  const steps = new Int16Array(3 * sops.length);
  // By index: forEach would leave out what is not there.
  for (let i = 0; i < sops.length; i++) {
    const { sem_num, sem_op, sem_flg = 0 } = Object(sops[i]) as Partial<sembuf>;
    steps[3 * i] = integerOf(sem_num, `sops[${i}].sem_num`, call, 0, 0xffff);
    steps[3 * i + 1] = integerOf(sem_op, `sops[${i}].sem_op`, call, -0x8000, 0x7fff);
    steps[3 * i + 2] = integerOf(sem_flg, `sops[${i}].sem_flg`, call, -0x8000, 0x7fff);
  }
  return steps;
}

/** Seconds and nanoseconds; nothing for ever. */
function durationOf(timeout: SemaphoreTimeout, call: string): [] | [number, number] {
  if (timeout === null || timeout === Number.POSITIVE_INFINITY) return [];
  if (typeof timeout === 'number' && !(timeout >= 0)) {
    throw outOfRange(`${call}: the time is 0 or more milliseconds, not ${timeout}`);
  }
  return timeOf(timeout, call);
}
