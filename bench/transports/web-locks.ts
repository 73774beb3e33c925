// Node's own navigator.locks, which lock within one process: in a process of a Node that has them. Not between threads:
// there both got an exclusive lock at once, once in some ten thousand grants (Node 24.21, 26.10).

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nodeWithLocks } from '../peers.ts';
import { type Measurement, say, type Task, type Transport } from '../task.ts';

const program = fileURLToPath(new URL('../web-locks-process.js', import.meta.url));

export const navigatorLocks: Transport = {
  async a(task, { heard }) {
    await heard();
    return measured(task);
  },
  async b() {
    say('ready');
  },
};

function measured(task: Task): Promise<Measurement> {
  const execPath = nodeWithLocks()?.path;
  const child = fork(program, [JSON.stringify(task)], {
    ...(execPath && { execPath }),
    execArgv: [],
  });
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Measurement));
    child.once('exit', (code, signal) => reject(new Error(`navigator.locks: ${signal ?? code}`)));
  });
}
