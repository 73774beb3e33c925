// Shared memory objects for tests: a descriptor and a name that are gone when the test is over.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import type { TestContext } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { shmPath, uniqueName } from '../../support/segments.ts';

export const PAGE: number = posix.sysconf(posix._SC_PAGESIZE);
export const READ_WRITE: number = posix.PROT_READ | posix.PROT_WRITE;

export interface SharedObject {
  /** With its slash. */
  readonly name: string;
  readonly fd: number;
}

/** A new object of that many bytes, mode 0600. */
export function newObject(t: TestContext, size: number = PAGE): SharedObject {
  const name = `/${uniqueName()}`;
  const fd = posix.shm_open(name, posix.O_RDWR | posix.O_CREAT | posix.O_EXCL, 0o600);
  t.after(() => {
    posix.shm_unlink(name);
    posix.close(fd);
  });
  posix.ftruncate(fd, size);
  return { name, fd };
}

/** The same object once more, opened in that way. */
export function opened(t: TestContext, { name }: SharedObject, oflag: number): number {
  const fd = posix.shm_open(name, oflag);
  t.after(() => posix.close(fd));
  return fd;
}

/** Its bytes, mapped as `MAP_SHARED` with that protection; unmapped when the test is over. */
export function shared(
  t: TestContext,
  fd: number,
  length: number = PAGE,
  prot: number = READ_WRITE,
): Uint8Array {
  const region = posix.mmap(null, length, prot, posix.MAP_SHARED, fd);
  t.after(() => posix.munmap(region));
  return new Uint8Array(region);
}

/** A pipe, open at both ends. */
export function openPipe(t: TestContext): number {
  const path = shmPath(uniqueName());
  execFileSync('mkfifo', [path]);
  const fd = fs.openSync(path, 'r+');
  fs.rmSync(path);
  t.after(() => fs.closeSync(fd));
  return fd;
}
