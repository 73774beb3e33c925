// What a puppet does that must never be taken for a deadlock.
import type { Tools } from '../support/puppets.ts';

/** Takes two or three of five locks in order; now and then it holds them so long that others wait several slices. */
export function inOrder({ memspan }: Tools, name: string, forMs: number): number {
  const span = memspan.Span.join(name);
  const locks = Array.from({ length: 5 }, (_, i) => span.mutex(`lock-${i}`));
  const end = performance.now() + forMs;
  const idle = new Int32Array(new SharedArrayBuffer(4));
  let count = 0;
  while (performance.now() < end) {
    const guards = locks.filter(() => Math.random() < 0.5).map((lock) => lock.lock());
    if (Math.random() < 0.01) Atomics.wait(idle, 0, 0, 200);
    for (const guard of guards.reverse()) guard.release();
    count++;
  }
  span.close();
  return count;
}
