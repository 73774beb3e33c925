// `counter`: a process that adds one to a number in shared memory, many times. There are two of them.

import { type Mutex, Segment, Span } from '../../index.ts';
import { pthread_mutex_lock, pthread_mutex_t, pthread_mutex_unlock } from '../../os/posix.ts';
import { SEM_UNDO, semop } from '../../os/sysv.ts';
import { COUNTER, MUTEX_AT, READY, type Task } from './adding.ts';
import { isAlone, LONG_MS, obey } from './orders.ts';

const PROCESSES = 2;
const TAKE = [{ sem_num: 0, sem_op: -1, sem_flg: SEM_UNDO }];
const GIVE = [{ sem_num: 0, sem_op: 1, sem_flg: SEM_UNDO }];

let words: Int32Array;
let mutex: Mutex;
let pthread: ReturnType<typeof pthread_mutex_t>;
let set: number;
let rounds = 0;

const ways: Record<Task['way'], (times: number) => void> = {
  plain(times) {
    for (let i = 0; i < times; i++) words[COUNTER]!++;
  },
  atomics(times) {
    for (let i = 0; i < times; i++) Atomics.add(words, COUNTER, 1);
  },
  pthread(times) {
    for (let i = 0; i < times; i++) {
      pthread_mutex_lock(pthread);
      words[COUNTER]!++;
      pthread_mutex_unlock(pthread);
    }
  },
  mutex(times) {
    for (let i = 0; i < times; i++) {
      using _guard = mutex.lock();
      words[COUNTER]!++;
    }
  },
  sysv(times) {
    for (let i = 0; i < times; i++) {
      semop(set, TAKE);
      words[COUNTER]!++;
      semop(set, GIVE);
    }
  },
};

obey({
  open: (names: { segment: string; span: string; set: number; as: string }) => {
    const { buffer } = Segment.open(names.segment);
    words = new Int32Array(buffer);
    pthread = pthread_mutex_t(buffer, MUTEX_AT);
    mutex = Span.join(names.span, { as: names.as }).mutex('counter');
    set = names.set;
  },
  add: ({ way, times }: Task) => {
    startTogether();
    ways[way](times);
  },
});

/** The additions take less than a millisecond: whoever is first waits on the spot for the other. */
function startTogether(): void {
  rounds++;
  Atomics.add(words, READY, 1);
  const end = performance.now() + LONG_MS;
  while (Atomics.load(words, READY) < rounds * PROCESSES) {
    if (isAlone() || performance.now() > end) throw new Error('the other adder did not come');
  }
}
