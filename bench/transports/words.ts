// Round trips over two words on different cache lines: spinning on them, asleep in wait, or awaiting waitAsync; between processes
// with memspan's functions, between threads with those of `Atomics`.

import { notify, Segment, wait, waitAsync } from '../../src/index.ts';
import { now } from '../contest.ts';
import { say, type Task, type Transport } from '../task.ts';

const THERE = 0;
const BACK = 32;

/** What changes a word so that the other side sees it, and what returns when the word is no longer what it was. */
interface Way {
  put(words: Int32Array, index: number, value: number): void;
  changed(words: Int32Array, index: number, previous: number): void | Promise<void>;
  /** Whether `changed` promises. */
  readonly isAsync?: boolean;
}

interface Waiting {
  wait(words: Int32Array, index: number, value: number): unknown;
  notify(words: Int32Array, index: number, count?: number): number;
  waitAsync(
    words: Int32Array,
    index: number,
    value: number,
  ): { async: boolean; value: string | Promise<string> };
}

const spinning: Way = {
  put: (words, index, value) => {
    Atomics.store(words, index, value);
  },
  changed: (words, index, previous) => {
    while (Atomics.load(words, index) === previous);
  },
};

function sleeping({ wait, notify }: Omit<Waiting, 'waitAsync'>): Way {
  return {
    put: (words, index, value) => {
      Atomics.store(words, index, value);
      notify(words, index, 1);
    },
    changed: (words, index, previous) => {
      while (Atomics.load(words, index) === previous) wait(words, index, previous);
    },
  };
}

function awaiting({ waitAsync, notify }: Omit<Waiting, 'wait'>): Way {
  return {
    isAsync: true,
    put: (words, index, value) => {
      Atomics.store(words, index, value);
      notify(words, index, 1);
    },
    changed: async (words, index, previous) => {
      while (Atomics.load(words, index) === previous) {
        const { async, value } = waitAsync(words, index, previous);
        if (async) await value;
      }
    },
  };
}

/** `count` trips after the first `past`. */
type Trips = (words: Int32Array, past: number, count: number) => Promise<void>;

function traveller({ put, changed, isAsync }: Way): Trips {
  return async (words, past, count) => {
    for (let i = past + 1; i <= past + count; i++) {
      put(words, THERE, i);
      const answered = changed(words, BACK, i - 1);
      if (isAsync) await answered;
    }
  };
}

function echoer({ put, changed, isAsync }: Way): Trips {
  return async (words, past, count) => {
    for (let i = past + 1; i <= past + count; i++) {
      const asked = changed(words, THERE, i - 1);
      if (isAsync) await asked;
      put(words, BACK, i);
    }
  };
}

function betweenProcesses(way: Way): Transport {
  const travel = traveller(way);
  const echo = echoer(way);
  const warmUp = ({ count }: Task): number => Math.ceil(count / 10);
  return {
    async a(task, peer) {
      using segment = Segment.create(peer.name, { size: 4096 });
      await peer.heard();
      const words = new Int32Array(segment.buffer);
      await travel(words, 0, warmUp(task));
      const start = now();
      await travel(words, warmUp(task), task.count);
      const ns = Number(now() - start);
      segment.unlink();
      return { nsPerOp: ns / task.count };
    },
    async b(task, name) {
      using segment = Segment.open(name);
      say('ready');
      await echo(new Int32Array(segment.buffer), 0, warmUp(task) + task.count);
    },
  };
}

export const spin: Transport = betweenProcesses(spinning);
export const futex: Transport = betweenProcesses(sleeping({ wait, notify }));
export const awaitedWords: Transport = betweenProcesses(awaiting({ waitAsync, notify }));

const ofThreads = Atomics as unknown as Waiting;
const threads: Record<'wait' | 'waitAsync', Way> = {
  wait: sleeping(ofThreads),
  waitAsync: awaiting(ofThreads),
};

/** One side and the other of a pair of threads. */
export const travel: Record<'wait' | 'waitAsync', Trips> = {
  wait: traveller(threads.wait),
  waitAsync: traveller(threads.waitAsync),
};
export const echo: Record<'wait' | 'waitAsync', Trips> = {
  wait: echoer(threads.wait),
  waitAsync: echoer(threads.waitAsync),
};
