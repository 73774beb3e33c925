// The object of broken-init and repaired-init, what is done with it, and the pause in which things go wrong.

import { readSync } from 'node:fs';
import { sem_post, sem_t, sem_wait, sizeof } from 'memspan/posix';
import { print } from './terminal.ts';

/** struct visits: `sem_t lock; int32_t count`. */
export const size: number = sizeof.sem_t + 4;

export class Visits {
  readonly lock: sem_t;
  readonly count: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.lock = sem_t(memory, 0);
    this.count = new Int32Array(memory, sizeof.sem_t, 1);
  }
}

export function visit({ lock, count }: Visits): void {
  sem_wait(lock);
  print(`visit ${++count[0]!}`);
  sem_post(lock);
}

/** So many seconds; or until Enter, if it is "enter". */
export function holdUp(pause: string): void {
  if (pause === 'enter') readSync(0, new Uint8Array(1));
  else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(pause) * 1000);
}
