// Lifelines: being alive, as the kernel sees it.
//
// A lifeline is an exclusive open-file-description lock on one byte far beyond the segment's end (fcntl(2)).
// The kernel frees it when its holder ends, in whatever way, at once, and in every pid namespace; a paused
// holder keeps it. Each has a descriptor of its own: such a lock is never in conflict with itself, so two
// holders in one process would otherwise not see each other. No byte of the segment is touched.

import { constants } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { native } from '../binding.ts';
import { invalidArgument, MemspanError, outOfRange } from '../errors.ts';
import { isLacking } from './lacking.ts';
import { SHM_DIRECTORY } from './name.ts';
import { checked, type Subject } from './object.ts';

/** The first lifeline's byte; no segment reaches that far. */
export const FIRST_BYTE: number = 2 ** 48;
const INDEX_MAX = 2 ** 30;

const UNLOCK = 0;
const SHARED = 1;
const EXCLUSIVE = 2;
const AGAIN = -11; // EAGAIN

// A lifeline that is lost without release() would be held until the process ends.
const lost = new FinalizationRegistry<number>((fd) => native.close(fd));

/** A held lifeline. Ends with `release()`, with `using`, and with this thread or process. */
export class Lifeline implements Disposable {
  readonly index: number;
  #fd: number;

  private constructor(index: number, fd: number) {
    this.index = index;
    this.#fd = fd;
    lost.register(this, fd, this);
  }

  /** Null when somebody else holds it. */
  static take(
    segmentFd: number,
    index: number,
    shared: boolean,
    subject: Subject,
  ): Lifeline | null {
    checkIndex(index);
    const path = `/proc/self/fd/${segmentFd}`;
    const fd = checked(native.open(path, constants.O_RDWR, 0), 'open', subject);
    const result = native.lockByte(fd, FIRST_BYTE + index, shared ? SHARED : EXCLUSIVE);
    if (result === 0) return new Lifeline(index, fd);
    native.close(fd);
    if (result === AGAIN) return null;
    if (isLacking(result)) throw noLifelines(result, subject);
    checked(result, 'fcntl', subject);
    return null;
  }

  /** Others may from now on have it `shared`, too; there is no moment in which nobody has it. */
  share(subject: Subject): void {
    checked(native.lockByte(this.#fd, FIRST_BYTE + this.index, SHARED), 'fcntl', subject);
  }

  release(): void {
    if (this.#fd < 0) return;
    lost.unregister(this);
    native.lockByte(this.#fd, FIRST_BYTE + this.index, UNLOCK);
    native.close(this.#fd);
    this.#fd = -1;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** Whether anybody, this process included, holds the lifeline or, with `count`, any of so many from it on. */
export function isHeld(segmentFd: number, index: number, count: number, subject: Subject): boolean {
  checkIndex(index);
  checkIndex(count);
  // fcntl takes a length of 0 for all there is.
  if (count === 0) return false;
  const result = native.probeBytes(segmentFd, FIRST_BYTE + index, count);
  if (isLacking(result)) throw noLifelines(result, subject);
  return checked(result, 'fcntl', subject) === 1;
}

/** What a kernel answers that has no open-file-description locks; 0 where they are. Asked once. */
let answer: number | undefined;

/**
 * Throws `ERR_MEMSPAN_UNSUPPORTED` where there are no lifelines: for what cannot do without, before it makes anything.
 * Tried on the directory of all segments, which nobody else locks, and shared.
 */
export function requireLifelines(subject: Subject): void {
  if (!hasLifelines()) throw noLifelines(answer as number, subject);
}

export function hasLifelines(): boolean {
  answer ??= tryLifeline();
  return !isLacking(answer);
}

function tryLifeline(): number {
  const fd = native.open(SHM_DIRECTORY, constants.O_RDONLY | constants.O_DIRECTORY, 0);
  // Without that directory there is more amiss than this, and whoever opens a segment is told.
  if (fd < 0) return 0;
  const result = native.lockByte(fd, FIRST_BYTE, SHARED);
  native.close(fd);
  return result;
}

function noLifelines(result: number, subject: Subject): MemspanError {
  const name = getSystemErrorName(result);
  return new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
    ...subject,
    cause: `who is alive cannot be told here: there are no open-file-description locks (fcntl F_OFD_SETLK: ${name})`,
    remedy:
      'Linux 3.15 has them, unless a sandbox or this file system does not; raw segments, wait, notify, memspan/posix and memspan/sysv go without',
    errno: -result,
    syscall: 'fcntl',
  });
}

function checkIndex(index: unknown): void {
  if (typeof index !== 'number')
    throw invalidArgument(`a lifeline's index is a number, not ${typeof index}`);
  if (!Number.isInteger(index) || index < 0 || index > INDEX_MAX) {
    throw outOfRange(`a lifeline's index is from 0 to ${INDEX_MAX}, not ${index}`);
  }
}
