// A measured process. Started by pair.ts as side `a`, it starts side `b` from the same file, pins both, and
// reports what it measured.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { pin } from './pin.ts';
import { say, type Task, type Transport, type TransportName } from './task.ts';
import { asyncRing } from './transports/async-ring.ts';
import { broadcastTo, socketsTo } from './transports/broadcast.ts';
import { disruptor } from './transports/disruptor.ts';
import { afterExploring, withCheck } from './transports/explored.ts';
import { fieldSums, fieldUpdates } from './transports/fields.ts';
import { latest } from './transports/latest.ts';
import { lmdbNewest, lmdbTransaction } from './transports/lmdb.ts';
import { asyncMutex, criticalSection, fairMutex, lockFile, mutex } from './transports/mutex.ts';
import { nats } from './transports/nats.ts';
import { filledPool, handedPool } from './transports/pool.ts';
import { posixSemaphore, robustMutex } from './transports/posix.ts';
import { processSend } from './transports/process-send.ts';
import { natsPublisher, zeromqPublisher } from './transports/publishers.ts';
import { queue } from './transports/queue.ts';
import { redisList } from './transports/redis-list.ts';
import { redisNewest } from './transports/redis-newest.ts';
import { lockManager, redisLock } from './transports/requests.ts';
import { ring, stream } from './transports/ring.ts';
import { batchedRing, iteratedRing, ringbufJs } from './transports/ring-ways.ts';
import { rwlockRead, rwlockWrite } from './transports/rwlock.ts';
import { environments, files, segments } from './transports/segments.ts';
import { asyncSemaphore, semaphore, undoSemaphore } from './transports/semaphore.ts';
import { unixSocket, unixSocketBatched } from './transports/unix-socket.ts';
import { navigatorLocks } from './transports/web-locks.ts';
import { awaitedWords, futex, spin } from './transports/words.ts';
import { postMessage, workersWait, workersWaitAsync } from './transports/workers.ts';
import { zeromq } from './transports/zeromq.ts';

const transports: Record<TransportName, Transport> = {
  spin,
  futex,
  queue,
  ring,
  'ring, batched': batchedRing,
  'ring, iterated': iteratedRing,
  'ringbuf.js': ringbufJs,
  stream,
  latest,
  'pool, filled': filledPool,
  'pool, handed over': handedPool,
  'broadcast, one reader': broadcastTo(1),
  broadcast: broadcastTo(3),
  'unix sockets': socketsTo(3, false),
  'unix sockets, batched': socketsTo(3, true),
  mutex,
  'mutex, fair': fairMutex,
  'mutex, async': asyncMutex,
  'mutex, with check': withCheck,
  'posix mutex, robust': robustMutex,
  'posix semaphore': posixSemaphore,
  'mutex, after exploring': afterExploring,
  'critical section': criticalSection,
  'rwlock, read': rwlockRead,
  'rwlock, write': rwlockWrite,
  semaphore,
  'semaphore, undo': undoSemaphore,
  'semaphore, async': asyncSemaphore,
  'locks.request': lockManager,
  'navigator.locks': navigatorLocks,
  'redis lock': redisLock,
  'lock file': lockFile,
  'fields updated, view': fieldUpdates.view,
  'fields updated, typed arrays': fieldUpdates.typedArrays,
  'fields updated, DataView': fieldUpdates.dataView,
  'fields summed, view': fieldSums.view,
  'fields summed, typed arrays': fieldSums.typedArrays,
  'fields summed, DataView': fieldSums.dataView,
  'process.send': processSend,
  'unix socket': unixSocket,
  'unix socket, batched': unixSocketBatched,
  zeromq,
  NATS: nats,
  'zeromq publisher': zeromqPublisher,
  'NATS publisher': natsPublisher,
  'redis list': redisList,
  'redis newest': redisNewest,
  postMessage,
  'workers, wait': workersWait,
  'workers, waitAsync': workersWaitAsync,
  'async ring': asyncRing,
  waitAsync: awaitedWords,
  disruptor,
  'lmdb transaction': lmdbTransaction,
  'lmdb newest': lmdbNewest,
  'segment, created': segments.created,
  'segment, written': segments.written,
  'segment, opened': segments.opened,
  'file, written': files.written,
  'file, opened': files.opened,
  'lmdb, created': environments.created,
  'lmdb, opened': environments.opened,
};

const [side, text, name = ''] = process.argv.slice(2);
const task = JSON.parse(text ?? '{}') as Task;
const transport = transports[task.transport];

if (side === 'a') {
  const peerName = `memspan-bench-${process.pid}`;
  const child = fork(fileURLToPath(import.meta.url), ['b', JSON.stringify(task), peerName], {
    serialization: 'advanced',
    execArgv: [],
  });
  // The first side makes what the second opens: both start at once, so the second retries.
  if (availableParallelism() > 1) pinBoth(child.pid as number);
  const heard = (): Promise<unknown> => once(child, 'message');
  const measured = await transport.a(task, { name: peerName, heard, channel: child as never });
  if (child.connected) child.disconnect();
  child.kill();
  say(measured);
  process.disconnect();
} else {
  await retrying(() => transport.b(task, name));
}

function pinBoth(peer: number): void {
  pin(process.pid, 0);
  pin(peer, task.oneCore ? 0 : 1);
}

async function retrying(work: () => Promise<void>): Promise<void> {
  for (let attempts = 0; ; attempts++) {
    try {
      await work();
      return;
    } catch (error) {
      const { code } = error as { code?: string };
      const isEarly =
        code === 'ERR_MEMSPAN_NOT_FOUND' || code === 'ENOENT' || code === 'ECONNREFUSED';
      if (!isEarly || attempts > 2000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}
