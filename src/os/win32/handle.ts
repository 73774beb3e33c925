// HANDLEs: what the calls give and take. One belongs to the thread that made it, and ends with CloseHandle or with
// that thread; a handle that is merely lost keeps its object, as in C.

import { type RawHandle, Refusal, type WindowsBinding } from '../../binding/windows.ts';
import { native, windows } from '../../binding.ts';
import { windowsError } from '../../errors/windows.ts';
import { invalidArgument, MemspanError } from '../../errors.ts';
import { stringOf } from '../arguments.ts';

/** What a handle leads to. */
export type HandleKind = 'file mapping' | 'mutex' | 'semaphore' | 'event';

/** An open handle. Made by the Create… and Open… functions; `using` closes it, as CloseHandle does. */
export class HANDLE<Kind extends HandleKind = HandleKind> implements Disposable {
  readonly kind: Kind;
  /** Of a named object. */
  readonly name: string | null;
  readonly #value: RawHandle;
  #isOpen = true;

  /** @internal */
  constructor(kind: Kind, value: RawHandle, name: string | null) {
    this.kind = kind;
    this.name = name;
    this.#value = value;
  }

  /** Its value, if it is an open handle of one of these kinds. @internal */
  static valueOf(handle: unknown, kinds: readonly HandleKind[], call: string): RawHandle {
    if (!(handle instanceof HANDLE) || !kinds.includes(handle.kind)) {
      const found = handle instanceof HANDLE ? `a ${handle.kind}'s` : typeof handle;
      throw invalidArgument(`${call}: expected a handle of a ${kinds.join(', ')}, not ${found}`);
    }
    if (handle.#isOpen) return handle.#value;
    throw new MemspanError('ERR_MEMSPAN_CLOSED', {
      operation: call,
      object: handle.name ?? undefined,
      cause: `this ${handle.kind}'s handle is closed`,
      remedy: 'Open it again',
    });
  }

  /** @internal */
  static close(handle: HANDLE): void {
    handle.#isOpen = false;
  }

  [Symbol.dispose](): void {
    if (this.#isOpen) CloseHandle(this);
  }
}

const EVERY_KIND = ['file mapping', 'mutex', 'semaphore', 'event'] as const;

/**
 * Closes the handle. An object is gone, and its name with it, when the last handle of any process is closed; views of
 * a file mapping keep the memory. Waits of this thread on the handle reject with `ERR_MEMSPAN_CLOSED`; a mutex that
 * one of its …Async waits has got is abandoned. True. Throws `ERR_MEMSPAN_CLOSED` for a closed one.
 * Source: CloseHandle (handleapi.h).
 */
export function CloseHandle(hObject: HANDLE): true {
  const call = 'CloseHandle';
  core(call);
  const value = HANDLE.valueOf(hObject, EVERY_KIND, call);
  HANDLE.close(hObject);
  result(native.close(value), call);
  return true;
}

/**
 * The error of this thread's last call of memspan/win32 that set one. After a Create… that succeeded it is
 * ERROR_ALREADY_EXISTS when the object was there, else 0. Calls that fail throw, and say it in the error's `errno`.
 * Source: GetLastError (errhandlingapi.h).
 */
export function GetLastError(): number {
  return core('GetLastError').lastError();
}

/** Windows' part of the core; throws `ERR_MEMSPAN_UNSUPPORTED` elsewhere. */
export function core(call: string): WindowsBinding {
  if (windows !== undefined) return windows;
  throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
    operation: call,
    cause: `memspan/win32 is for Windows, and this is ${process.platform}`,
    remedy: 'Use memspan/posix, or a Segment, which works on both',
  });
}

/** What the core returned, or the error of it. */
export function result(value: number, call: string, object?: string | null): number {
  if (value >= 0) return value;
  const details = { operation: call, object: object ?? undefined };
  switch (value) {
    case Refusal.notMapped:
      throw invalidArgument(
        `${call}: the memory is none that MapViewOfFile or a Segment has mapped; ordinary buffers cannot be shared`,
      );
    case Refusal.gone:
      throw new MemspanError('ERR_MEMSPAN_CLOSED', {
        ...details,
        cause: 'its memory is unmapped',
        remedy: 'Map it again',
      });
    case Refusal.diverted:
      throw new MemspanError('ERR_MEMSPAN_READ_ONLY', {
        ...details,
        cause: 'there was a write to it, which reached nobody',
        remedy: 'Map it with FILE_MAP_WRITE',
      });
    case Refusal.ownHand:
      throw new MemspanError('ERR_MEMSPAN_DEADLOCK', {
        ...details,
        cause: 'an …Async wait of this very thread has the mutex, and would have to give it back',
        remedy: 'Call ReleaseMutex first, or wait with the …Async twin',
      });
    default:
      throw windowsError(call, -value, call, details.object);
  }
}

/** The handle that the core returned. */
export function opened<Kind extends HandleKind>(
  kind: Kind,
  value: number,
  name: string | null,
  call: string,
): HANDLE<Kind> {
  return new HANDLE(kind, result(value, call, name), name);
}

/** What SECURITY_ATTRIBUTES is here: the descriptor is always the default one, of the process's token. */
export interface SecurityAttributes {
  /** Whether child processes inherit the handle. Default false. */
  bInheritHandle?: boolean | undefined;
}

export function inheritOf(attributes: unknown, call: string): boolean {
  if (attributes === null || attributes === undefined) return false;
  const { bInheritHandle = false } = attributes as SecurityAttributes;
  if (typeof attributes === 'object' && typeof bInheritHandle === 'boolean') return bInheritHandle;
  throw invalidArgument(`${call}: security attributes are null or {bInheritHandle: boolean}`);
}

export function flagOf(value: unknown, what: string, call: string): boolean {
  if (typeof value === 'boolean') return value;
  throw invalidArgument(`${call}: ${what} is true or false`);
}

/** A new object's: null is none. */
export function newNameOf(name: unknown, call: string): string | null {
  return name === null || name === undefined ? null : nameOf(name, call);
}

export function nameOf(name: unknown, call: string): string {
  return stringOf(name, 'lpName', call);
}
