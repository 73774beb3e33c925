// What the running system says of its limits: sysconf(3). The constants of limits.h are in constants.ts.

import { systemError } from '../../errors.ts';
import { integerOf } from '../arguments.ts';
import { os } from '../native.ts';

/**
 * The value of a limit or an option, by its `_SC_…` name: `sysconf(_SC_PAGESIZE)`. −1 where there is no limit.
 * Throws a MemspanError with errno EINVAL for a name that the system does not know. Source: sysconf(3).
 */
export function sysconf(name: number): number {
  const value = os.sysconf(integerOf(name, 'name', 'sysconf'));
  // −1 is a value: errors are told by the numbers below it (native/os/limits.cc).
  if (value < -1) throw systemError('sysconf', -value - 1, 'sysconf');
  return value;
}
