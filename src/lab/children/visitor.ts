// `init-race`: visits an object that somebody has to make first. `open` and `prepare` are the two halves of how the textbook
// makes it; `create` and `once` are how memspan does.

import { Segment, Span, wait } from '../../index.ts';
import {
  close,
  ftruncate,
  MAP_SHARED,
  mmap,
  O_CREAT,
  O_EXCL,
  O_RDWR,
  PROT_READ,
  PROT_WRITE,
  sem_init,
  sem_post,
  sem_t,
  shm_open,
} from '../../os/posix.ts';
import { LONG_MS, obey } from './orders.ts';
import { COUNT_AT, SIZE, SLEEPERS, VALUE } from './visits.ts';

let memory = new SharedArrayBuffer(SIZE);

obey({
  open: ({ name }: { name: string }) => {
    const [fd, isCreator] = openOrCreate(`/${name}`);
    ftruncate(fd, SIZE);
    memory = mmap(null, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return isCreator;
  },
  prepare: () => sem_init(sem_t(memory), 1, 1),
  visit: () => {
    semWait(new Int32Array(memory, 0, 2));
    const visit = ++new Int32Array(memory, COUNT_AT, 1)[0]!;
    sem_post(sem_t(memory));
    return visit;
  },

  create: ({ name, gate }: { name: string; gate?: string }) => {
    const segment = Segment.create(name, {
      size: SIZE,
      exclusive: false,
      init: ({ buffer }) => {
        if (gate !== undefined) holdUp(gate);
        sem_init(sem_t(buffer), 1, 1);
      },
    });
    memory = segment.buffer as SharedArrayBuffer;
  },

  once: ({ name, gate, as }: { name: string; gate?: string; as?: string }) => {
    const span = Span.join(name, { as });
    const once = span.once('made');
    let how = 'found';
    once.run(({ ownerDied }) => {
      if (gate !== undefined) holdUp(gate);
      how = ownerDied ? 'made after a death' : 'made';
    });
    return how;
  },
});

function openOrCreate(name: string): [fd: number, isCreator: boolean] {
  try {
    return [shm_open(name, O_RDWR | O_CREAT | O_EXCL), true];
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MEMSPAN_EXISTS') throw error;
    return [shm_open(name, O_RDWR), false];
  }
}

/**
 * sem_wait(3) as the C library has it, over the bytes of its own sem_t: notes that somebody sleeps, and sleeps until it is woken.
 * (memspan's sem_wait is the C library's, but looks up every 25 ms: it would get away, and not know why.)
 */
function semWait(words: Int32Array): void {
  let isNoted = false;
  for (;;) {
    const value = Atomics.load(words, VALUE);
    if (value > 0) {
      if (Atomics.compareExchange(words, VALUE, value, value - 1) === value) break;
    } else if (isNoted) {
      if (wait(words, VALUE, 0, LONG_MS) === 'timed-out') throw new Error('nobody came');
    } else {
      Atomics.add(words, SLEEPERS, 1);
      isNoted = true;
    }
  }
  if (isNoted) Atomics.sub(words, SLEEPERS, 1);
}

/** The delay: until the lab opens the gate. */
function holdUp(gate: string): void {
  const words = new Int32Array(Segment.open(gate).buffer);
  Atomics.add(words, 1, 1);
  wait(words, 0, 0, LONG_MS);
}
