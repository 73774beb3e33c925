// For tests of System V's objects: new ones that are gone when the test is done, keys that nobody else has, and what a call
// fails with.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, type TestContext } from 'node:test';
import { MemspanError } from '../../../src/index.ts';
import {
  ftok,
  IPC_CREAT,
  IPC_EXCL,
  IPC_PRIVATE,
  IPC_RMID,
  IPC_SET,
  IPC_STAT,
  ipcs,
  SETALL,
  semctl,
  semget,
  shmctl,
  shmget,
} from '../../../src/os/sysv.ts';
import { type Child, type ChildOptions, startChild } from '../../support/puppets.ts';

export function newSegment(
  t: TestContext,
  size: number,
  flags = 0o600,
  key: number = IPC_PRIVATE,
): number {
  const id = shmget(key, size, IPC_CREAT | IPC_EXCL | flags);
  t.after(() => removeSegment(id));
  return id;
}

export function newSet(
  t: TestContext,
  values: number[],
  mode = 0o600,
  key: number = IPC_PRIVATE,
): number {
  const id = semget(key, values.length, IPC_CREAT | IPC_EXCL | 0o600);
  t.after(() => removeSet(id));
  semctl(id, 0, SETALL, values);
  // The mode of a new one would stand in the way of SETALL.
  const [uid, gid] = [process.getuid?.() as number, process.getgid?.() as number];
  if (mode !== 0o600) semctl(id, 0, IPC_SET, { sem_perm: { uid, gid, mode } });
  return id;
}

/** Unless the test has done so. */
export function removeSegment(id: number): void {
  if (ipcs().shm.some((row) => row.shmid === id)) shmctl(id, IPC_RMID);
}

export function removeSet(id: number): void {
  if (ipcs().sem.some((row) => row.semid === id)) semctl(id, 0, IPC_RMID);
}

/** A folder of this test's own. */
export function newFolder(t: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'memspan-test-sysv-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  return folder;
}

const keyFolders: string[] = [];
after(() => {
  for (const folder of keyFolders) fs.rmSync(folder, { recursive: true });
});

/**
 * A file for ftok(), and its key: that is the file's inode number, which a new file of anybody's may have once this one is
 * gone. So it stays until the objects of all tests here are gone, too.
 */
export function newKey(): { file: string; key: number } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'memspan-test-sysv-'));
  keyFolders.push(folder);
  const file = path.join(folder, 'key');
  fs.writeFileSync(file, '');
  return { file, key: ftok(file, 1) };
}

export const attachments = (id: number): number => shmctl(id, IPC_STAT).shm_nattch;

/** That `act` fails as that call with that error, in all that the error says. */
export function failsWith(act: () => unknown, syscall: string, name: string): MemspanError {
  let found: unknown;
  assert.throws(act, (error) => {
    found = error;
    return true;
  });
  return isFailure(found, syscall, name);
}

export async function rejectsWith(
  promise: Promise<unknown>,
  syscall: string,
  name: string,
): Promise<MemspanError> {
  return isFailure(
    await promise.then(
      () => assert.fail(`expected ${name}`),
      (error) => error,
    ),
    syscall,
    name,
  );
}

function isFailure(found: unknown, syscall: string, name: string): MemspanError {
  assert.ok(found instanceof MemspanError, String(found));
  assert.equal(found.errno, os.constants.errno[name as keyof typeof os.constants.errno]);
  assert.equal(found.syscall, syscall);
  assert.match(found.message, new RegExp(`^${syscall}\\b.*: .*\\b${name}\\b`));
  return found;
}

const NOBODY = 65_534;

/** A child without root's rights. Needs root. */
export async function startNobody(options?: ChildOptions): Promise<Child> {
  const child = await startChild(options);
  await child.run((_, nobody) => {
    process.setgroups?.([]);
    process.setgid?.(nobody);
    process.setuid?.(nobody);
  }, NOBODY);
  return child;
}
