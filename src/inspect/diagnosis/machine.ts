// What this machine lacks: room in /dev/shm, features of the kernel, limits that are too low.

import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { type Features, features } from '../../segment/features.ts';
import { SHM_DIRECTORY } from '../../segment/name.ts';
import type { Finding } from '../diagnosis.ts';
import { featureFindings } from './features.ts';
import { type Limits, limitFindings } from './limits.ts';

export interface Shm {
  readonly isTmpfs: boolean;
  readonly isWritable: boolean;
  readonly mode: number;
  /** Bytes, of all and what is left. */
  readonly size: number;
  readonly free: number;
  /** Names, likewise; 0 of all: not limited. */
  readonly names: number;
  readonly namesFree: number;
}

export interface Facts {
  /** Undefined where there is none. */
  readonly shm: Shm | undefined;
  readonly features: Features;
  readonly limits: Limits;
}

const TMPFS = 0x0102_1994;
const MIB = 2 ** 20;
/** Docker gives 64 MB. */
const SMALL = 256 * MIB;
/** A span of the usual size. */
const FULL = MIB;
const NEARLY_FULL = 0.1;

export function factsOfMachine(): Facts {
  return { shm: readShm(), features: features(), limits: readLimits() };
}

export function machineFindings({ shm, features, limits }: Facts): Finding[] {
  return [...shmFindings(shm), ...featureFindings(features), ...limitFindings(limits, shm?.size)];
}

function readShm(): Shm | undefined {
  if (!existsSync(SHM_DIRECTORY)) return undefined;
  const { type, blocks, bavail, bsize, files, ffree } = statfsSync(SHM_DIRECTORY);
  return {
    isTmpfs: type === TMPFS,
    isWritable: isWritable(),
    mode: statSync(SHM_DIRECTORY).mode & 0o7777,
    size: blocks * bsize,
    free: bavail * bsize,
    names: files,
    namesFree: ffree,
  };
}

function isWritable(): boolean {
  try {
    accessSync(SHM_DIRECTORY, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function readLimits(): Limits {
  const limits = text('/proc/self/limits');
  const soft = (title: string): number => {
    const value = new RegExp(`^${title} +(\\S+)`, 'm').exec(limits)?.[1];
    return value === undefined || value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value);
  };
  const setting = (path: string): number => {
    const value = text(`/proc/sys/${path}`).trim();
    return value === '' ? Number.POSITIVE_INFINITY : Number(value);
  };
  // CAP_IPC_LOCK, capabilities(7): the limit does not count.
  const capabilities = BigInt(
    `0x${/^CapEff:\s*([0-9a-f]+)/m.exec(text('/proc/self/status'))?.[1] ?? '0'}`,
  );
  const mayLock = (capabilities & (1n << 14n)) !== 0n;
  return {
    nofile: soft('Max open files'),
    memlock: mayLock ? Number.POSITIVE_INFINITY : soft('Max locked memory'),
    fileSize: soft('Max file size'),
    addressSpace: soft('Max address space'),
    shmmax: setting('kernel/shmmax'),
    shmall: setting('kernel/shmall') * 4096,
    mapCount: setting('vm/max_map_count'),
    inotifyInstances: setting('fs/inotify/max_user_instances'),
  };
}

function text(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

export function shmFindings(shm: Shm | undefined): Finding[] {
  const subject = SHM_DIRECTORY;
  if (shm === undefined) {
    const what = 'there is none: no segment can have a name';
    const remedy = 'Mount one: `mount -t tmpfs -o mode=1777 shm /dev/shm`';
    return [{ code: 'no-shm', severity: 'error', subject, what, remedy }];
  }
  const found: Finding[] = [];
  const say = (code: string, severity: Finding['severity'], what: string, remedy: string): void => {
    found.push({ code, severity, subject, what, remedy });
  };
  if (!shm.isWritable) {
    const remedy = '`chmod 1777 /dev/shm` as root; in a container, mount it writable';
    say('shm-not-writable', 'error', 'this user may make nothing in it', remedy);
  } else if ((shm.mode & 0o1002) === 0o0002) {
    const what = 'everybody may remove everybody’s names: its sticky bit is missing';
    say('shm-not-sticky', 'error', what, '`chmod 1777 /dev/shm`');
  }
  if (!shm.isTmpfs) {
    const what =
      'it is no tmpfs: what is in it is written to a disk, or is not where C programs look';
    say('shm-not-tmpfs', 'warning', what, '`mount -t tmpfs -o mode=1777 shm /dev/shm`');
  }
  if (shm.isTmpfs && shm.size < SMALL) {
    const remedy =
      '`docker run --shm-size=1g` (compose: shm_size; Kubernetes: an emptyDir with medium Memory); elsewhere `mount -o remount,size=1G /dev/shm`';
    say('small-shm', 'warning', `it has only ${Math.round(shm.size / MIB)} MiB`, remedy);
  }
  const room = `${(shm.free / MIB).toFixed(1)} MiB of ${Math.round(shm.size / MIB)} MiB are left`;
  const makeRoom =
    'See what takes it with `memspan ls`, remove what is nobody’s with `memspan doctor --clean`, or make it larger: `mount -o remount,size=… /dev/shm`';
  if (shm.free < FULL) say('full-shm', 'error', `${room}: creating fails`, makeRoom);
  else if (shm.free < shm.size * NEARLY_FULL) {
    say('nearly-full-shm', 'warning', room, makeRoom);
  }
  if (shm.names > 0 && shm.namesFree === 0) {
    const what = `all of its ${shm.names} names are in use: creating fails`;
    say('full-shm', 'error', what, '`mount -o remount,nr_inodes=0 /dev/shm`, or remove some');
  }
  return found;
}
