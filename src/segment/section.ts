// Sections: file mappings of the paging file, as Windows' segments need them, with two more kernel objects beside each named one.
//
// A section knows its size in whole pages only, and its name is there before it is filled. No byte of the segment is
// spent on that; both of these are called after a digest of its name:
//   the record  a section of 8 bytes, the segment's exact size. Who has the segment open has the record open. It is
//               opened before the segment and closed after it, so that who gets the one gets the other.
//   the gate    a mutex. Who makes the segment has it from before the name appears until `init` has filled the segment;
//               who opens one goes through it. Its owner's death opens it (WAIT_ABANDONED).
// A section that somebody else has made has no record: its size is that of its pages.

import { createHash } from 'node:crypto';
import type { WindowsBinding } from '../binding/windows.ts';
import { windows as core, native, type RawMapping } from '../binding.ts';
import { windowsError } from '../errors/windows.ts';
import { MemspanError } from '../errors.ts';
import { closingOnError, type Subject } from './object.ts';

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
/** How often a section without a record is looked at, a millisecond apart. */
const LOOKS_MAX = 4;

/** On Windows alone this file's functions are called. */
function calls(): WindowsBinding {
  return core as WindowsBinding;
}

/** What the core returned, or the error of it. */
export function checked(result: number, call: string, { operation, object }: Subject): number {
  if (result >= 0) return result;
  // The name is a mutex's, a semaphore's or an event's.
  const code = result === -ERROR_INVALID_HANDLE ? 'ERR_MEMSPAN_NOT_A_SEGMENT' : undefined;
  throw windowsError(call, -result, operation, object, code);
}

/** An object's name has at most 260 characters (CreateMutexW): a digest always fits. */
function nameBeside(name: string, what: 'size' | 'gate'): string {
  return `memspan-${what}-${createHash('sha256').update(name).digest('hex')}`;
}

/** Runs `work` while nobody else makes or opens that segment. */
export function atGate<T>(name: string, subject: Subject, work: () => T): T {
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

export function createSection(size: number, name: string | null, subject: Subject): number {
  const [high, low] = [Math.floor(size / 2 ** 32), size % 2 ** 32];
  if (high >= 2 ** 32) {
    throw new MemspanError('ERR_MEMSPAN_NO_MEMORY', { ...subject, cause: `${size} bytes` });
  }
  const section = calls().createSection(-1, false, PAGE_READWRITE, high, low, name);
  return checked(section, 'CreateFileMapping', subject);
}

/** The section with its record; throws `ERR_MEMSPAN_EXISTS`. */
export function newSection(name: string, size: number, subject: Subject): number {
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

export interface OpenedSection {
  readonly section: number;
  readonly size: number;
}

/** The section of that name, its record with it, through the gate. Throws `ERR_MEMSPAN_NOT_FOUND`. */
export function openSection(name: string, isWritable: boolean, subject: Subject): OpenedSection {
  const access = isWritable ? FILE_MAP_READ | FILE_MAP_WRITE : FILE_MAP_READ;
  for (let looks = 1; ; looks++) {
    const record = calls().openSection(FILE_MAP_READ, false, nameBeside(name, 'size'));
    const section = calls().openSection(access, false, name);
    if (section < 0) {
      if (record >= 0) native.close(record);
      checked(section, 'OpenFileMapping', subject);
    }
    // Windows closes a dying process's handles in an order of its own: what has no record any more may be about to go.
    if (record === -ERROR_FILE_NOT_FOUND && looks < LOOKS_MAX) {
      native.close(section);
      pause(subject);
      continue;
    }
    if (record >= 0) calls().accompany(section, record);
    return { section, size: closingOnError(section, () => sizeOf(section, record, subject)) };
  }
}

/** About a millisecond. */
function pause(subject: Subject): void {
  const never = checked(calls().createEvent(false, true, false, null), 'CreateEvent', subject);
  calls().wait([never], false, 1, false);
  native.close(never);
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
