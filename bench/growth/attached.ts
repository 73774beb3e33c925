// Attaches and locks in a span of which others are participants, and says what it took.

import { Span } from '../../src/index.ts';
import { say } from '../task.ts';

export interface Visits {
  readonly attaches: number;
  readonly locks: number;
}

const [name = ''] = process.argv.slice(2);

process.on('message', ({ attaches, locks }: Visits) => {
  say({ attachNs: attach(attaches), lockNs: lock(locks) });
});
say('ready');

/** Only this process's second and later ones: the first maps what is kept. */
function attach(times: number): number {
  Span.join(name).close();
  let ns = 0n;
  for (let i = 0; i < times; i++) {
    const start = process.hrtime.bigint();
    const span = Span.join(name);
    ns += process.hrtime.bigint() - start;
    span.close();
  }
  return Number(ns) / times;
}

function lock(times: number): number {
  using span = Span.join(name);
  const mutex = span.mutex('mutex');
  const repeat = (count: number): void => {
    for (let i = 0; i < count; i++) mutex.lock().release();
  };
  // Several calls: the engine compiles a loop that runs differently from one that is called.
  for (let i = 0; i < 4; i++) repeat(Math.ceil(times / 4));
  const start = process.hrtime.bigint();
  repeat(times);
  return Number(process.hrtime.bigint() - start) / times;
}
