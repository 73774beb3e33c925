// Lifelines: being alive, as the kernel sees it.
//
// A lifeline is an exclusive open-file-description lock on one byte far beyond the segment's end (fcntl(2)).
// The kernel frees it when its holder ends, in whatever way, at once, and in every pid namespace; a paused
// holder keeps it. Each has a descriptor of its own: such a lock is never in conflict with itself, so two
// holders in one process would otherwise not see each other. No byte of the segment is touched.

import { constants } from 'node:fs';
import { native } from '../binding.ts';
import { invalidArgument, outOfRange } from '../errors.ts';
import { checked, type Subject } from './object.ts';

/** The first lifeline's byte; no segment reaches that far. */
export const FIRST_BYTE: number = 2 ** 48;
const INDEX_MAX = 2 ** 30;

const UNLOCK = 0;
const SHARED = 1;
const EXCLUSIVE = 2;
const TAKEN = new Set([-11 /* EAGAIN */, -13 /* EACCES */]);

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
    if (TAKEN.has(result)) return null;
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
  return checked(native.probeBytes(segmentFd, FIRST_BYTE + index, count), 'fcntl', subject) === 1;
}

function checkIndex(index: unknown): void {
  if (typeof index !== 'number')
    throw invalidArgument(`a lifeline's index is a number, not ${typeof index}`);
  if (!Number.isInteger(index) || index < 0 || index > INDEX_MAX) {
    throw outOfRange(`a lifeline's index is from 0 to ${INDEX_MAX}, not ${index}`);
  }
}
