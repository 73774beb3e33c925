// Who has a name of /dev/shm: maps it, or has it open, as /proc says (proc.ts).
//
// Processes of other pid namespaces are not in /proc at all, which is why nothing is decided by /proc alone.

import { existsSync, statSync } from 'node:fs';
import { SHM_DIRECTORY } from '../../segment/name.ts';
import { mappersOf, openersOf } from '../proc.ts';

/** As a segment's handle has it. */
export interface Inode {
  readonly dev: string;
  readonly ino: string;
}

export interface Surroundings {
  /** Pids of those who map it or have it open, this process excepted. */
  usersOf(inode: Inode): readonly number[];
  /** Processes that may not be looked at. */
  readonly hidden: number;
}

/** Looks at every process. */
export function lookAround(): Surroundings {
  const shm = String(statSync(SHM_DIRECTORY, { bigint: true }).dev);
  const mappings = mappersOf(shm);
  const descriptors = openersOf(shm);
  // The first process is always there: where it is not seen, /proc shows only one's own (hidepid).
  const unseen = existsSync('/proc/1') ? 0 : 1;
  return {
    usersOf({ dev, ino }) {
      const key = `${dev}:${ino}`;
      const mappers = mappings.mapped.get(key)?.mappers.map(({ pid }) => pid) ?? [];
      const users = new Set([...mappers, ...(descriptors.openers.get(key) ?? [])]);
      users.delete(process.pid);
      return [...users];
    },
    hidden: Math.max(mappings.hidden, descriptors.hidden) + unseen,
  };
}
