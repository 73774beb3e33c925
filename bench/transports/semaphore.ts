// memspan's semaphore: one of one permit, alone (the other side is attached, and idle) or a contest; and two of no
// permits, round trips: side a releases one and acquires the other.

import { type Semaphore, type SemaphoreOptions, Span } from '../../src/index.ts';
import { contestOfA, contestOfB, count, now, timed, wordsOf } from '../contest.ts';
import { type Measurement, say, type Task, type Transport } from '../task.ts';

interface Way {
  alone(permits: Semaphore, count: number): Promise<void>;
  contend(permits: Semaphore, words: Int32Array, own: number, until: number): Promise<void>;
  travel(there: Semaphore, back: Semaphore, trips: number): Promise<void>;
  echo(there: Semaphore, back: Semaphore, trips: number): Promise<void>;
}

const blocking: Way = {
  async alone(permits, count) {
    for (let i = 0; i < count; i++) permits.acquire().release();
  },
  async contend(permits, words, own, until) {
    for (let isOver = false; !isOver; ) {
      const permit = permits.acquire();
      isOver = count(words, own, until);
      permit.release();
    }
  },
  async travel(there, back, trips) {
    for (let i = 0; i < trips; i++) {
      there.release();
      back.acquire();
    }
  },
  async echo(there, back, trips) {
    for (let i = 0; i < trips; i++) {
      there.acquire();
      back.release();
    }
  },
};

const async: Way = {
  async alone(permits, count) {
    for (let i = 0; i < count; i++) (await permits.acquireAsync()).release();
  },
  async contend(permits, words, own, until) {
    for (let isOver = false; !isOver; ) {
      const permit = await permits.acquireAsync();
      isOver = count(words, own, until);
      permit.release();
    }
  },
  async travel(there, back, trips) {
    for (let i = 0; i < trips; i++) {
      there.release();
      await back.acquireAsync();
    }
  },
  async echo(there, back, trips) {
    for (let i = 0; i < trips; i++) {
      await there.acquireAsync();
      back.release();
    }
  },
};

/** What both sides open; the one who comes first makes it. */
function parts(span: Span, options: SemaphoreOptions) {
  return {
    permits: span.semaphore('x', options),
    there: span.semaphore('there', { initial: 0 }),
    back: span.semaphore('back', { initial: 0 }),
    words: wordsOf(span),
  };
}

const warmUpTrips = ({ count }: Task): number => Math.ceil(count / 10);

function semaphoreTransport(way: Way, options: SemaphoreOptions): Transport {
  return {
    async a(task, { name, heard }) {
      using span = Span.create(name);
      const { permits, there, back, words } = parts(span, options);
      await heard();
      const result = await measured();
      span.unlink();
      return result;

      async function measured(): Promise<Measurement> {
        if (task.kind === 'contest') {
          return contestOfA(task, words, way.contend.bind(undefined, permits));
        }
        if (task.kind === 'alone') return timed(task, (count) => way.alone(permits, count));
        await way.travel(there, back, warmUpTrips(task));
        const start = now();
        await way.travel(there, back, task.count);
        return { nsPerOp: Number(now() - start) / task.count };
      }
    },

    async b(task, name) {
      using span = Span.join(name);
      const { permits, there, back, words } = parts(span, options);
      const isOver = new Promise((resolve) => process.once('disconnect', resolve));
      say('ready');
      if (task.kind === 'contest') {
        await contestOfB(task, words, way.contend.bind(undefined, permits));
      } else if (task.kind === 'trips') {
        await way.echo(there, back, warmUpTrips(task) + task.count);
      }
      await isOver;
    },
  };
}

export const semaphore: Transport = semaphoreTransport(blocking, { initial: 1 });
export const undoSemaphore: Transport = semaphoreTransport(blocking, { initial: 1, undo: true });
export const asyncSemaphore: Transport = semaphoreTransport(async, { initial: 1 });
