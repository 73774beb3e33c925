// Segments on Windows: sections backed by the paging file (CreateFileMapping), by name or without one.
//
// A section knows its size in whole pages only, and its name is there before it is filled. So two more kernel objects go
// with the name, both called after a digest of it, and no byte of the segment is spent:
//   the record  a section of 8 bytes, the segment's exact size. Who has the segment open has the record open; it is
//               opened before the segment and closed after it, so that who gets the one gets the other.
//   the gate    a mutex. Who makes the segment has it from before the name appears until `init` has filled the segment;
//               who opens one goes through it. Its owner's death opens it (WAIT_ABANDONED).
// A section that somebody else has made has no record: its size is that of its pages.

import { createHash } from 'node:crypto';
import type { WindowsBinding } from '../binding/windows.ts';
import { windows as core, MapFlag, native, type RawMapping } from '../binding.ts';
import { windowsError } from '../errors/windows.ts';
import { invalidArgument, MemspanError } from '../errors.ts';
import { eitherWay, expectSize, fill } from './acquire.ts';
import { checkName } from './name.ts';
import { closingOnError, type Subject } from './object.ts';
import {
  type Access,
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

const PAGE = 4096;
const PAGE_READWRITE = 4;
const FILE_MAP_READ = 4;
const FILE_MAP_WRITE = 2;
const ERROR_FILE_NOT_FOUND = 2;
const ERROR_ACCESS_DENIED = 5;
const ERROR_INVALID_HANDLE = 6;
const ERROR_ALREADY_EXISTS = 183;
const WAIT_TIMEOUT = 0x102;
/** A worker can be terminated between two of them. */
const SLICE_MS = 50;
const RECORD_BYTES = 8;

const CALL: Readonly<Record<MappingStep, string>> = {
  map: 'MapViewOfFile',
  heal: 'MapViewOfFile',
  cut: 'MapViewOfFile',
  sync: 'FlushViewOfFile',
  close: 'UnmapViewOfFile',
};

export const windows: System = {
  create(name, options, make) {
    const operation = 'Segment.create';
    checkOptions(options, operation);
    if (options.exclusive === false) return openOrCreate(name, options, make);
    return createNamed(name, options, make, operation);
  },
  open(name, options, make) {
    checkOptions(options, 'Segment.open');
    return openNamed(name, options, make, 'Segment.open');
  },
  openOrCreate,
  anonymous,
  file: (path) =>
    unsupported(
      { operation: 'Segment.file', object: path },
      'Map it with CreateFileMapping and MapViewOfFile of memspan/win32',
    ),
  fromHandle: () => unsupported({ operation: 'Segment.fromHandle', object: undefined }, BY_NAME),
  // A name cannot be taken away: it goes with the last handle.
  unlinkName(name) {
    checkSegmentName(name);
    return false;
  },
  unlink: () => false,
  list: () =>
    unsupported({ operation: 'Segment.list', object: undefined }, 'Agree on names beforehand'),
  isLinked: (_fd, { origin }) => origin === 'named',
  identity: (_fd, subject) => unsupported(subject, BY_NAME),
  currentSize: (_fd, subject) => unsupported(subject, 'Make it as large as it may ever get'),
  wholeSize: (_fd, subject) => unsupported(subject, 'Make it as large as it may ever get'),
  resize: (_fd, _from, _to, subject) => unsupported(subject, 'Make another one'),
  lifeline: (_fd, _index, _shared, subject) => unsupported(subject, BY_MUTEX),
  isHeld: (_fd, _index, _count, subject) => unsupported(subject, BY_MUTEX),
  watch: () => 0,
  unwatch() {},
  checked: (result, step, subject) => checked(result, CALL[step], subject),
};

const BY_NAME = 'Give it a name, and open it by that';
const BY_MUTEX = 'A mutex of memspan/win32 tells of its owner’s death by WAIT_ABANDONED';

function unsupported({ operation, object }: Subject, remedy: string): never {
  const cause = 'Windows has nothing for it';
  throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', { operation, object, cause, remedy });
}

/** On Windows alone this file's functions are called. */
function calls(): WindowsBinding {
  return core as WindowsBinding;
}

function checked(result: number, call: string, { operation, object }: Subject): number {
  if (result >= 0) return result;
  // The name is a mutex's, a semaphore's or an event's.
  const code = result === -ERROR_INVALID_HANDLE ? 'ERR_MEMSPAN_NOT_A_SEGMENT' : undefined;
  throw windowsError(call, -result, operation, object, code);
}

/** Backslashes are the namespaces' (Kernel object namespaces): `Global\` is for memspan/win32. */
function checkSegmentName(name: string): void {
  checkName(name);
  if (!name.includes('\\')) return;
  throw invalidArgument(
    `${JSON.stringify(name.slice(0, 64))} cannot be a segment's name: it contains a backslash`,
    'ERR_MEMSPAN_INVALID_NAME' satisfies MemspanError['code'],
  );
}

/** An object's name has at most 260 characters (CreateMutexW): a digest always fits. */
function nameBeside(name: string, what: 'size' | 'gate'): string {
  return `memspan-${what}-${createHash('sha256').update(name).digest('hex')}`;
}

/** Runs `work` while nobody else makes or opens that segment. */
function atGate<T>(name: string, subject: Subject, work: () => T): T {
  const gate = checked(
    calls().createMutex(false, false, nameBeside(name, 'gate')),
    'CreateMutex',
    subject,
  );
  try {
    let result: number;
    do result = calls().wait([gate], false, SLICE_MS, false);
    while (result === WAIT_TIMEOUT);
    checked(result, 'WaitForSingleObject', subject);
    try {
      return work();
    } finally {
      calls().releaseMutex(gate);
    }
  } finally {
    native.close(gate);
  }
}

function createSection(size: number, name: string | null, subject: Subject): number {
  const [high, low] = [Math.floor(size / 2 ** 32), size % 2 ** 32];
  if (high >= 2 ** 32) {
    throw new MemspanError('ERR_MEMSPAN_NO_MEMORY', { ...subject, cause: `${size} bytes` });
  }
  const section = calls().createSection(-1, false, PAGE_READWRITE, high, low, name);
  return checked(section, 'CreateFileMapping', subject);
}

function writableAccess(options: CreateOptions, operation: string, name: string): Access {
  if (modeOf(options.mode) !== 0o600) {
    unsupported(
      { operation: `${operation} with a mode`, object: name },
      'Leave mode out: the default is what the process’s token says, this user alone as a rule',
    );
  }
  return writableAccessOf(options, operation);
}

function createNamed(
  name: string,
  options: CreateOptions,
  make: Make<Segment>,
  operation: string,
): Segment {
  checkSegmentName(name);
  const { size, init } = options;
  checkSize(size);
  const access = writableAccess(options, operation, name);
  const subject = { operation, object: name };
  return atGate(name, subject, () => {
    const section = newSection(name, size, subject);
    const parts: Parts = { origin: 'named', name, path: undefined, access, created: true };
    const segment = make(section, size, parts, operation);
    try {
      fill(segment, init);
      if (segment.closed) throw invalidArgument('init may not close the segment that it fills');
      return segment;
    } catch (error) {
      segment.close();
      throw error;
    }
  });
}

/** The section with its record; throws `ERR_MEMSPAN_EXISTS`. */
function newSection(name: string, size: number, subject: Subject): number {
  const record = createSection(RECORD_BYTES, nameBeside(name, 'size'), subject);
  return closingOnError(record, () => {
    const section = createSection(size, name, subject);
    return closingOnError(section, () => {
      if (calls().lastError() === ERROR_ALREADY_EXISTS) {
        throw windowsError('CreateFileMapping', ERROR_ALREADY_EXISTS, subject.operation, name);
      }
      withRecord(record, FILE_MAP_WRITE, subject, (words) => {
        words[0] = BigInt(size);
      });
      calls().accompany(section, record);
      return section;
    });
  });
}

function withRecord<T>(
  record: number,
  access: number,
  subject: Subject,
  use: (words: BigUint64Array) => T,
): T {
  const mapped = calls().mapSection(record, access, 0, RECORD_BYTES);
  if (typeof mapped === 'number') checked(mapped, 'MapViewOfFile', subject);
  const { handle, buffer } = mapped as RawMapping;
  try {
    return use(new BigUint64Array(buffer));
  } finally {
    native.closeMapping(handle, undefined);
  }
}

function openNamed(
  name: string,
  options: OpenOptions,
  make: Make<Segment>,
  operation: string,
): Segment {
  checkSegmentName(name);
  const access = accessOf(options);
  const subject = { operation, object: name };
  const canWrite = (access.flags & MapFlag.writable) !== 0 && !access.isPrivate;
  const wanted = canWrite ? FILE_MAP_READ | FILE_MAP_WRITE : FILE_MAP_READ;
  return atGate(name, subject, () => {
    const record = calls().openSection(FILE_MAP_READ, false, nameBeside(name, 'size'));
    const section = calls().openSection(wanted, false, name);
    if (section < 0) {
      if (record >= 0) native.close(record);
      checked(section, 'OpenFileMapping', subject);
    }
    if (record >= 0) calls().accompany(section, record);
    const size = closingOnError(section, () => sizeOf(section, record, subject));
    const parts: Parts = { origin: 'named', name, path: undefined, access, created: false };
    return make(section, size, parts, operation);
  });
}

/** The record's size, if there is one and it can be true. */
function sizeOf(section: number, record: number, subject: Subject): number {
  const pages = calls().measureSection(section);
  if (pages === 0) {
    throw windowsError('NtQuerySection', ERROR_ACCESS_DENIED, subject.operation, subject.object);
  }
  if (record === -ERROR_FILE_NOT_FOUND) return pages;
  checked(record, 'OpenFileMapping', subject);
  const exact = withRecord(record, FILE_MAP_READ, subject, (words) => Number(words[0]));
  return Math.ceil(exact / PAGE) * PAGE === pages ? exact : pages;
}

function openOrCreate(
  name: string,
  options: CreateOptions & OpenOptions,
  make: Make<Segment>,
): Segment {
  const operation = 'Segment.openOrCreate';
  checkOptions(options, operation);
  checkSize(options.size);
  checkSegmentName(name);
  writableAccess(options, operation, name);
  return eitherWay(
    () => expectSize(openNamed(name, options, make, operation), options.size, operation),
    () => createNamed(name, options, make, operation),
  );
}

function anonymous(size: number, options: MappingOptions, make: Make<Segment>): Segment {
  const operation = 'Segment.anonymous';
  checkSize(size);
  checkOptions(options, operation);
  const access = writableAccessOf(options, operation);
  const section = createSection(size, null, { operation, object: undefined });
  const parts = { name: undefined, path: undefined, access, created: true };
  return make(section, size, { origin: 'anonymous', ...parts }, operation);
}
