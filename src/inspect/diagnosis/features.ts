// Features of the kernel and the runtime that are missing, and what that costs.

import type { Features } from '../../segment/features.ts';
import type { Finding } from '../diagnosis.ts';

const SANDBOX = 'A sandbox or an old kernel lacks it: allow it (Docker: a newer seccomp profile)';

/** Without `severity` error, memspan goes on in another way. */
const MISSING: Readonly<Record<keyof Features, Omit<Finding, 'subject'>>> = {
  procfs: {
    code: 'no-procfs',
    severity: 'error',
    what: 'there is no /proc: nobody can attach to a span',
    remedy: '`mount -t proc proc /proc`',
  },
  memfd: {
    code: 'no-memfd',
    severity: 'warning',
    what: 'memory without a name cannot be had (memfd_create): Segment.anonymous takes room in /dev/shm, and cannot be sealed',
    remedy: `${SANDBOX}, or Linux 3.17`,
  },
  ofdLocks: {
    code: 'no-ofd-locks',
    severity: 'error',
    what: 'open-file-description locks cannot be had: who is alive cannot be told, and nobody can attach to a span',
    remedy: `${SANDBOX}, or Linux 3.15`,
  },
  oTmpfile: {
    code: 'no-o-tmpfile',
    severity: 'warning',
    what: 'there are no unnamed files in /dev/shm (O_TMPFILE): a creator that is killed leaves a hidden one',
    remedy: 'Linux 3.11 and a tmpfs have them; `memspan doctor --clean` removes what is left',
  },
  renameat2: {
    code: 'no-renameat2',
    severity: 'note',
    what: 'no renaming that replaces nothing (renameat2): where there are no unnamed files either, names are linked',
    remedy: `Nothing while there is O_TMPFILE. ${SANDBOX}, or Linux 3.15`,
  },
  leases: {
    code: 'no-leases',
    severity: 'warning',
    what: 'the kernel does not say who has a file open (leases): `memspan doctor --clean` removes no span and no stream',
    remedy: SANDBOX,
  },
  futexWaitv: {
    code: 'no-futex-waitv',
    severity: 'warning',
    what: 'no waiting for two words at once (futex_waitv): waits wake up again and again to look around',
    remedy: `${SANDBOX}, or Linux 5.16`,
  },
  ioUring: {
    code: 'no-io-uring',
    severity: 'note',
    what: 'asynchronous waits take a thread each (no futexes in io_uring): at most 1024 at once in a process',
    remedy: `${SANDBOX}, or Linux 6.7`,
  },
  inotify: {
    code: 'no-inotify',
    severity: 'warning',
    what: 'nobody tells of deaths (inotify): who waits looks for them every 10 ms instead',
    remedy: 'Raise `sysctl fs.inotify.max_user_instances`, or allow it in the sandbox',
  },
  sharedBuffers: {
    code: 'no-shared-buffers',
    severity: 'warning',
    what: 'this runtime gives no SharedArrayBuffer over foreign memory: buffers are ArrayBuffers, and do not travel to workers',
    remedy: 'Use Node 20, 22.23, 24.16 or later',
  },
};

export function featureFindings(features: Features): Finding[] {
  const names = Object.keys(MISSING) as (keyof Features)[];
  return names
    .filter((name) => !features[name])
    .map((name) => ({
      ...MISSING[name],
      subject: name === 'sharedBuffers' ? 'runtime' : 'kernel',
    }));
}
