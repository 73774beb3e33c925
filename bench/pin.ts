// Keeps a process on one processor.

import { execFileSync } from 'node:child_process';

/** Only the main thread: the engine's own threads stay where there is room. */
export function pin(pid: number, processor: number): void {
  try {
    execFileSync('taskset', ['-cp', String(processor), String(pid)], { stdio: 'ignore' });
  } catch {
    // Without taskset, or without leave, the ends run where the kernel puts them.
  }
}
