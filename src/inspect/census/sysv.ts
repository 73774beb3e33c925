// System V's memory and semaphores, out of /proc/sysvipc: also what one may not read.

import type { MemspanError } from '../../errors.ts';
import { ipcs } from '../../os/sysv/ipcs.ts';
import type { CensusItem } from '../census.ts';
import type { Look } from './look.ts';

export function systemVItems({ now, attached }: Look): CensusItem[] {
  const { shm, sem } = systemV();
  const common = ({
    uid,
    gid,
    perms: mode,
    ctime,
    key,
    owner: user,
  }: (typeof shm | typeof sem)[0]) => {
    const modifiedAt = new Date(ctime * 1000);
    return { uid, gid, user, mode, modifiedAt, ageMs: now - +modifiedAt, inode: undefined, key };
  };
  const memory = shm.map((listed): CensusItem => {
    const { shmid: id, nattch, status, rss, swap, bytes: size } = listed;
    const { mappers = [], mappings = 0 } = attached.get(id) ?? {};
    return {
      ...common(listed),
      kind: 'sysv-memory',
      name: `sysv/shm/${id}`,
      size,
      residentSize: rss + swap,
      id,
      mappers,
      hidden: Math.max(nattch - mappings, 0),
      isHeld: nattch > 0,
      remark: status.includes('dest') ? 'removed, goes at the last detach' : undefined,
    };
  });
  const semaphores = sem.map((listed): CensusItem => {
    const { semid: id, nsems } = listed;
    return {
      ...common(listed),
      kind: 'sysv-semaphores',
      name: `sysv/sem/${id}`,
      size: 0,
      residentSize: 0,
      id,
      mappers: [],
      hidden: 0,
      isHeld: undefined,
      remark: nsems === 1 ? '1 semaphore' : `${nsems} semaphores`,
    };
  });
  return [...memory, ...semaphores];
}

/** A kernel may have been built without (CONFIG_SYSVIPC). */
function systemV(): ReturnType<typeof ipcs> {
  try {
    return ipcs();
  } catch (error) {
    if ((error as MemspanError).code !== 'ERR_MEMSPAN_NOT_FOUND') throw error;
    return { shm: [], sem: [] };
  }
}
