// Once: one makes it, another one if that one dies or fails, nobody sees it half made, and nobody waits for ever.
import assert from 'node:assert/strict';
import type { End, Me } from '../../../src/check/explore.ts';
import type { Once } from '../../../src/index.ts';
import { type Model, model } from '../model.ts';

interface Shared {
  /** A pair, which is made in two steps. */
  readonly pair: Int32Array;
}

interface Found {
  /** What `run` has returned: whether this one has made it; null for one that has given up, or failed. */
  readonly made: boolean | null;
  /** What it was told if it began to make it. */
  readonly isTold: boolean;
}

function setup({ span }: Me): Shared {
  span.once('o');
  return { pair: new Int32Array(2) };
}

type Use = (once: Once, init: Parameters<Once['run']>[0]) => boolean | null;

const forEver: Use = (once, init) => once.run(init);
const forSome: Use = (once, init) => once.run(init, { timeoutMs: 1000 });
const atOnce: Use = (once, init) => once.tryRun(init);

/** Makes the pair, if nobody has; and looks at it. */
function find({ pair }: Shared, { span }: Me, use: Use, isGood = true): Found {
  let isTold = false;
  const init: Parameters<Once['run']>[0] = ({ ownerDied }) => {
    isTold = ownerDied;
    if (!isGood) throw new Error('this one cannot make it');
    if (ownerDied) pair[1] = 0;
    else assert.equal(pair[0], 0, 'somebody was here before, and nobody has said so');
    pair[0] = 1;
    // What somebody else adds, too, is not 1 any more.
    pair[1] = (pair[1] as number) + 1;
  };
  let made: boolean | null = null;
  try {
    made = use(span.once('o'), init);
  } catch (error) {
    if (isGood) throw error;
  }
  if (made !== null) assert.equal(pair[1], 1, 'it is done, and is not made');
  return { made, isTold };
}

const runner = (shared: Shared, me: Me): Found => find(shared, me, forEver);
const impatient = (shared: Shared, me: Me): Found => find(shared, me, forSome);
const trier = (shared: Shared, me: Me): Found => find(shared, me, atOnce);
const failing = (shared: Shared, me: Me): Found => find(shared, me, forEver, false);

/** One who lives has made it, unless one who has died has; and nobody is told of a death that nobody has died. */
function atEnd({ pair }: Shared, { results, killed, span }: End<Found>): void {
  const found = results.filter((result) => result !== undefined);
  const makers = found.filter(({ made }) => made === true).length;
  assert.ok(makers <= 1, `${makers} have made it`);
  const isTold = found.some((each) => each.isTold);
  assert.ok(!isTold || killed.length > 0, 'somebody was told that one has died');
  const isDone = span.once('o').done;
  if (found.some(({ made }) => made !== null)) assert.ok(isDone, 'somebody has gone on');
  if (killed.length === 0) assert.equal(makers, isDone ? 1 : 0);
  if (isDone) assert.deepEqual([...pair], [1, 1]);
  // Whatever has become of the others, it can be made, or has been.
  else assert.ok(span.once('o').tryRun(() => {}) === true, 'nobody makes it, and nobody can');
}

export const once: readonly Model[] = [
  model('once: two who need it', {
    setup,
    threads: [runner, runner],
    atEnd,
    quick: { bound: 3 },
    full: { bound: Number.POSITIVE_INFINITY },
  }),
  model('once: three who need it', {
    setup,
    threads: [runner, runner, runner],
    atEnd,
    quick: { bound: 1 },
    full: { bound: 3 },
  }),
  model('once: one gives up at any time, one does not wait', {
    setup,
    threads: [runner, impatient, trier],
    atEnd,
    quick: { bound: 1 },
    full: { bound: 3 },
  }),
  model('once: two who need it, and one who fails', {
    setup,
    threads: [runner, runner, failing],
    atEnd,
    quick: { bound: 1 },
    full: { bound: 3 },
  }),
  model('once: two who need it, one is killed', {
    setup,
    threads: [runner, runner],
    atEnd,
    crashes: 1,
    quick: { bound: 2 },
    full: { bound: Number.POSITIVE_INFINITY },
  }),
  model('once: one fails, one is killed', {
    setup,
    threads: [runner, failing, runner],
    atEnd,
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 2 },
  }),
  model('once: three who need it, one is killed, and who makes it after that', {
    setup,
    threads: [runner, runner, runner],
    atEnd,
    crashes: 2,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
];
