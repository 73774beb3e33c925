// Runs one task in two fresh processes and returns what it measured.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Measurement, Task } from './task.ts';

const WATCHDOG_MS = 120_000;

export function runPair(task: Task): Promise<Measurement> {
  const end = fileURLToPath(new URL('./end.js', import.meta.url));
  const child = fork(end, ['a', JSON.stringify(task)], { detached: true, execArgv: [] });
  return new Promise((resolve, reject) => {
    let result: Measurement | undefined;
    // Detached, it leads a process group: this ends side `b`, too.
    const watchdog = setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), WATCHDOG_MS);
    child.on('message', (message: Measurement) => {
      result = message;
    });
    child.on('exit', (code, signal) => {
      clearTimeout(watchdog);
      if (result) resolve(result);
      else
        reject(
          new Error(`${task.transport} (${task.kind}, ${task.size} B) ended: ${signal ?? code}`),
        );
    });
  });
}
