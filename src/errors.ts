// Every error that memspan makes: one class with a stable code, and coded TypeErrors and RangeErrors for
// misuse. The codes are API; the messages are not.

import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';

/** The stable codes. A caller tells errors apart by these, never by the message. */
export type ErrorCode =
  /** Wrong type or shape of an argument (a TypeError). */
  | 'ERR_MEMSPAN_INVALID_ARGUMENT'
  /** A number outside its range (a RangeError). */
  | 'ERR_MEMSPAN_OUT_OF_RANGE'
  /** A name that cannot be a segment's name. */
  | 'ERR_MEMSPAN_INVALID_NAME'
  /** Nothing has this name, or the lender of a handle is gone. */
  | 'ERR_MEMSPAN_NOT_FOUND'
  /** The name is taken. */
  | 'ERR_MEMSPAN_EXISTS'
  /** The name leads to something else: a directory, a symbolic link, another handle's inode. */
  | 'ERR_MEMSPAN_NOT_A_SEGMENT'
  /** It belongs to another user and `allowOwner` does not say so. */
  | 'ERR_MEMSPAN_FOREIGN_OWNER'
  /** It is there with another size. */
  | 'ERR_MEMSPAN_SIZE_MISMATCH'
  /** It has no bytes (yet). */
  | 'ERR_MEMSPAN_EMPTY'
  /** The kernel refuses for want of permission. */
  | 'ERR_MEMSPAN_PERMISSION'
  /** The file system is full, or a quota or file size limit is reached. */
  | 'ERR_MEMSPAN_NO_SPACE'
  /** No memory or address space. */
  | 'ERR_MEMSPAN_NO_MEMORY'
  /** A limit of the process or of memspan: descriptors, threads. */
  | 'ERR_MEMSPAN_LIMIT'
  /** Used after close(). */
  | 'ERR_MEMSPAN_CLOSED'
  /** Somebody made the file shorter under the mapping. */
  | 'ERR_MEMSPAN_TRUNCATED'
  /** A write to read-only memory was diverted, or a write was asked of it. */
  | 'ERR_MEMSPAN_READ_ONLY'
  /** The segment of that name is no span. */
  | 'ERR_MEMSPAN_NOT_A_SPAN'
  /** It was made by a memspan with another format. */
  | 'ERR_MEMSPAN_VERSION'
  /** It is there with other options. */
  | 'ERR_MEMSPAN_OPTIONS_MISMATCH'
  /** The memory does not begin with the header that its programs have agreed on. */
  | 'ERR_MEMSPAN_HEADER_MISMATCH'
  /** It is there with another layout. */
  | 'ERR_MEMSPAN_LAYOUT_MISMATCH'
  /** All who were attached to the span have died, and `stale: 'fail'` was asked for. */
  | 'ERR_MEMSPAN_STALE'
  /** Waiting would never end: those who would have to end it wait for this thread. */
  | 'ERR_MEMSPAN_DEADLOCK'
  /** A holder died, and the next one gave the lock back without saying that the data is in order. */
  | 'ERR_MEMSPAN_NOT_RECOVERABLE'
  /** It is not held by who would release it. */
  | 'ERR_MEMSPAN_NOT_HELD'
  /** There would be more than there can be. */
  | 'ERR_MEMSPAN_OVERFLOW'
  /** A party of a barrier has died, or the barrier was reset. */
  | 'ERR_MEMSPAN_BROKEN'
  /** The bytes are not what memspan writes there. */
  | 'ERR_MEMSPAN_CORRUPT'
  /** Another participant has this end already, or it is in use and cannot be taken away. */
  | 'ERR_MEMSPAN_BUSY'
  /** It could not be had at once, or not in time, by a call that says so by an error (EAGAIN, ETIMEDOUT). */
  | 'ERR_MEMSPAN_WOULD_BLOCK'
  /** The other end of a channel died without closing. */
  | 'ERR_MEMSPAN_PEER_DIED'
  /** The other end of a channel was closed. */
  | 'ERR_MEMSPAN_PEER_CLOSED'
  /** The native core cannot be loaded. */
  | 'ERR_MEMSPAN_ADDON'
  /** This platform, runtime or kernel cannot do it. */
  | 'ERR_MEMSPAN_UNSUPPORTED'
  /** Any other failed system call; see `errno` and `syscall`. */
  | 'ERR_MEMSPAN_SYSTEM';

/** What an error can say beyond its message. */
export interface ErrorDetails {
  /** The call that failed, as the user wrote it: `Segment.open`. */
  operation: string;
  /** The name or path of what it failed on. */
  object?: string | undefined;
  /** What happened, without a full stop. */
  cause: string;
  /** What to do about it, as a sentence without a full stop. */
  remedy?: string | undefined;
  /** The system's error number, positive. */
  errno?: number | undefined;
  syscall?: string | undefined;
  expected?: unknown;
  found?: unknown;
}

/** An operation that failed for a reason outside the program's text. */
export class MemspanError extends Error {
  override readonly name: string = 'MemspanError';
  readonly code: ErrorCode;
  readonly operation: string;
  readonly object: string | undefined;
  readonly remedy: string | undefined;
  readonly errno: number | undefined;
  readonly syscall: string | undefined;
  readonly expected: unknown;
  readonly found: unknown;
  readonly #details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails) {
    super(messageOf(details));
    this.code = code;
    this.#details = details;
    this.operation = details.operation;
    this.object = details.object;
    this.remedy = details.remedy;
    this.errno = details.errno;
    this.syscall = details.syscall;
    this.expected = details.expected;
    this.found = details.found;
  }

  /** The same error, of the operation that the user has called. @internal */
  of(operation: string): MemspanError {
    return new MemspanError(this.code, { ...this.#details, operation });
  }
}

function messageOf({ operation, object, cause, remedy }: ErrorDetails): string {
  const subject = object === undefined ? operation : `${operation} '${object}'`;
  return `${subject}: ${cause}${remedy === undefined ? '' : `. ${remedy}`}`;
}

/** A TypeError with a code: the argument is not of a kind that could ever work. */
export function invalidArgument(
  message: string,
  code: ErrorCode = 'ERR_MEMSPAN_INVALID_ARGUMENT',
): TypeError {
  return Object.assign(new TypeError(message), { code });
}

/** A RangeError with a code: a number, and outside its range. */
export function outOfRange(message: string): RangeError {
  return Object.assign(new RangeError(message), { code: 'ERR_MEMSPAN_OUT_OF_RANGE' });
}

/** It is there, and not as who asks for it has said. */
export function optionsMismatch(
  subject: { readonly operation: string; readonly object: string },
  expected: unknown,
  found: unknown,
  cause = `it is there as ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`,
): MemspanError {
  return new MemspanError('ERR_MEMSPAN_OPTIONS_MISMATCH', {
    ...subject,
    cause,
    remedy: 'Open it as what it is, or choose another name',
    expected,
    found,
  });
}

const CODE_OF_ERRNO: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'ERR_MEMSPAN_NOT_FOUND',
  EEXIST: 'ERR_MEMSPAN_EXISTS',
  EISDIR: 'ERR_MEMSPAN_NOT_A_SEGMENT',
  ELOOP: 'ERR_MEMSPAN_NOT_A_SEGMENT',
  ENXIO: 'ERR_MEMSPAN_NOT_A_SEGMENT',
  ENOTDIR: 'ERR_MEMSPAN_NOT_A_SEGMENT',
  EACCES: 'ERR_MEMSPAN_PERMISSION',
  EPERM: 'ERR_MEMSPAN_PERMISSION',
  EROFS: 'ERR_MEMSPAN_PERMISSION',
  ENOSPC: 'ERR_MEMSPAN_NO_SPACE',
  EDQUOT: 'ERR_MEMSPAN_NO_SPACE',
  EFBIG: 'ERR_MEMSPAN_NO_SPACE',
  ENOMEM: 'ERR_MEMSPAN_NO_MEMORY',
  EAGAIN: 'ERR_MEMSPAN_LIMIT',
  EMFILE: 'ERR_MEMSPAN_LIMIT',
  ENFILE: 'ERR_MEMSPAN_LIMIT',
  EBUSY: 'ERR_MEMSPAN_BUSY',
  EDEADLK: 'ERR_MEMSPAN_DEADLOCK',
  ENOTRECOVERABLE: 'ERR_MEMSPAN_NOT_RECOVERABLE',
  EIDRM: 'ERR_MEMSPAN_CLOSED',
};

const REMEDY_OF_CODE: Readonly<Partial<Record<ErrorCode, string>>> = {
  ERR_MEMSPAN_NOT_FOUND: 'Create it first, or see what there is with `memspan ls`',
  ERR_MEMSPAN_EXISTS: 'Open it, use openOrCreate, or remove it with `memspan rm`',
  ERR_MEMSPAN_NOT_A_SEGMENT:
    'Choose another name, or look at what has this one with `ls -l /dev/shm`',
  ERR_MEMSPAN_PERMISSION: 'Check its owner and mode with `memspan ls`',
  ERR_MEMSPAN_NO_SPACE: 'Make it smaller, or make room: `df -h /dev/shm` (in Docker: --shm-size)',
  ERR_MEMSPAN_NO_MEMORY: 'Make it smaller, or raise the limit (`ulimit -v`, `ulimit -l`)',
  ERR_MEMSPAN_BUSY: 'Give back what is held in it first',
  ERR_MEMSPAN_LIMIT: 'Close what is no longer used, or raise the limit (`ulimit -n`)',
};

/** Those of Linux that neither libuv nor node:os has a name for (errno(3)). */
export const FURTHER_ERRNOS: Readonly<Record<number, string>> = {
  130: 'EOWNERDEAD',
  131: 'ENOTRECOVERABLE',
};

function nameOf(errno: number): string {
  const known = getSystemErrorName(-errno);
  if (!known.startsWith('Unknown')) return known;
  const entry = Object.entries(constants.errno).find(([, value]) => value === errno);
  return entry?.[0] ?? FURTHER_ERRNOS[errno] ?? `error ${errno}`;
}

/** The error of a failed system call, in memspan's words. `errno` is positive. */
export function systemError(
  syscall: string,
  errno: number,
  operation: string,
  object?: string | undefined,
  remedy?: string | undefined,
): MemspanError {
  const name = nameOf(errno);
  const code = CODE_OF_ERRNO[name] ?? 'ERR_MEMSPAN_SYSTEM';
  return new MemspanError(code, {
    operation,
    object,
    cause: `${syscall} failed with ${name}`,
    remedy: remedy ?? REMEDY_OF_CODE[code],
    errno,
    syscall,
  });
}
