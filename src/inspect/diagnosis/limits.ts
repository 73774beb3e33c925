// Limits that are too low. Message queues (msgmax, msgmnb) are not among them: memspan uses none.

import type { Finding } from '../diagnosis.ts';

/** Of this process and of the system; Infinity where there is none. Bytes where nothing else is said. */
export interface Limits {
  /** Descriptors: how many. */
  readonly nofile: number;
  readonly memlock: number;
  readonly fileSize: number;
  readonly addressSpace: number;
  /** One System V segment; all of them. */
  readonly shmmax: number;
  readonly shmall: number;
  /** Mappings of a process: how many. */
  readonly mapCount: number;
  /** Of a user: how many. */
  readonly inotifyInstances: number;
}

const MIB = 2 ** 20;
/** A segment takes one, an attached span three. */
const NOFILE_MIN = 64;
const NOFILE_LOW = 1024;
const MEMLOCK_LOW = MIB;
const SYSTEM_V_LOW = 64 * MIB;
const MAP_COUNT_LOW = 4096;
const INOTIFY_LOW = 32;

/** `shmSize`: of /dev/shm. */
export function limitFindings(
  limits: Limits,
  shmSize: number = Number.POSITIVE_INFINITY,
): Finding[] {
  const { nofile, memlock, fileSize, addressSpace, shmmax, shmall, mapCount } = limits;
  const found: Finding[] = [];
  const say = (code: string, severity: Finding['severity'], what: string, remedy: string): void => {
    found.push({ code, severity, subject: 'limits', what, remedy });
  };
  if (nofile < NOFILE_LOW) {
    const what = `a process may have ${nofile} descriptors open; a segment takes one, an attached span three`;
    const remedy = '`ulimit -n 4096` (systemd: LimitNOFILE; Docker: --ulimit nofile=4096)';
    say('low-nofile', nofile < NOFILE_MIN ? 'error' : 'warning', what, remedy);
  }
  if (memlock < MEMLOCK_LOW) {
    const what = `a process may keep ${kib(memlock)} from being swapped out: more with {lock: true} fails`;
    const remedy = 'Only if you use lock: `ulimit -l unlimited` (systemd: LimitMEMLOCK)';
    say('low-memlock', 'note', what, remedy);
  }
  if (fileSize < shmSize) {
    const what = `a file may have ${kib(fileSize)}, and a segment is a file: larger ones cannot be created`;
    say('low-fsize', 'warning', what, '`ulimit -f unlimited`');
  }
  if (addressSpace < shmSize) {
    const what = `a process may have ${kib(addressSpace)} of addresses, less than /dev/shm has bytes: large segments cannot be mapped`;
    say('low-address-space', 'warning', what, '`ulimit -v unlimited`');
  }
  if (Math.min(shmmax, shmall) < SYSTEM_V_LOW) {
    const what = `a System V segment may have ${kib(Math.min(shmmax, shmall))}: shmget fails for more`;
    const remedy =
      'Only if you use memspan/sysv: `sysctl kernel.shmmax=18446744073692774399 kernel.shmall=18446744073692774399`';
    say('low-shmmax', 'warning', what, remedy);
  }
  if (mapCount < MAP_COUNT_LOW) {
    const what = `a process may have ${mapCount} mappings, and each segment is one`;
    say('low-map-count', 'warning', what, '`sysctl vm.max_map_count=65530`');
  }
  if (limits.inotifyInstances < INOTIFY_LOW) {
    const what = `a user may have ${limits.inotifyInstances} inotify instances, and each process with a span takes one: the others hear late of deaths`;
    say('low-inotify', 'warning', what, '`sysctl fs.inotify.max_user_instances=1024`');
  }
  return found;
}

function kib(bytes: number): string {
  return bytes >= MIB ? `${Math.floor(bytes / MIB)} MiB` : `${Math.floor(bytes / 1024)} KiB`;
}
