// semctl(2): values of semaphores, what there is to know about a set, and to change.

import { invalidArgument } from '../../errors.ts';
import { integerOf } from '../arguments.ts';
import {
  GETALL,
  type GETNCNT,
  type GETPID,
  type GETVAL,
  type GETZCNT,
  IPC_INFO,
  type IPC_RMID,
  IPC_SET,
  IPC_STAT,
  SEM_INFO,
  SEM_STAT,
  SEM_STAT_ANY,
  SETALL,
  SETVAL,
} from './constants.ts';
import { checked } from './failure.ts';
import { systemV } from './native.ts';
import { type ipc_perm, type SettablePermissions, settable } from './permissions.ts';
import { semaphoreTable } from './tables.ts';

/** Times are seconds since the epoch, 0 if it never happened. */
export interface semid_ds {
  readonly sem_perm: ipc_perm;
  /** Of the last semop; 0: nobody has used it yet. */
  readonly sem_otime: number;
  /** When it was made, or last changed by IPC_SET, SETVAL or SETALL. */
  readonly sem_ctime: number;
  readonly sem_nsems: number;
}

/** IPC_INFO: the system's limits. SEM_INFO: the same, but `semusz` is how many sets and `semaem` how many semaphores there are. */
export interface seminfo {
  readonly semmap: number;
  /** How many sets. */
  readonly semmni: number;
  /** How many semaphores in all. */
  readonly semmns: number;
  readonly semmnu: number;
  /** How many in a set. */
  readonly semmsl: number;
  /** How many operations in a semop. */
  readonly semopm: number;
  readonly semume: number;
  readonly semusz: number;
  /** The highest value. */
  readonly semvmx: number;
  readonly semaem: number;
  /** The highest index in use, for SEM_STAT. */
  readonly index: number;
}

/**
 * - `GETVAL`, `SETVAL`: the value of one semaphore. To set it clears what every process would undo (SEM_UNDO).
 * - `GETALL`, `SETALL`: those of all; `semnum` is ignored.
 * - `GETPID`: who changed it last, by semop, SETVAL, SETALL or undoing. `GETNCNT`, `GETZCNT`: how many wait until it is larger, until it is 0.
 * - `IPC_STAT`, `IPC_SET`, `IPC_RMID`: describes the set; gives it another owner or mode, `{sem_perm: {uid, gid, mode}}`;
 *   removes it, at once: who waits gets EIDRM.
 * - `IPC_INFO`, `SEM_INFO`: the system's limits, and what is in use; `semid` is ignored.
 * - `SEM_STAT`, `SEM_STAT_ANY`: describes the set with an index from 0 to SEM_INFO's, and says its `semid`; the second needs
 *   no leave.
 *
 * @throws MemspanError EACCES, EPERM, EINVAL (no such identifier, semaphore or command), EIDRM, ERANGE. Source: semctl(2)
 */
export function semctl(
  semid: number,
  semnum: number,
  cmd: typeof GETVAL | typeof GETPID | typeof GETNCNT | typeof GETZCNT,
): number;
export function semctl(semid: number, semnum: number, cmd: typeof SETVAL, val: number): 0;
export function semctl(semid: number, semnum: number, cmd: typeof GETALL): Uint16Array;
export function semctl(
  semid: number,
  semnum: number,
  cmd: typeof SETALL,
  array: ArrayLike<number>,
): 0;
export function semctl(semid: number, semnum: number, cmd: typeof IPC_STAT): semid_ds;
export function semctl(
  semid: number,
  semnum: number,
  cmd: typeof IPC_SET,
  buf: { readonly sem_perm: SettablePermissions },
): 0;
export function semctl(semid: number, semnum: number, cmd: typeof IPC_RMID): 0;
export function semctl(
  semid: number,
  semnum: number,
  cmd: typeof IPC_INFO | typeof SEM_INFO,
): seminfo;
export function semctl(
  index: number,
  semnum: number,
  cmd: typeof SEM_STAT | typeof SEM_STAT_ANY,
): semid_ds & { readonly semid: number };
export function semctl(id: number, semnum: number, cmd: number, argument?: unknown): unknown {
  integerOf(id, 'semid', 'semctl');
  integerOf(semnum, 'semnum', 'semctl');
  const object = `semid ${id}`;
  switch (integerOf(cmd, 'cmd', 'semctl')) {
    case GETALL: {
      const values = new Uint16Array(countOf(id));
      checked(systemV.semTransfer(id, cmd, values), 'semctl', object);
      return values;
    }
    case SETALL:
      return setAll(id, argument);
    case IPC_STAT:
    case IPC_INFO:
    case SEM_INFO:
    case SEM_STAT:
    case SEM_STAT_ANY: {
      const answer = systemV.semAsk(id, cmd);
      return typeof answer === 'number' ? checked(answer, 'semctl', object) : answer;
    }
    case IPC_SET: {
      const wanted = (argument as { sem_perm?: unknown } | undefined)?.sem_perm;
      const permissions = settable(wanted, 'sem_perm', 'semctl');
      return checked(systemV.semSet(id, ...permissions), 'semctl', object);
    }
    default: {
      const value = cmd === SETVAL ? integerOf(argument, 'val', 'semctl') : 0;
      return checked(systemV.semControl(id, semnum, cmd, value), 'semctl', object);
    }
  }
}

function setAll(id: number, array: unknown): number {
  if (typeof array !== 'object' || array === null || !('length' in array)) {
    throw invalidArgument('semctl: array is an array of numbers');
  }
  const values = Uint16Array.from(array as ArrayLike<number>, (value, i) =>
    integerOf(value, `array[${i}]`, 'semctl', 0, 0xffff),
  );
  const count = countOf(id);
  if (values.length !== count) {
    throw invalidArgument(`semctl: the set has ${count} semaphores, the array ${values.length}`);
  }
  return checked(systemV.semTransfer(id, SETALL, values), 'semctl', `semid ${id}`);
}

/** How many numbers the kernel reads or writes. It never changes. Who may only write is told by /proc/sysvipc. */
function countOf(id: number): number {
  const answer = systemV.semAsk(id, IPC_STAT);
  if (typeof answer !== 'number') return (answer as semid_ds).sem_nsems;
  const listed = semaphoreTable().find((row) => row.semid === id);
  return listed?.nsems ?? checked(answer, 'semctl', `semid ${id}`);
}
