// Measures navigator.locks: the process that transports/web-locks.ts starts.

import { type Request, repeated, timed } from './contest.ts';
import { say, type Task } from './task.ts';

interface WithLocks {
  readonly navigator: {
    readonly locks: { request<T>(name: string, work: () => T | Promise<T>): Promise<T> };
  };
}

const task = JSON.parse(process.argv[2] ?? '') as Task;
const { locks } = (globalThis as unknown as WithLocks).navigator;
const request: Request = (work) => locks.request('x', work);
// A request that is pending does not keep Node's event loop open.
const isOpen = setInterval(() => {}, 1000);
say(await timed(task, repeated(request, task)));
clearInterval(isOpen);
process.disconnect();
