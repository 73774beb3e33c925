// What a segment may be called, and the file behind a name (shm_overview(7): /dev/shm/NAME is shm_open's /NAME).

import { invalidArgument, type MemspanError } from '../errors.ts';

/** Where POSIX shared memory lives on Linux. */
export const SHM_DIRECTORY = '/dev/shm';

/**
 * What a segment is called until it is complete, where the kernel has no unnamed files: `.memspan-PID-RANDOM`.
 * One whose maker is dead is a leftover (unfinished.ts).
 */
export const TEMPORARY_PREFIX = '.memspan-';

/** NAME_MAX, in bytes of UTF-8. */
const NAME_BYTES_MAX = 255;

/** The path of a named segment. Throws as checkName does. */
export function pathOf(name: string): string {
  checkName(name);
  return `${SHM_DIRECTORY}/${name}`;
}

/** Throws `ERR_MEMSPAN_INVALID_NAME` (a TypeError) for what cannot be a segment's name on any system. */
export function checkName(name: string): void {
  if (typeof name !== 'string') {
    throw invalidArgument(`a segment's name is a string, not ${describe(name)}`);
  }
  const problem = problemOf(name);
  if (problem !== undefined) {
    throw invalidArgument(
      `${JSON.stringify(name.slice(0, 64))} cannot be a segment's name: ${problem}`,
      'ERR_MEMSPAN_INVALID_NAME' satisfies MemspanError['code'],
    );
  }
}

function problemOf(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name === '.' || name === '..') return 'it is a directory';
  if (name.includes('\0')) return 'it contains a NUL character';
  if (name.startsWith('/')) return `write it without the leading slash: '${name.slice(1, 64)}'`;
  if (name.includes('/')) return 'it contains a slash; names are one word';
  if (!name.isWellFormed()) return 'it contains half of a surrogate pair';
  const bytes = Buffer.byteLength(name);
  if (bytes > NAME_BYTES_MAX)
    return `it has ${bytes} bytes of UTF-8, ${NAME_BYTES_MAX} are allowed`;
  return undefined;
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
