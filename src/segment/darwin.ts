// Segments on macOS: POSIX shared memory objects (shm_open(2)), and memory without a name. Compiled and linked on Linux,
// never run on macOS (docs/darwin.md).
//
// An object appears by its name at once and gets its size a moment later, once and for all, in whole pages. Nothing tells
// one object from another, and nothing lists them. So there is no `init`, no handle, no resize; and a segment's size is
// exact for who makes it, and for who opens it by saying the size.

import { constants } from 'node:os';
import type { DarwinBinding, Measured } from '../binding/darwin.ts';
import { MemspanError, outOfRange, systemError } from '../errors.ts';
import { eitherWay } from './acquire.ts';
import { checkName } from './name.ts';
import { checkOwner, type Subject } from './object.ts';
import {
  accessOf,
  type CreateOptions,
  checkOptions,
  checkSize,
  type MappingOptions,
  modeOf,
  type OpenOptions,
  writableAccessOf,
} from './options.ts';
import type { Segment } from './segment.ts';
import type { Make, MappingStep, Parts, System } from './system.ts';

const CALL: Readonly<Record<MappingStep, string>> = {
  map: 'mmap',
  heal: 'mmap',
  cut: 'mmap',
  sync: 'msync',
  close: 'mmap',
};

/** PSHMNAMLEN of xnu's bsd/sys/posix_shm.h is 31, with the slash. */
const NAME_BYTES_MAX = 30;
/** Of a process on x64, also of one that Rosetta runs, and on arm64: sizes are rounded up by their maker. */
const PAGES = [4096, 16384];
/** No process has as many addresses; the kernel would try all the same. */
const SIZE_MAX = 2 ** 46;
/** Far longer than it takes anybody to set the size who is not stopped just then. */
const SIZING_MS = 100;

const { ENOENT, EEXIST, EACCES, EPERM, ENOSPC } = constants.errno;
const REMEDIES: ReadonlyMap<number, string> = new Map([
  [ENOENT, 'Create it first'],
  [EEXIST, 'Open it, use openOrCreate, or remove it with Segment.unlink'],
  [EACCES, 'Its maker can let others in with `mode`'],
  [EPERM, 'Its maker can let others in with `mode`'],
  [ENOSPC, 'Make it smaller, or remove others'],
]);

function checked(result: number, call: string, { operation, object }: Subject): number {
  if (result >= 0) return result;
  throw systemError(call, -result, operation, object, REMEDIES.get(-result));
}

const BY_NAME = 'Give it a name, and open it by that';
const WAITING = 'Of what works between processes there are segments, wait and notify';
const AS_LARGE = 'Make it as large as it may ever get';

function unsupported({ operation, object }: Subject, remedy: string): never {
  throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
    operation,
    object,
    cause: 'memspan does not have it on macOS',
    remedy: `${remedy}. docs/platforms.md has the list of what there is`,
  });
}

function checkSegmentName(name: string): void {
  checkName(name);
  const bytes = Buffer.byteLength(name);
  if (bytes <= NAME_BYTES_MAX) return;
  throw outOfRange(
    `${JSON.stringify(name.slice(0, 64))} is too long for a segment's name on macOS: it has ${bytes} bytes of UTF-8, ${NAME_BYTES_MAX} are allowed`,
  );
}

function checkObjectSize(size: unknown, subject: Subject): asserts size is number {
  checkSize(size);
  if (size <= SIZE_MAX) return;
  throw new MemspanError('ERR_MEMSPAN_NO_MEMORY', {
    ...subject,
    cause: `${size} bytes are more than can be mapped`,
    remedy: 'Make it smaller',
    expected: SIZE_MAX,
    found: size,
  });
}

/** What `create` and `openOrCreate` check before they make anything. */
function checkCreation(name: string, options: CreateOptions, operation: string): void {
  checkSegmentName(name);
  const subject = { operation, object: name };
  checkObjectSize(options.size, subject);
  modeOf(options.mode);
  writableAccessOf(options, operation);
  if (options.init === undefined) return;
  unsupported(
    { operation: `${operation} with init`, object: name },
    'A name appears before its bytes are filled: agree on a word that says when they are',
  );
}

/** `close` is the core's, for descriptors. */
export function darwinSystem(core: DarwinBinding, close: (fd: number) => number): System {
  function createNamed(
    name: string,
    options: CreateOptions,
    make: Make<Segment>,
    operation: string,
  ): Segment {
    const { size } = options;
    const access = writableAccessOf(options, operation);
    const subject = { operation, object: name };
    const fd = checked(core.createObject(name, size, modeOf(options.mode)), 'shm_open', subject);
    const parts: Parts = { origin: 'named', name, path: undefined, access, created: true };
    try {
      return make(fd, size, parts, operation);
    } catch (error) {
      // As if it had not been made.
      core.unlinkObject(name);
      throw error;
    }
  }

  /** With `size`, it must be there with that size. */
  function openNamed(
    name: string,
    options: OpenOptions,
    make: Make<Segment>,
    operation: string,
    size?: number,
  ): Segment {
    const access = accessOf(options);
    const subject = { operation, object: name };
    if (access.isPrivate) {
      unsupported({ operation: `${operation} with private`, object: name }, 'Copy what you need');
    }
    const fd = checked(core.openObject(name, access.readOnly), 'shm_open', subject);
    let found: number;
    try {
      checkOwner(measured(fd, subject), options.allowOwner, subject);
      found = sizeOf(fd, subject);
      if (size !== undefined) expectPages(size, found, subject);
    } catch (error) {
      close(fd);
      throw error;
    }
    const parts: Parts = { origin: 'named', name, path: undefined, access, created: false };
    return make(fd, size ?? found, parts, operation);
  }

  function measured(fd: number, subject: Subject): Measured {
    const found = core.measureObject(fd);
    if (typeof found === 'object') return found;
    checked(found, 'fstat', subject);
    throw new Error('unreachable');
  }

  /** Its maker may be just about to set it. */
  function sizeOf(fd: number, subject: Subject): number {
    const deadline = performance.now() + SIZING_MS;
    for (;;) {
      const { size } = measured(fd, subject);
      if (size > 0) return size;
      if (performance.now() < deadline) continue;
      throw new MemspanError('ERR_MEMSPAN_EMPTY', {
        ...subject,
        cause: 'it has no bytes',
        remedy:
          'Its maker has not sized it (ftruncate), or ended before that: Segment.unlink removes it',
      });
    }
  }

  function openOrCreate(
    name: string,
    options: CreateOptions & OpenOptions,
    make: Make<Segment>,
  ): Segment {
    const operation = 'Segment.openOrCreate';
    checkOptions(options, operation);
    checkCreation(name, options, operation);
    return eitherWay(
      () => openNamed(name, options, make, operation, options.size),
      () => createNamed(name, options, make, operation),
    );
  }

  return {
    create(name, options, make) {
      const operation = 'Segment.create';
      checkOptions(options, operation);
      if (options.exclusive === false) return openOrCreate(name, options, make);
      checkCreation(name, options, operation);
      return createNamed(name, options, make, operation);
    },
    open(name, options, make) {
      const operation = 'Segment.open';
      checkOptions(options, operation);
      checkSegmentName(name);
      return openNamed(name, options, make, operation);
    },
    openOrCreate,
    anonymous,
    file: (path) =>
      unsupported({ operation: 'Segment.file', object: path }, 'Read and write it with node:fs'),
    fromHandle: () => unsupported({ operation: 'Segment.fromHandle', object: undefined }, BY_NAME),
    unlinkName(name, subject) {
      checkSegmentName(name);
      const result = core.unlinkObject(name);
      return result !== -ENOENT && checked(result, 'shm_unlink', subject) === 0;
    },
    list: () =>
      unsupported({ operation: 'Segment.list', object: undefined }, 'Agree on names beforehand'),
    // Another object may have the name by now, and nobody could tell.
    isLinked: (_fd, _parts, subject) => unsupported(subject, 'Segment.open finds what has a name'),
    unlink: (_fd, _parts, subject) => unsupported(subject, 'Segment.unlink removes a name'),
    identity: (_fd, subject) => unsupported(subject, BY_NAME),
    currentSize: (_fd, subject) => unsupported(subject, AS_LARGE),
    wholeSize: (_fd, subject) => unsupported(subject, AS_LARGE),
    resize: (_fd, _from, _to, subject) => unsupported(subject, AS_LARGE),
    requireLifelines: (subject) => unsupported(subject, WAITING),
    lifeline: (_fd, _index, _shared, subject) => unsupported(subject, WAITING),
    isHeld: (_fd, _index, _count, subject) => unsupported(subject, WAITING),
    watch: () => 0,
    unwatch() {},
    checked: (result, step, subject) => checked(result, CALL[step], subject),
  };
}

/** A maker on a Mac of the other kind has other pages. */
function expectPages(expected: number, found: number, subject: Subject): void {
  if (PAGES.some((page) => Math.ceil(expected / page) * page === found)) return;
  throw new MemspanError('ERR_MEMSPAN_SIZE_MISMATCH', {
    ...subject,
    cause: `it is there with ${found} bytes in whole pages, not ${expected}`,
    remedy: 'Open it without a size, agree on one size, or remove it',
    expected,
    found,
  });
}

/** The core maps memory of its own for a descriptor of −1. */
function anonymous(size: number, options: MappingOptions, make: Make<Segment>): Segment {
  const operation = 'Segment.anonymous';
  checkObjectSize(size, { operation, object: undefined });
  checkOptions(options, operation);
  const access = writableAccessOf(options, operation);
  const parts = { name: undefined, path: undefined, access, created: true };
  return make(-1, size, { origin: 'anonymous', ...parts }, operation);
}
