// A synchronization object at an offset into mapped memory: what `pthread_mutex_t *` is in C.

import { isAnyArrayBuffer } from 'node:util/types';
import { invalidArgument, MemspanError, outOfRange } from '../errors.ts';
import { os } from './native.ts';
import { checked } from './outcome.ts';

/** The C types that can be pointed to. */
export type PointerType =
  | 'sem_t'
  | 'pthread_mutex_t'
  | 'pthread_cond_t'
  | 'pthread_rwlock_t'
  | 'pthread_barrier_t';

/** Memory as mmap and shmat return it, a segment's buffer, or a view of part of it. */
export type Region = SharedArrayBuffer | ArrayBuffer | ArrayBufferView;

/** A typed pointer. Made by the function of the type's name; the functions of the manual page take it. */
export class Pointer<Type extends PointerType = PointerType> {
  readonly type: Type;
  /** What it points into. */
  readonly buffer: SharedArrayBuffer;
  /** Where in there, in bytes. */
  readonly byteOffset: number;
  /** The object's bytes, for the addon. @internal */
  readonly view: Uint8Array;
  /** Of a named semaphore. */
  readonly name: string | undefined;

  /** @internal */
  constructor(type: Type, view: Uint8Array, name?: string | undefined) {
    this.type = type;
    this.buffer = view.buffer as unknown as SharedArrayBuffer;
    this.byteOffset = view.byteOffset;
    this.view = view;
    this.name = name;
  }
}

/** Types of C whose sizes differ among platforms. */
export type CType =
  | PointerType
  | 'pthread_spinlock_t'
  | 'pthread_once_t'
  | 'char'
  | 'short'
  | 'int'
  | 'long'
  | 'pointer'
  | 'size_t'
  | 'off_t'
  | 'pid_t'
  | 'time_t'
  | 'timespec';

/** `sizeof` of the C types on this platform, in bytes. */
export const sizeof: Readonly<Record<CType, number>> = facts('sizeof');

/** `alignof` of the C types on this platform, in bytes: what offsets are multiples of. */
export const alignof: Readonly<Record<CType, number>> = facts('alignof');

/** The pointer to the object at `offset` bytes into the region. */
export function pointer<Type extends PointerType>(
  type: Type,
  region: Region,
  offset: number,
): Pointer<Type> {
  const [buffer, start, length] = bytesOf(region, type);
  if (typeof offset !== 'number') throw invalidArgument(`${type}: the offset is a number of bytes`);
  const size = sizeof[type];
  if (size === undefined) {
    throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
      operation: type,
      cause: `${process.platform} has no such type`,
      remedy: 'docs/win32.md says what there is',
    });
  }
  if (!Number.isInteger(offset) || offset < 0 || offset + size > length) {
    throw outOfRange(
      `${type}: its ${size} bytes at offset ${offset} do not lie in the region's ${length}`,
    );
  }
  const at = start + offset;
  if (at % alignof[type] !== 0) {
    throw outOfRange(`${type}: offset ${at} is no multiple of ${alignof[type]} bytes`);
  }
  const view = new Uint8Array(buffer, at, size);
  const found = os.addressOf(view, 0, size);
  if (typeof found === 'number') checked(found, type);
  return new Pointer(type, view);
}

/** The bytes of what an argument points to; throws TypeError for what does not. */
export function viewOf(argument: unknown, type: PointerType, call: string): Uint8Array {
  if (argument instanceof Pointer && argument.type === type) return argument.view;
  throw invalidArgument(`${call}: expected a ${type}, as ${type}(buffer, offset) makes it`);
}

function bytesOf(region: unknown, call: string): [ArrayBuffer, number, number] {
  if (isAnyArrayBuffer(region)) return [region as ArrayBuffer, 0, region.byteLength];
  if (ArrayBuffer.isView(region)) {
    return [region.buffer as ArrayBuffer, region.byteOffset, region.byteLength];
  }
  throw invalidArgument(`${call}: the region is a buffer, as mmap returns it, or a view of one`);
}

function facts(of: 'sizeof' | 'alignof'): Readonly<Record<CType, number>> {
  const entries = Object.entries(os.facts).flatMap(([name, value]) => {
    const [kind, type] = name.split('.');
    return kind === of && type !== undefined ? [[type, value]] : [];
  });
  return Object.freeze(Object.fromEntries(entries)) as Record<CType, number>;
}
