// The thread that is measured beside its main thread (transports/workers.ts).

import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type WorkerData, work } from './transports/workers.ts';

// What waits by Atomics.waitAsync does not keep the thread.
const isOpen = setInterval(() => {}, 1000);
await work(workerData as WorkerData, parentPort as MessagePort);
clearInterval(isOpen);
