// /proc/sysvipc/shm and sem (proc(5)): one line of names, then one line of numbers for each object of this IPC namespace.

import fs from 'node:fs';
import os from 'node:os';
import { systemError } from '../../errors.ts';

export type Row = Readonly<Record<string, number>>;

export const memoryTable = (): Row[] => tableOf('/proc/sysvipc/shm');
export const semaphoreTable = (): Row[] => tableOf('/proc/sysvipc/sem');

function tableOf(path: string): Row[] {
  const [head = '', ...lines] = textOf(path).trimEnd().split('\n');
  const names = head.trim().split(/\s+/);
  return lines.map((line) => {
    const cells = line.trim().split(/\s+/);
    // The mode is the one in octal.
    const read = (name: string, cell = '0'): number =>
      name === 'perms' ? Number.parseInt(cell, 8) : Number(cell);
    return Object.fromEntries(names.map((name, i) => [name, read(name, cells[i])]));
  });
}

function textOf(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    const { errno = -os.constants.errno.EIO } = error as NodeJS.ErrnoException;
    throw systemError('open', -errno, 'ipcs', path);
  }
}
