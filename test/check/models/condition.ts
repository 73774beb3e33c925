// Condition: each notification wakes one who waits, first come, first woken, whoever dies or gives up meanwhile.
import assert from 'node:assert/strict';
import type { End, Me } from '../../../src/check/explore.ts';
import type { Condition, Mutex } from '../../../src/index.ts';
import { type Model, model } from '../model.ts';

interface Buffer {
  /** Taken, put, and the one place. */
  readonly rail: Int32Array;
}

interface Buffered {
  readonly mutex: Mutex;
  readonly notFull: Condition;
  readonly notEmpty: Condition;
}

function buffered({ span }: Me): Buffered {
  return {
    mutex: span.mutex('m'),
    notFull: span.condition('not full'),
    notEmpty: span.condition('not empty'),
  };
}

const ITEMS = 2;

const buffer = model<Buffer, readonly number[]>('condition: a buffer of one place', {
  setup: (me) => {
    buffered(me);
    return { rail: new Int32Array(3) };
  },
  threads: [
    function producer({ rail }, me) {
      const { mutex, notFull, notEmpty } = buffered(me);
      for (let item = 1; item <= ITEMS; item++) {
        const guard = mutex.lock();
        while ((rail[1] as number) > (rail[0] as number)) notFull.wait(guard);
        rail[2] = item;
        rail[1] = (rail[1] as number) + 1;
        notEmpty.notifyOne();
        guard.release();
      }
      return [];
    },
    function consumer({ rail }, me) {
      const { mutex, notFull, notEmpty } = buffered(me);
      const items: number[] = [];
      while (items.length < ITEMS) {
        const guard = mutex.lock();
        while (rail[1] === rail[0]) notEmpty.wait(guard);
        items.push(rail[2] as number);
        rail[0] = (rail[0] as number) + 1;
        guard.release();
        notFull.notifyOne();
      }
      return items;
    },
  ],
  atEnd: (_, { results, ...me }) => {
    assert.deepEqual(results[1], [1, 2]);
    assertIdle(buffered(me).notEmpty);
    assertIdle(buffered(me).notFull);
  },
  quick: { bound: 1 },
  full: { bound: 2 },
});

/** Nobody waits, and nothing is left for who comes later. */
function assertIdle(condition: Condition): void {
  assert.equal(condition.waiters, 0);
  assert.equal(condition.notifyAll(), 0, 'somebody who has gone could be notified');
}

interface Gate {
  readonly open: Int32Array;
  /** How many have come to wait, and how many of those have gone on; not where their order does not matter. */
  readonly count?: Int32Array;
}

interface Passing {
  /** It has waited, and was notified. */
  readonly isNotified: boolean;
  /** How many had come to wait before it, and how many of those had gone on. */
  readonly arrival: number;
  readonly departure: number;
  /** It was told that somebody had died with the mutex. */
  readonly isTold: boolean;
  /** It has let another one go on. */
  readonly passedOn: number;
}

interface Gated {
  readonly mutex: Mutex;
  /** Held by a victim as long as it lives: who locks it knows of its end. */
  readonly life: Mutex;
  readonly opened: Condition;
}

function gated({ span }: Me): Gated {
  const opened = span.condition('opened');
  // Who died with the mutex may have left somebody out.
  const recover = (): void => {
    opened.notifyAll();
  };
  return { mutex: span.mutex('m', { recover }), life: span.mutex('life'), opened };
}

function setup(me: Me): Gate {
  gated(me);
  return { open: new Int32Array(1) };
}

const inOrder = (me: Me): Gate => ({ ...setup(me), count: new Int32Array(2) });

type Wait = (condition: Condition, guard: Parameters<Condition['wait']>[0]) => true | null;

const forEver: Wait = (condition, guard) => condition.wait(guard);
const forSome: Wait = (condition, guard) => condition.wait(guard, { timeoutMs: 1000 });

/** Waits for the gate to be open, and lets the next one through if it was let through itself. */
function pass({ open, count }: Gate, { mutex, opened }: Gated, wait: Wait): Passing {
  const guard = mutex.lock();
  let isTold = guard.ownerDied;
  let arrival = -1;
  let departure = -1;
  let isNotified: true | null = null;
  if (open[0] === 0) {
    arrival = next(count, 0);
    do isNotified = wait(opened, guard);
    while (open[0] === 0 && isNotified !== null);
    isTold ||= guard.ownerDied;
    if (isNotified !== null) departure = next(count, 1);
  }
  const passedOn = isNotified !== null && opened.notifyOne() ? 1 : 0;
  guard.release();
  return { isNotified: isNotified !== null, arrival, departure, isTold, passedOn };
}

/** What it was: it is one more now. */
function next(count: Int32Array | undefined, at: number): number {
  const before = count?.[at] ?? 0;
  if (count !== undefined) count[at] = before + 1;
  return before;
}

const waiter = (shared: Gate, me: Me): Passing => pass(shared, gated(me), forEver);
const impatient = (shared: Gate, me: Me): Passing => pass(shared, gated(me), forSome);

/** The only one that is killed. Who waits for its end can tell. */
function victim(shared: Gate, me: Me): Passing {
  const all = gated(me);
  const life = all.life.lock();
  const passing = pass(shared, all, forEver);
  life.release();
  return passing;
}

const isPassing = (result: Passing | number | undefined): result is Passing =>
  typeof result === 'object';

/** Opens the gate, for the first of those who wait; whether there was one. */
function opener(shared: Gate, me: Me): number {
  const { mutex, opened } = gated(me);
  const guard = mutex.lock();
  shared.open[0] = 1;
  const passedOn = opened.notifyOne() ? 1 : 0;
  guard.release();
  return passedOn;
}

/** The same, when the mutex is free again. */
function lateOpener({ open }: Gate, me: Me): number {
  const { mutex, opened } = gated(me);
  const guard = mutex.lock();
  open[0] = 1;
  guard.release();
  return opened.notifyOne() ? 1 : 0;
}

/** `opener`, who then waits for the victim's end, after which whoever has died with the mutex is heard of. */
function patientOpener(shared: Gate, me: Me): number {
  const { mutex, life } = gated(me);
  const passedOn = opener(shared, me);
  life.lock().release();
  mutex.lock().release();
  return passedOn;
}

/** Opens the gate for all, if nobody has done that before. */
function openerForAll({ open }: Gate, me: Me): number {
  const { mutex, opened } = gated(me);
  const guard = mutex.lock();
  let passedOn = 0;
  if (open[0] === 0) {
    open[0] = 1;
    passedOn = opened.notifyAll();
  }
  guard.release();
  return passedOn;
}

/** Only repairs what it finds. */
function passer(_: Gate, me: Me): number {
  gated(me).mutex.lock().release();
  return 0;
}

/** Whose notification was another one's, nobody knows where somebody was killed; else each was one waiter's. */
function atEnd({ count }: Gate, { results, killed, ...me }: End<Passing | number>): void {
  const passings = results.filter(isPassing);
  const told = passings.filter(({ isTold }) => isTold).length;
  assert.ok(told <= killed.length, `${told} were told of ${killed.length} deaths`);
  const notified = passings.filter(({ isNotified }) => isNotified);
  if (killed.length === 0) {
    const notifications = results.map((result) =>
      isPassing(result) ? result.passedOn : (result ?? 0),
    );
    const sum = notifications.reduce((sum, each) => sum + each);
    assert.equal(notified.length, sum, 'as many have gone on as were notified');
  }
  if (count !== undefined) {
    const arrivals = notified.toSorted((a, b) => a.departure - b.departure).map((a) => a.arrival);
    assert.deepEqual(arrivals, arrivals.toSorted(), 'first come, first woken');
  }
  const { mutex, opened } = gated(me);
  const guard = mutex.tryLock();
  assert.ok(guard !== null, 'nobody has the mutex, and it cannot be had');
  assertIdle(opened);
}

export const condition: readonly Model[] = [
  buffer,
  model('condition: two wait, and one lets the other go on', {
    setup: inOrder,
    threads: [waiter, waiter, opener],
    atEnd,
    quick: { bound: 0 },
    full: { bound: 2 },
  }),
  model('condition: two wait, and one gives up at any time', {
    setup: inOrder,
    threads: [impatient, waiter, lateOpener],
    atEnd,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('condition: two wait, and one is killed', {
    setup,
    threads: [victim, waiter, patientOpener],
    atEnd,
    crashes: 1,
    victims: [0],
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('condition: two wait for all to go on, and one is killed', {
    setup,
    threads: [waiter, waiter, openerForAll],
    atEnd,
    crashes: 1,
    victims: [0, 1],
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('condition: who notifies is killed, and another one is there', {
    setup,
    threads: [waiter, openerForAll, openerForAll],
    atEnd,
    crashes: 1,
    victims: [1, 2],
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('condition: who notifies is killed, and who repairs after it', {
    setup,
    threads: [waiter, openerForAll, passer, openerForAll],
    atEnd,
    crashes: 2,
    victims: [1, 2],
    quick: { bound: 0 },
    full: { bound: 0 },
  }),
];
