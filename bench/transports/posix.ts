// The C library's own mutex and semaphore, a native call for each step: what memspan's own are measured against.

import { Span } from '../../src/index.ts';
import {
  PTHREAD_MUTEX_ROBUST,
  pthread_mutex_init,
  pthread_mutex_lock,
  pthread_mutex_t,
  pthread_mutex_unlock,
  sem_init,
  sem_post,
  sem_t,
  sem_wait,
} from '../../src/os/posix.ts';
import { contestOfA, contestOfB, count, timed, wordsOf } from '../contest.ts';
import { say, type Transport } from '../task.ts';

interface Pair {
  take(): void;
  release(): void;
}

/** `make` is called by both sides, by the first of them with true. */
function transport(make: (bytes: Uint8Array, isFirst: boolean) => Pair): Transport {
  const contend = async (
    { take, release }: Pair,
    words: Int32Array,
    own: number,
    until: number,
  ): Promise<void> => {
    for (let isOver = false; !isOver; ) {
      take();
      isOver = count(words, own, until);
      release();
    }
  };
  return {
    async a(task, { name, heard }) {
      using span = Span.create(name);
      const pair = make(span.bytes('lock', { size: 64 }), true);
      const words = wordsOf(span);
      await heard();
      const result =
        task.kind === 'contest'
          ? await contestOfA(task, words, contend.bind(undefined, pair))
          : await timed(task, async (times) => {
              for (let i = 0; i < times; i++) {
                pair.take();
                pair.release();
              }
            });
      span.unlink();
      return result;
    },

    async b(task, name) {
      using span = Span.join(name);
      const pair = make(span.bytes('lock', { size: 64 }), false);
      const words = wordsOf(span);
      const isOver = new Promise((resolve) => process.once('disconnect', resolve));
      say('ready');
      if (task.kind === 'contest') await contestOfB(task, words, contend.bind(undefined, pair));
      await isOver;
    },
  };
}

export const robustMutex: Transport = transport((bytes, isFirst) => {
  const mutex = pthread_mutex_t(bytes);
  if (isFirst) pthread_mutex_init(mutex, { robust: PTHREAD_MUTEX_ROBUST });
  return {
    take: () => void pthread_mutex_lock(mutex),
    release: () => void pthread_mutex_unlock(mutex),
  };
});

export const posixSemaphore: Transport = transport((bytes, isFirst) => {
  const semaphore = sem_t(bytes);
  if (isFirst) sem_init(semaphore, 1, 1);
  return { take: () => void sem_wait(semaphore), release: () => void sem_post(semaphore) };
});
