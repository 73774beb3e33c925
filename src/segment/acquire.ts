// The ways to get hold of a segment: create, open, either, anonymous, file, handle. Each ends in `make`,
// which maps the descriptor and owns it from then on: whatever fails before closes it, nothing after does.

import { unlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { invalidArgument, MemspanError } from '../errors.ts';
import { checkHandle, openHandle, type SegmentHandle } from './handle.ts';
import { pathOf } from './name.ts';
import { openNameless } from './nameless.ts';
import {
  attempt,
  checkOwner,
  closingOnError,
  openObject,
  publish,
  resizeObject,
  type Subject,
  statOf,
} from './object.ts';
import {
  accessOf,
  type CreateOptions,
  checkOptions,
  checkSize,
  type FileOptions,
  type MappingOptions,
  modeOf,
  type OpenOptions,
  writableAccessOf,
} from './options.ts';
import type { Segment } from './segment.ts';
import type { Make, Parts } from './system.ts';

const ATTEMPTS_MAX = 50;

export function create(name: string, options: CreateOptions, make: Make<Segment>): Segment {
  const operation = 'Segment.create';
  checkOptions(options, operation);
  if (options.exclusive === false) return openOrCreate(name, options, make);
  return createNamed(name, options, make, operation);
}

function createNamed(
  name: string,
  options: CreateOptions,
  make: Make<Segment>,
  operation: string,
): Segment {
  const path = pathOf(name);
  const { size, init } = options;
  checkSize(size);
  const mode = modeOf(options.mode);
  const access = writableAccessOf(options, operation);
  const parts: Parts = { origin: 'named', name, path, access, created: true };
  return publish(
    path,
    { size, mode },
    { operation, object: name },
    (fd) => make(fd, size, parts, operation),
    (segment) => fill(segment, init),
  );
}

/** Runs `init`. */
export function fill(segment: Segment, init: CreateOptions['init']): void {
  const result: unknown = init?.(segment);
  if (!(result instanceof Promise)) return;
  result.catch(() => {});
  throw invalidArgument('init must fill the segment before it returns: no async functions');
}

export function open(name: string, options: OpenOptions, make: Make<Segment>): Segment {
  checkOptions(options, 'Segment.open');
  return openNamed(name, options, make, 'Segment.open');
}

function openNamed(
  name: string,
  options: OpenOptions,
  make: Make<Segment>,
  operation: string,
): Segment {
  const path = pathOf(name);
  const access = accessOf(options);
  const subject = { operation, object: name };
  const readOnly = access.readOnly || access.isPrivate;
  const fd = openObject(path, { readOnly, follow: false, subject });
  const size = closingOnError(fd, () => {
    checkOwner(statOf(fd, subject), options.allowOwner, subject);
    return wholeSize(fd, subject);
  });
  return make(fd, size, { origin: 'named', name, path, access, created: false }, operation);
}

export function openOrCreate(
  name: string,
  options: CreateOptions & OpenOptions,
  make: Make<Segment>,
): Segment {
  const operation = 'Segment.openOrCreate';
  checkOptions(options, operation);
  checkSize(options.size);
  modeOf(options.mode);
  writableAccessOf(options, operation);
  return eitherWay(
    () => expectSize(openNamed(name, options, make, operation), options.size, operation),
    () => createNamed(name, options, make, operation),
  );
}

/** Opens what is there, or else makes it, however many others do the same. */
export function eitherWay(open: () => Segment, create: () => Segment): Segment {
  for (let attempts = 1; ; attempts++) {
    try {
      return open();
    } catch (error) {
      if (!hasCode(error, 'ERR_MEMSPAN_NOT_FOUND')) throw error;
    }
    try {
      return create();
    } catch (error) {
      // Somebody made it in between, and may have removed it again: look once more.
      if (!hasCode(error, 'ERR_MEMSPAN_EXISTS') || attempts === ATTEMPTS_MAX) throw error;
    }
  }
}

export function anonymous(size: number, options: MappingOptions, make: Make<Segment>): Segment {
  const subject = { operation: 'Segment.anonymous', object: undefined };
  checkSize(size);
  checkOptions(options, subject.operation);
  const access = writableAccessOf(options, subject.operation);
  const fd = openNameless(size, subject);
  const origin = 'anonymous';
  const parts: Parts = { origin, name: undefined, path: undefined, access, created: true };
  return make(fd, size, parts, subject.operation);
}

export function file(path: string, options: FileOptions, make: Make<Segment>): Segment {
  const operation = 'Segment.file';
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw invalidArgument(`${operation}: a path is a string without NUL characters, not empty`);
  }
  checkOptions(options, operation);
  const { size } = options;
  if (size !== undefined) checkSize(size);
  const mode = modeOf(options.mode);
  const access = accessOf(options);
  const subject: Subject = { operation, object: path };
  const absolute = resolve(path);
  const parts: Parts = { origin: 'file', name: path, path: absolute, access, created: false };
  const open = (): Segment => openFile(parts, size, make, subject);
  if (size === undefined || access.readOnly || access.isPrivate) return open();
  return eitherWay(open, () =>
    publish(absolute, { size, mode }, subject, (fd) =>
      make(fd, size, { ...parts, created: true }, operation),
    ),
  );
}

function openFile(
  parts: Parts,
  size: number | undefined,
  make: Make<Segment>,
  subject: Subject,
): Segment {
  const { path, access } = parts;
  const readOnly = access.readOnly || access.isPrivate;
  const fd = openObject(path as string, { readOnly, follow: true, subject });
  const found = closingOnError(fd, () => {
    const isEmpty = statOf(fd, subject).size === 0;
    if (isEmpty && size !== undefined && !readOnly) resizeObject(fd, 0, size, subject);
    return wholeSize(fd, subject);
  });
  const segment = make(fd, found, parts, subject.operation);
  return size === undefined ? segment : expectSize(segment, size, subject.operation);
}

export function fromHandle(
  handle: SegmentHandle,
  options: OpenOptions,
  make: Make<Segment>,
): Segment {
  const ticket = checkHandle(handle);
  checkOptions(options, 'Segment.fromHandle');
  const readOnly = options.readOnly ?? (ticket.readOnly && options.private !== true);
  const access = accessOf({ ...options, readOnly });
  const { kind: origin, name } = ticket;
  const path = name === undefined ? undefined : origin === 'file' ? resolve(name) : pathOf(name);
  const subject = { operation: 'Segment.fromHandle', object: name };
  const fd = openHandle(ticket, access.readOnly || access.isPrivate, subject);
  const size = closingOnError(fd, () => {
    checkOwner(statOf(fd, subject), options.allowOwner, subject);
    return wholeSize(fd, subject);
  });
  return make(fd, size, { origin, name, path, access, created: false }, subject.operation);
}

/** False when nothing had that name. */
export function unlink(path: string, subject: Subject): boolean {
  try {
    attempt(subject, () => unlinkSync(path));
    return true;
  } catch (error) {
    if (hasCode(error, 'ERR_MEMSPAN_NOT_FOUND')) return false;
    throw error;
  }
}

/** All of it; an object without bytes cannot be mapped, nor can one whose offsets are no exact numbers. */
export function wholeSize(fd: number, subject: Subject): number {
  const { size } = statOf(fd, subject);
  if (size > Number.MAX_SAFE_INTEGER) {
    throw new MemspanError('ERR_MEMSPAN_NO_MEMORY', {
      ...subject,
      cause: `it has ${size} bytes, more than can be mapped`,
      remedy: 'Its owner has to make it shorter, or `memspan rm` removes it',
      expected: Number.MAX_SAFE_INTEGER,
      found: size,
    });
  }
  if (size >= 1) return size;
  throw new MemspanError('ERR_MEMSPAN_EMPTY', {
    ...subject,
    cause: 'it has no bytes',
    remedy:
      'Its creator has not sized it (ftruncate), or it is a leftover: `memspan rm` removes it',
  });
}

export function expectSize(segment: Segment, expected: number, operation: string): Segment {
  if (segment.size === expected) return segment;
  const found = segment.size;
  const object = segment.name;
  segment.close();
  throw new MemspanError('ERR_MEMSPAN_SIZE_MISMATCH', {
    operation,
    object,
    cause: `it is there with ${found} bytes, not ${expected}`,
    remedy: 'Open it without a size, agree on one size, or remove it',
    expected,
    found,
  });
}

function hasCode(error: unknown, code: MemspanError['code']): boolean {
  return error instanceof MemspanError && error.code === code;
}
