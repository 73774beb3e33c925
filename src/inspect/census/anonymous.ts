// Memory without a name that processes have mapped shared: memfds, mmap's own, what was removed and is still in use.

import type { CensusItem } from '../census.ts';
import { type Mapped, statOfMapped, userName } from '../proc.ts';
import { filesOf, type Named } from './files.ts';
import { factsOf, type Look } from './look.ts';

export function anonymousItems(files: readonly Named[], look: Look): CensusItem[] {
  // Once more: what was made meanwhile has a name, too.
  const named = new Set([...files, ...filesOf()].map(({ stat }) => `${stat.dev}:${stat.ino}`));
  return [...look.mapped].flatMap(([inode, mapped]): CensusItem[] => {
    const name = named.has(inode) ? undefined : namelessName(mapped, look.dev);
    if (name === undefined) return [];
    const stat = statOfMapped(mapped);
    const uid = mapped.mappers[0]?.uid ?? 0;
    const known = stat && factsOf(stat, look);
    return [
      {
        ...(known ?? {
          size: mapped.end,
          residentSize: undefined,
          uid,
          gid: 0,
          user: userName(uid),
          mode: 0,
          modifiedAt: new Date(look.now),
          ageMs: 0,
        }),
        kind: 'anonymous',
        name,
        inode,
        id: undefined,
        key: undefined,
        mappers: mapped.mappers,
        hidden: look.hidden,
        isHeld: true,
        remark: stat === undefined ? 'may not be asked' : undefined,
      },
    ];
  });
}

/** Undefined for what is no shared memory: a file that is mapped shared, a device. */
function namelessName({ path, dev, ino }: Mapped, shm: string | undefined): string | undefined {
  const [, label] = /^\/memfd:(.*) \(deleted\)$/s.exec(path) ?? [];
  if (label !== undefined) return `memfd:${label}`;
  if (/^\/(dev\/zero|anon_hugepage) \(deleted\)$/.test(path)) return `mmap:${ino}`;
  const [, file] = /^\/dev\/shm\/(.*?)(?: \(deleted\))?$/s.exec(path) ?? [];
  if (dev === shm) return `removed:${file ?? path}`;
  return file === undefined ? undefined : `elsewhere:${file}`;
}
