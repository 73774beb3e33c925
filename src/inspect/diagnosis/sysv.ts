// System V's shared memory that nobody has attached: it stays until it is removed (sysvipc(7)).

import { readFileSync } from 'node:fs';
import type { Finding } from '../diagnosis.ts';

/** It goes by itself when the last one detaches (shmctl(2)). */
const SHM_DEST = 0o1000;

export function systemVFindings(): Finding[] {
  return rows('/proc/sysvipc/shm').flatMap(({ shmid = 0, size = 0, nattch = 0, perms = 0 }) => {
    if (nattch > 0 || (perms & SHM_DEST) !== 0) return [];
    return [
      {
        code: 'unused-sysv-memory',
        severity: 'note',
        subject: `sysv:${shmid}`,
        what: `nobody has attached these ${size} bytes; they stay until they are removed`,
        remedy: `Nothing if somebody will attach them again, else \`ipcrm -m ${shmid}\``,
      },
    ];
  });
}

/** One line of names, then one of numbers for each object (proc(5)); the mode is in octal. */
function rows(path: string): Record<string, number>[] {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    // A kernel without System V's objects.
    return [];
  }
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const names = head.trim().split(/\s+/);
  return lines.map((line) => {
    const cells = line.trim().split(/\s+/);
    return Object.fromEntries(
      names.map((name, i) => [name, Number.parseInt(cells[i] ?? '0', name === 'perms' ? 8 : 10)]),
    );
  });
}
