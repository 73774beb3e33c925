// Taking the name from a segment that nobody has any more. For formats with a gate: a lifeline (lifeline.ts) that everybody
// who uses the segment holds shared.
//
// While this holds the gate exclusively, nobody else can pass it; who waits there has the file open. Then the kernel is
// asked whether any other open file description of the file is left: one that is mapped, held by a process that may not be
// looked at, that lives in another pid namespace, or under way in a socket. Only where there is none the name goes. Who opens it
// from then on finds it gone or, a moment before, unlinked, which whoever passes the gate looks for.

import { constants } from 'node:fs';
import { native } from '../binding.ts';
import { unlink } from './acquire.ts';
import { readAt } from './descriptor.ts';
import { isLacking } from './lacking.ts';
import { FIRST_BYTE } from './lifeline.ts';
import { pathOf } from './name.ts';
import {
  checked,
  type Identity,
  identityAt,
  isSame,
  openPatiently,
  type Stat,
  statOf,
} from './object.ts';

const EXCLUSIVE = 2;
const SAFE_OPEN = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
const NOT_FOUND = -2; // ENOENT

/** What has become, or would become, of it. */
export type Standing =
  | 'removed'
  /** With `dryRun`. */
  | 'removable'
  /** Somebody is behind its gate. */
  | 'held'
  /** Nobody is, but somebody maps it or has it open. */
  | 'used'
  /** Whether anybody does cannot be found out. */
  | 'unknown'
  /** The name leads to something else, or nowhere. */
  | 'gone';

export interface DesertedOptions {
  /** The lifeline that is the gate. */
  readonly gate: number;
  /** Removes nothing, takes nothing, says what it would do. */
  readonly dryRun: boolean;
  /** Whether it has that gate; nothing of it is mapped. */
  isIt(size: number, read: (offset: number, length: number) => Uint8Array): boolean;
  /**
   * Where the kernel does not say who uses it (leases: its owner's only, and not in every sandbox): whether anybody is seen who
   * does. That nobody is seen proves nothing.
   */
  isUsed(inode: Identity): boolean;
}

/** Throws `ERR_MEMSPAN_PERMISSION` where it is not this user's to remove. */
export function unlinkDeserted(name: string, options: DesertedOptions): Standing {
  const { gate, dryRun, isIt } = options;
  const subject = { operation: 'clean', object: name };
  const path = pathOf(name);
  const fd = openPatiently(path, SAFE_OPEN | (dryRun ? constants.O_RDONLY : constants.O_RDWR));
  if (fd === NOT_FOUND) return 'gone';
  checked(fd, 'open', subject);
  try {
    const stat = statOf(fd, subject);
    const read = (offset: number, length: number): Uint8Array => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readAt(fd, bytes, offset));
    };
    if (!isIt(stat.size, read)) return 'gone';
    const held = dryRun
      ? native.probeBytes(fd, FIRST_BYTE + gate, 1)
      : native.lockByte(fd, FIRST_BYTE + gate, EXCLUSIVE);
    if (isLacking(held)) return 'unknown';
    if (held !== 0) return 'held';
    // step: deserted-gate-taken
    const used = isUsed(fd, stat, options);
    if (used !== false) return used ? 'used' : 'unknown';
    if (!isSame(stat, identityAt(path, subject))) return 'gone';
    if (dryRun) return 'removable';
    // step: deserted-before-unlink
    return unlink(path, subject) ? 'removed' : 'gone';
  } finally {
    native.close(fd);
  }
}

function isUsed(fd: number, stat: Stat, options: DesertedOptions): boolean | undefined {
  const answer = native.isOnlyUser(fd);
  if (answer >= 0) return answer === 0;
  return options.isUsed(stat) ? true : undefined;
}
