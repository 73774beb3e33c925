// One mapping of a segment, seen from JavaScript: its buffers, its state, and the errors that state makes.

import { constants } from 'node:buffer';
import { MapFlag, type MappingHandle, native, Status } from '../binding.ts';
import { invalidArgument, MemspanError, outOfRange } from '../errors.ts';
import type { Subject } from './object.ts';
import { checkOptions } from './options.ts';
import { system } from './system.ts';

/** Bytes of a segment: by default all of them, from `offset` on. */
export interface ByteRange {
  offset?: number | undefined;
  length?: number | undefined;
}

/** On the buffer of a read-only mapping, for src/layout, whose views of it have nothing that writes. */
const READ_ONLY: unique symbol = Symbol.for('memspan.readOnly') as never;

function markReadOnly(buffer: ArrayBufferLike): void {
  Object.defineProperty(buffer, READ_ONLY, { value: true });
}

export class Mapping {
  readonly size: number;
  readonly buffer: SharedArrayBuffer;
  /** Holds Status bits; one plain read tells whether all is well. */
  readonly status: Uint32Array;
  readonly #handle: MappingHandle;
  readonly #isReadOnly: boolean;
  #bulk: ArrayBuffer | undefined;

  constructor(fd: number, size: number, flags: number, subject: Subject) {
    const raw = mapped(fd, size, flags, subject);
    if (typeof raw === 'number') {
      system.checked(raw, 'map', subject);
      throw new Error('unreachable');
    }
    this.size = size;
    this.buffer = raw.buffer;
    this.#isReadOnly = (flags & MapFlag.writable) === 0;
    if (this.#isReadOnly) markReadOnly(raw.buffer);
    this.status = new Uint32Array(raw.status);
    this.#handle = raw.handle;
  }

  bulk(subject: Subject): ArrayBuffer {
    if (this.size > constants.MAX_LENGTH) {
      throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
        ...subject,
        cause: `Node ${process.version} has no ArrayBuffer of ${this.size} bytes over foreign memory`,
        remedy: 'Use segment.buffer, or Node 22 or newer',
        expected: constants.MAX_LENGTH,
        found: this.size,
      });
    }
    if (this.#bulk === undefined) {
      this.#bulk = native.bulk(this.#handle);
      if (this.#isReadOnly) markReadOnly(this.#bulk);
    }
    return this.#bulk;
  }

  /** Throws when the mapping cannot be used. A diverted write is reported once and then mended. */
  check(fd: number, subject: Subject): void {
    const status = this.status[0] as number;
    if (status === 0) return;
    if (status & Status.closed) throw closedError(subject);
    if (status & Status.truncated) {
      throw new MemspanError('ERR_MEMSPAN_TRUNCATED', {
        ...subject,
        cause: 'somebody made it shorter; what was beyond its end reads as zeros',
        remedy: 'Open it again',
        expected: this.size,
      });
    }
    system.checked(native.healMapping(this.#handle, fd), 'heal', subject);
    throw new MemspanError('ERR_MEMSPAN_READ_ONLY', {
      ...subject,
      cause: 'there was a write to it through its buffer, which reached nobody and is undone now',
      remedy: 'Open it without readOnly to write',
    });
  }

  close(subject: Subject): void {
    closeMapping(this.#handle, this.#bulk, subject);
  }

  /** Before the object is made shorter: what will lie behind its end reads as zeros. */
  cut(size: number, subject: Subject): void {
    cutMapping(this.#handle, size, subject);
  }

  /** What a resize leaves of it: enough to close it, without holding its buffers. */
  retire(): FormerMapping {
    return new FormerMapping(this.#handle);
  }

  flush(range: ByteRange, subject: Subject): void {
    checkOptions(range, subject.operation);
    for (const value of [range.offset, range.length]) {
      if (value === undefined || typeof value === 'number') continue;
      throw invalidArgument(`${subject.operation}: offset and length are numbers of bytes`);
    }
    const { offset = 0, length = this.size - offset } = range;
    // False for NaN, too.
    const isInside = offset >= 0 && length >= 0 && offset + length <= this.size;
    if (!isInside || !Number.isInteger(offset) || !Number.isInteger(length)) {
      throw outOfRange(
        `${subject.operation}: offset ${offset} and length ${length} do not lie in ${this.size} bytes`,
      );
    }
    system.checked(native.syncMapping(this.#handle, offset, length), 'sync', subject);
  }
}

function mapped(
  fd: number,
  size: number,
  flags: number,
  subject: Subject,
): ReturnType<typeof native.map> {
  try {
    return native.map(fd, size, flags);
  } catch (error) {
    // An external ArrayBuffer (where there is no shared one) has the limit of a Buffer.
    throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
      ...subject,
      cause: `Node ${process.version} gives no buffer of ${size} bytes: ${(error as Error).message}`,
      remedy: 'Make it smaller, or use Node 22 or newer',
      found: size,
    });
  }
}

/** A mapping that a resize has replaced; it lasts as long as anybody has a buffer over it. */
export class FormerMapping {
  readonly #handle: MappingHandle;

  constructor(handle: MappingHandle) {
    this.#handle = handle;
  }

  /** False when nobody but this object needs it any more. */
  cut(size: number, subject: Subject): boolean {
    return cutMapping(this.#handle, size, subject) > 0;
  }

  close(subject: Subject): void {
    closeMapping(this.#handle, undefined, subject);
  }
}

/** How many buffers over the mapping there are, in all threads. */
function cutMapping(handle: MappingHandle, size: number, subject: Subject): number {
  return system.checked(native.cutMapping(handle, size), 'cut', subject);
}

function closeMapping(
  handle: MappingHandle,
  bulk: ArrayBuffer | undefined,
  subject: Subject,
): void {
  system.checked(native.closeMapping(handle, bulk), 'close', subject);
}

export function closedError(subject: Subject): MemspanError {
  return new MemspanError('ERR_MEMSPAN_CLOSED', {
    ...subject,
    cause: 'it is closed',
    remedy: 'Open it again',
  });
}
