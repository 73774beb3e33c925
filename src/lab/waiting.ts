// Waiting for states of children, not for times.

import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const LIMIT_MS = 20_000;

/** Resolves when the condition is true, which is looked at every millisecond; rejects after a long time. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${LIMIT_MS / 1000} s in vain for ${what}`);
    await delay(1);
  }
}

/** Whether the process sleeps, by the kernel's word (proc_pid_stat(5)). */
export function isAsleep(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('S');
}
