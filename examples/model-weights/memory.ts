// What a process occupies, as the kernel counts it (proc_pid_smaps(5)).

import { readFileSync } from 'node:fs';

export interface Memory {
  /** Bytes of memory that it has in use, whoever else has them too. */
  readonly rss: number;
  /** The same, where a page that n processes have counts as an nth: the sum over processes is what they occupy together. */
  readonly pss: number;
  /** The part of `pss` that is shared memory. */
  readonly shared: number;
}

export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const of = (name: string) =>
    1024 * Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1]);
  return { rss: of('Rss'), pss: of('Pss'), shared: of('Pss_Shmem') };
}
