// Computes the world, 120 steps a second, and publishes each. Started again after its death, it goes on with the last one.

import { setTimeout as delay } from 'node:timers/promises';
import { inherited, Span } from 'memspan';
import { advance, createWorld, rate, World } from './world.ts';

if (!process.connected) process.exit(); // the renderer has ended
process.once('disconnect', () => process.exit());

const span = Span.fromSegment(inherited('game'), { as: 'physics' });
const writer = span.latest('world', World).writer();

let due = performance.now();
for (;;) {
  step();
  due += 1000 / rate;
  const now = performance.now();
  if (now - due > 250) due = now; // too slow: the world waits, or it would never catch up
  if (due > now) await delay(due - now);
}

/** A loan begins as a copy of the newest value. Until it is committed, nobody sees what becomes of it. */
function step(): void {
  using loan = writer.claim();
  if (writer.sequence === 0) createWorld(loan.value);
  else advance(loan.value);
  loan.commit();
}
