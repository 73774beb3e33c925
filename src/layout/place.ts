// Where a value is: memory as the user gave it, turned into a buffer and a checked position in it.

import { invalidArgument, MemspanError, outOfRange } from '../errors.ts';
import type { Layout } from './layout.ts';

/** A buffer, or any view of a part of one (Uint8Array, Buffer, DataView). */
export type Memory = ArrayBufferLike | ArrayBufferView;

/** A buffer and the byte at which something begins in it. */
export interface Place {
  readonly buffer: ArrayBufferLike;
  readonly at: number;
}

/** Where a value of that layout begins; the whole of it is inside the memory. */
export function placeOf(operation: string, layout: Layout, memory: Memory, offset: number): Place {
  const part = ArrayBuffer.isView(memory);
  if (!part && !isBuffer(memory))
    throw invalidArgument(`${operation}: the memory is neither a buffer nor a view of one`);
  if (typeof offset !== 'number') throw invalidArgument(`${operation}: the offset is not a number`);
  const { byteLength } = memory;
  if (!Number.isSafeInteger(offset) || offset < 0 || offset + layout.size > byteLength)
    throw outOfRange(
      `${operation}: ${layout.size} bytes at ${offset} are not within the memory's ${byteLength}`,
    );
  return part
    ? { buffer: memory.buffer, at: memory.byteOffset + offset }
    : { buffer: memory, at: offset };
}

/** Set by src/segment on the buffer of a read-only mapping: this room knows no segments. */
const READ_ONLY: unique symbol = Symbol.for('memspan.readOnly') as never;

/** Whether writing to the buffer would reach nobody. */
export function isReadOnly(buffer: ArrayBufferLike): boolean {
  return READ_ONLY in buffer;
}

/** For a write that was asked of it. */
export function readOnlyError(operation: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_READ_ONLY', {
    operation,
    cause: 'the memory is mapped read-only: a write would reach nobody',
    remedy: 'Open it without readOnly to write',
  });
}

function isBuffer(memory: unknown): boolean {
  return memory instanceof ArrayBuffer || memory instanceof SharedArrayBuffer;
}

/** The way from the value to the part in question, written only when there is something to say about it. */
export interface Path {
  readonly parent: Path | undefined;
  readonly key: string | number;
}

/** `pos[2].x`; empty for the value itself. */
export function textOf(path: Path | undefined): string {
  if (path === undefined) return '';
  const before = textOf(path.parent);
  if (typeof path.key === 'number') return `${before}[${path.key}]`;
  return before === '' ? path.key : `${before}.${path.key}`;
}
