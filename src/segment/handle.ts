// Handles: a segment as a small ticket that can be sent as JSON or by postMessage, and opened again by a
// worker, a child, or any process of the same user on this machine, while its lender lives.

import { native } from '../binding.ts';
import { invalidArgument, MemspanError } from '../errors.ts';
import { pathOf } from './name.ts';
import {
  closingOnError,
  type Identity,
  isSame,
  openObject,
  type Subject,
  statOf,
} from './object.ts';

/** How a segment came to be. */
export type SegmentOrigin = 'named' | 'anonymous' | 'file';

export type SegmentKind = SegmentOrigin | 'external';

/** Plain data; what it says is checked against the kernel when it is opened. */
export interface SegmentHandle {
  readonly memspan: 'segment';
  readonly version: 1;
  readonly kind: SegmentOrigin;
  /** The name of a named segment, the path of a file. */
  readonly name?: string;
  /** The lender's process id and descriptor. */
  readonly pid: number;
  readonly fd: number;
  /** The inode, so that nothing else can be opened in its place. */
  readonly dev: string;
  readonly ino: string;
  readonly readOnly: boolean;
}

const ORIGINS: readonly unknown[] = ['named', 'anonymous', 'file'] satisfies SegmentOrigin[];

/** A copy of `handle`, each part of the right type. Whether it tells the truth shows when it is opened. */
export function checkHandle(handle: unknown): SegmentHandle {
  const { memspan, version, kind, name, pid, fd, dev, ino, readOnly } = (handle ??
    {}) as SegmentHandle;
  const isNumber = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;
  if (
    memspan !== 'segment' ||
    version !== 1 ||
    !ORIGINS.includes(kind) ||
    !isNumber(pid) ||
    !isNumber(fd) ||
    typeof dev !== 'string' ||
    typeof ino !== 'string' ||
    typeof readOnly !== 'boolean' ||
    (kind === 'anonymous') !== (name === undefined) ||
    (name !== undefined && (typeof name !== 'string' || name === '' || name.includes('\0')))
  ) {
    throw invalidArgument('not a segment handle: pass what `segment.handle` gave, unchanged');
  }
  const label = name === undefined ? {} : { name };
  return { memspan, version, kind, ...label, pid, fd, dev, ino, readOnly };
}

/** A descriptor of the very object that the handle was made for. */
export function openHandle(handle: SegmentHandle, readOnly: boolean, subject: Subject): number {
  for (const { path, follow } of placesOf(handle)) {
    const fd = openAs(path, handle, { readOnly, follow, subject });
    if (fd !== undefined) return fd;
  }
  throw new MemspanError('ERR_MEMSPAN_NOT_FOUND', {
    ...subject,
    cause: `the segment that process ${handle.pid} lent is gone: closed, replaced, or not yours to open`,
    remedy: 'Keep the lender open until the other side has opened the handle',
  });
}

function placesOf({ kind, name, pid, fd }: SegmentHandle): { path: string; follow: boolean }[] {
  const places = [
    { path: pid === process.pid ? `/proc/self/fd/${fd}` : `/proc/${pid}/fd/${fd}`, follow: true },
  ];
  if (name === undefined) return places;
  if (kind === 'file') places.unshift({ path: name, follow: true });
  else places.unshift({ path: pathOf(name), follow: false });
  return places;
}

/** Undefined when nothing, or something else, is there. */
function openAs(
  path: string,
  identity: Identity,
  options: { readOnly: boolean; follow: boolean; subject: Subject },
): number | undefined {
  let fd: number;
  try {
    fd = openObject(path, options);
  } catch (error) {
    const isGone = error instanceof MemspanError && error.code !== 'ERR_MEMSPAN_LIMIT';
    if (isGone) return undefined;
    throw error;
  }
  if (closingOnError(fd, () => isSame(identity, statOf(fd, options.subject)))) return fd;
  native.close(fd);
  return undefined;
}
