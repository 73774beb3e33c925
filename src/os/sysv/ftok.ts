// ftok(3): a key for programs that agree on a file and a number.

import { integerOf, stringOf } from '../arguments.ts';
import { checked } from './failure.ts';
import { systemV } from './native.ts';

/**
 * A key made of the file's inode and device numbers and the low eight bits of `proj_id`: the same one as in C. Not certain
 * to be unlike that of another file; another one once the file has been removed and made anew.
 *
 * @param pathname a file that is there
 * @param proj_id an integer of which the low eight bits count and must not all be 0; C's `'A'` is `65`
 * @throws MemspanError with the errno of stat(2): ENOENT, EACCES, ENOTDIR, ELOOP, ENAMETOOLONG. Source: ftok(3)
 */
export function ftok(pathname: string, proj_id: number): number {
  const path = stringOf(pathname, 'pathname', 'ftok');
  const key = systemV.ftok(path, integerOf(proj_id, 'proj_id', 'ftok'));
  return checked(key, 'ftok', path) | 0;
}
