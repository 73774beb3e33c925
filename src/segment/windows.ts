// Segments on Windows: sections backed by the paging file (CreateFileMapping), by name or without one. See section.ts.

import { MapFlag } from '../binding.ts';
import { invalidArgument, MemspanError } from '../errors.ts';
import { eitherWay, expectSize, fill } from './acquire.ts';
import { checkName } from './name.ts';
import type { Subject } from './object.ts';
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
import { atGate, checked, createSection, newSection, openSection } from './section.ts';
import type { Segment } from './segment.ts';
import type { Make, MappingStep, Parts, System } from './system.ts';

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
  requireLifelines: (subject) => unsupported(subject, BY_MUTEX),
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

/** Backslashes are the namespaces' (Kernel object namespaces): `Global\` is for memspan/win32. */
function checkSegmentName(name: string): void {
  checkName(name);
  if (!name.includes('\\')) return;
  throw invalidArgument(
    `${JSON.stringify(name.slice(0, 64))} cannot be a segment's name: it contains a backslash`,
    'ERR_MEMSPAN_INVALID_NAME' satisfies MemspanError['code'],
  );
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

function openNamed(
  name: string,
  options: OpenOptions,
  make: Make<Segment>,
  operation: string,
): Segment {
  checkSegmentName(name);
  const access = accessOf(options);
  const subject = { operation, object: name };
  const isWritable = (access.flags & MapFlag.writable) !== 0 && !access.isPrivate;
  return atGate(name, subject, () => {
    const { section, size } = openSection(name, isWritable, subject);
    const parts: Parts = { origin: 'named', name, path: undefined, access, created: false };
    return make(section, size, parts, operation);
  });
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
