// Segments on Linux: descriptors of files in /dev/shm, of memfds, of any file.

import { native } from '../binding.ts';
import * as acquire from './acquire.ts';
import { isHeld, Lifeline, requireLifelines } from './lifeline.ts';
import { listSegments } from './list.ts';
import { pathOf } from './name.ts';
import { checked, identityAt, isSame, resizeObject, type Subject, statOf } from './object.ts';
import type { MappingStep, Parts, System } from './system.ts';

const CALL: Readonly<Record<MappingStep, string>> = {
  map: 'mmap',
  heal: 'mmap',
  cut: 'mmap',
  sync: 'msync',
  close: 'mmap',
};

export const linux: System = {
  create: acquire.create,
  open: acquire.open,
  openOrCreate: acquire.openOrCreate,
  anonymous: acquire.anonymous,
  file: acquire.file,
  fromHandle: acquire.fromHandle,
  unlinkName: (name, subject) => acquire.unlink(pathOf(name), subject),
  list: listSegments,
  isLinked,
  unlink: (fd, parts, subject) =>
    isLinked(fd, parts, subject) && acquire.unlink(parts.path as string, subject),
  identity: statOf,
  currentSize: (fd, subject) => statOf(fd, subject).size,
  wholeSize: acquire.wholeSize,
  resize: resizeObject,
  requireLifelines,
  lifeline: Lifeline.take,
  isHeld,
  watch: (fd) => Math.max(native.watchFile(fd), 0),
  unwatch: (watch) => native.unwatchFile(watch),
  checked: (result, step, subject) => checked(result, CALL[step], subject),
};

function isLinked(fd: number, { path }: Parts, subject: Subject): boolean {
  return path !== undefined && isSame(statOf(fd, subject), identityAt(path, subject));
}
