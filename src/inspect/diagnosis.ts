// What is wrong with the shared memory of this machine, and what to do about it. Looks only: nothing is written, taken or
// removed, and every byte of what it looks at may be hostile.

import { MemspanError } from '../errors.ts';
import type { Leftover } from './diagnosis/leftover.ts';
import { factsOfMachine, machineFindings } from './diagnosis/machine.ts';
import { nameFindings } from './diagnosis/names.ts';
import { systemVFindings } from './diagnosis/sysv.ts';

/** 'error': something does not work, or is not safe. 'warning': it will cost something. 'note': it may be meant so. */
export type Severity = 'error' | 'warning' | 'note';

export interface Finding {
  /** Stable, for programs: `leaked-span`, `low-nofile`, … (docs/doctor.md has them all). */
  readonly code: string;
  readonly severity: Severity;
  /** A name in /dev/shm, `span/lock`, or a part of the machine: `/dev/shm`, `kernel`, `limits`. */
  readonly subject: string;
  readonly what: string;
  /** A sentence without a full stop. */
  readonly remedy: string;
  /** It is nobody's: `clean` can remove it. */
  readonly fix?: Leftover;
}

export interface DiagnosisOptions {
  /** Looks only at objects whose names match (`*` any run of characters, `?` one), and not at the machine. */
  readonly pattern?: string | undefined;
}

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

/**
 * All that was found, the worst first. What vanishes meanwhile is left out. Throws `ERR_MEMSPAN_UNSUPPORTED` elsewhere
 * than on Linux.
 */
export function diagnose({ pattern }: DiagnosisOptions = {}): Finding[] {
  if (process.platform !== 'linux') {
    throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
      operation: 'diagnose',
      cause: `it looks at Linux, and this is ${process.platform}`,
      remedy: 'docs/win32.md says what there is on Windows',
    });
  }
  const machine = pattern === undefined ? machineFindings(factsOfMachine()) : [];
  const systemV = pattern === undefined ? systemVFindings() : [];
  return [...machine, ...nameFindings(pattern), ...systemV].sort(
    (a, b) => RANK[a.severity] - RANK[b.severity],
  );
}
