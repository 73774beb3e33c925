// Errors of Windows' own calls: their numbers are not errno's, and systemError would name them wrongly.
// Names and numbers are winerror.h's (System Error Codes).

import { type ErrorCode, MemspanError } from '../errors.ts';

/** Of those that the calls of memspan can end with. */
const ERRORS: Readonly<Record<number, readonly [name: string, code?: ErrorCode]>> = {
  2: ['ERROR_FILE_NOT_FOUND', 'ERR_MEMSPAN_NOT_FOUND'],
  3: ['ERROR_PATH_NOT_FOUND', 'ERR_MEMSPAN_NOT_FOUND'],
  4: ['ERROR_TOO_MANY_OPEN_FILES', 'ERR_MEMSPAN_LIMIT'],
  5: ['ERROR_ACCESS_DENIED', 'ERR_MEMSPAN_PERMISSION'],
  6: ['ERROR_INVALID_HANDLE'],
  8: ['ERROR_NOT_ENOUGH_MEMORY', 'ERR_MEMSPAN_NO_MEMORY'],
  14: ['ERROR_OUTOFMEMORY', 'ERR_MEMSPAN_NO_MEMORY'],
  19: ['ERROR_WRITE_PROTECT', 'ERR_MEMSPAN_PERMISSION'],
  31: ['ERROR_GEN_FAILURE'],
  50: ['ERROR_NOT_SUPPORTED', 'ERR_MEMSPAN_UNSUPPORTED'],
  87: ['ERROR_INVALID_PARAMETER'],
  112: ['ERROR_DISK_FULL', 'ERR_MEMSPAN_NO_SPACE'],
  123: ['ERROR_INVALID_NAME', 'ERR_MEMSPAN_INVALID_NAME'],
  161: ['ERROR_BAD_PATHNAME', 'ERR_MEMSPAN_INVALID_NAME'],
  164: ['ERROR_MAX_THRDS_REACHED', 'ERR_MEMSPAN_LIMIT'],
  183: ['ERROR_ALREADY_EXISTS', 'ERR_MEMSPAN_EXISTS'],
  193: ['ERROR_BAD_EXE_FORMAT'],
  206: ['ERROR_FILENAME_EXCED_RANGE', 'ERR_MEMSPAN_INVALID_NAME'],
  288: ['ERROR_NOT_OWNER', 'ERR_MEMSPAN_NOT_HELD'],
  298: ['ERROR_TOO_MANY_POSTS', 'ERR_MEMSPAN_OVERFLOW'],
  487: ['ERROR_INVALID_ADDRESS'],
  1006: ['ERROR_FILE_INVALID', 'ERR_MEMSPAN_EMPTY'],
  1132: ['ERROR_MAPPED_ALIGNMENT'],
  1223: ['ERROR_CANCELLED'],
  1314: ['ERROR_PRIVILEGE_NOT_HELD', 'ERR_MEMSPAN_PERMISSION'],
  1450: ['ERROR_NO_SYSTEM_RESOURCES', 'ERR_MEMSPAN_NO_MEMORY'],
  1453: ['ERROR_WORKING_SET_QUOTA', 'ERR_MEMSPAN_NO_MEMORY'],
  1455: ['ERROR_COMMITMENT_LIMIT', 'ERR_MEMSPAN_NO_MEMORY'],
};

const REMEDY_OF_CODE: Readonly<Partial<Record<ErrorCode, string>>> = {
  ERR_MEMSPAN_NOT_FOUND: 'Create it first, and keep it open: a name goes with its last handle',
  ERR_MEMSPAN_EXISTS:
    'Open it, or use openOrCreate; the name is free when the last handle is closed',
  ERR_MEMSPAN_NOT_A_SEGMENT: 'Choose another name: objects of every kind share one namespace',
  ERR_MEMSPAN_NO_MEMORY: 'Make it smaller, or the paging file larger',
  ERR_MEMSPAN_LIMIT: 'Close what is no longer used',
};

/** The error of a failed call; `errno` is what GetLastError() said, positive. `code` where the caller knows better. */
export function windowsError(
  syscall: string,
  errno: number,
  operation: string,
  object?: string | undefined,
  code?: ErrorCode,
): MemspanError {
  const [name, usual = 'ERR_MEMSPAN_SYSTEM'] = ERRORS[errno] ?? [`error ${errno}`];
  const known = code ?? usual;
  const cause = `${syscall} failed with ${name}`;
  const remedy = REMEDY_OF_CODE[known];
  return new MemspanError(known, { operation, object, cause, remedy, errno, syscall });
}
