// Locks that call back: by one side alone, or handed over from side to side. memspan's, and one kept in Redis. The words
// that a contest counts in are a segment's.

import { Segment } from '../../src/index.ts';
import { LockManager } from '../../src/locks/locks.ts';
import {
  COUNTS_SIZE,
  contestOfA,
  contestOfB,
  handingOver,
  type Request,
  repeated,
  timed,
} from '../contest.ts';
import { say, type Transport } from '../task.ts';
import { startRedis } from './redis-client.ts';
import { openRedisLock } from './redis-lock.ts';

interface Opened extends Disposable {
  readonly request: Request;
}

interface Kind {
  /** For side a: starts what both need, and returns what ends it. */
  start?(name: string): Promise<() => Promise<void>>;
  open(name: string): Opened | Promise<Opened>;
}

function requests({ start, open }: Kind): Transport {
  return {
    async a(task, { name, heard }) {
      using segment = Segment.create(name, { size: COUNTS_SIZE });
      const end = await start?.(name);
      try {
        using lock = await open(name);
        await heard();
        if (task.kind !== 'contest') return await timed(task, repeated(lock.request, task));
        const isDone = heard();
        const words = new Int32Array(segment.buffer);
        const result = await contestOfA(task, words, handingOver(lock.request));
        await isDone;
        return result;
      } finally {
        await end?.();
        segment.unlink();
      }
    },

    async b(task, name) {
      using segment = Segment.open(name);
      using lock = await open(name);
      const isOver = new Promise((resolve) => process.once('disconnect', resolve));
      say('ready');
      if (task.kind === 'contest') {
        await contestOfB(task, new Int32Array(segment.buffer), handingOver(lock.request));
      }
      // Before side a ends this process: the last one to leave removes what there is.
      lock[Symbol.dispose]();
      say('done');
      await isOver;
    },
  };
}

const memspan: Kind = {
  open(name) {
    const manager = new LockManager({ space: `${name}-locks` });
    return {
      request: <T>(work: () => T | Promise<T>) => manager.request('x', work) as Promise<T>,
      [Symbol.dispose]: () => manager.close(),
    };
  },
};

const redis: Kind = { start: startRedis, open: openRedisLock };

export const lockManager: Transport = requests(memspan);
export const redisLock: Transport = requests(redis);
