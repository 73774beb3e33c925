// The kill matrix of events: victims that die at every step of waiting and of setting. What was for a victim that had not
// gone through yet is the next one's; who sets does it as a whole or not at all. One victim dies in one bout after the other.
import assert from 'node:assert/strict';
import { Event, Span } from '../../src/index.ts';
import type { Puppet, Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import { deed, type End, endAt, startVictim } from '../support/victims.ts';

type Reset = 'manual' | 'auto';
type Form = 'wait' | 'waitAsync' | 'set' | 'reset';

export interface Case {
  readonly reset: Reset;
  readonly step: string;
  readonly form: Form;
  /** It is set once the victim waits. */
  readonly isSetFor: boolean;
  /** How many of two survivors go through by what was done until the victim was dead. */
  readonly gone: 0 | 1 | 2;
  /** Whether it is set then. */
  readonly isSet?: boolean;
}

const cases = (reset: Reset, form: Form, facts: Partial<Case>, ...steps: string[]): Case[] =>
  steps.map((step) => ({ reset, form, step, isSetFor: false, gone: 0, ...facts }));

/** Their steps come in the turn of the event loop in which they are called. */
export const CASES: readonly Case[] = [
  ...cases(
    'auto',
    'wait',
    {},
    'cell-filled',
    'wait-published',
    'count-before-mark',
    'count-marked',
  ),
  ...cases('auto', 'wait', {}, 'wait-before-sleep', 'wait-woken'),
  ...cases('auto', 'wait', { isSetFor: true, gone: 1 }, 'count-before-take'),
  // It had gone through.
  ...cases('auto', 'wait', { isSetFor: true }, 'count-taken', 'wait-withdrawn'),
  ...cases('auto', 'waitAsync', {}, 'cell-filled', 'count-before-mark', 'count-marked'),
  ...cases('auto', 'set', {}, 'count-before-give'),
  ...cases('auto', 'set', { gone: 1 }, 'count-given', 'count-passed-on'),
  ...cases('manual', 'wait', {}, 'cell-filled', 'wait-published', 'event-before-mark'),
  ...cases('manual', 'wait', {}, 'wait-before-sleep', 'wait-woken'),
  ...cases('manual', 'wait', { isSetFor: true, gone: 2, isSet: true }, 'wait-withdrawn'),
  ...cases('manual', 'waitAsync', {}, 'cell-filled', 'event-before-mark'),
  ...cases('manual', 'set', {}, 'event-before-set'),
  ...cases('manual', 'set', { gone: 2, isSet: true }, 'event-set', 'event-rung'),
  ...cases('manual', 'reset', { isSetFor: true, gone: 2, isSet: true }, 'event-before-reset'),
];

/** Their steps come later, so that each needs a victim of its own. */
export const LATE_CASES: readonly Case[] = [
  ...cases('auto', 'waitAsync', { isSetFor: true, gone: 1 }, 'count-before-take'),
  ...cases('auto', 'waitAsync', { isSetFor: true }, 'count-taken'),
];

const SIZE = 16;
const ROOM = SIZE * 64;

interface Waiter {
  isGone: boolean;
  readonly done: Promise<void>;
}

function wait(event: Event): Waiter {
  const waiter: Waiter = {
    isGone: false,
    done: event.waitAsync().then((value) => {
      assert.equal(value, true);
      waiter.isGone = true;
    }),
  };
  return waiter;
}

/** A victim dies in the midst of all of these. */
export async function kill(cases: readonly Case[], end: End): Promise<void> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const { byteOffset } = span.bytes('bouts', { size: ROOM });
  const events = cases.map(({ reset }, i) => Event.at(span, byteOffset + SIZE * i, { reset }));
  const victim = await startVictim(end);
  const deeds = cases.map(({ step, form, reset }, i) =>
    deed(step, perform, span.name as string, SIZE * i, form, reset),
  );
  const waiters: Waiter[][] = cases.map(({ form }, i) =>
    form === 'set' ? [wait(events[i] as Event), wait(events[i] as Event)] : [],
  );
  await Promise.all([endAt(victim, deeds, end), lead(span, cases, events, waiters, victim)]);
  for (const [i, each] of cases.entries()) {
    const what = `${each.form} (${each.reset}) at ${each.step}`;
    await check(each, events[i] as Event, waiters[i] as Waiter[], what);
  }
  for (const thread of span.threads()) assert.deepEqual(thread.waitingOn, [], 'cells at rest');
}

function perform(
  { memspan }: Tools,
  name: string,
  offset: number,
  form: Form,
  reset: Reset,
): unknown {
  const span = memspan.Span.join(name);
  const { byteOffset } = span.bytes('bouts', { size: 16 * 64 });
  return memspan.Event.at(span, byteOffset + offset, { reset })[form]();
}

/** Where it has to be set for the victim to come to its step, it is, with others that wait behind it. */
async function lead(
  span: Span,
  cases: readonly Case[],
  events: readonly Event[],
  waiters: Waiter[][],
  victim: Puppet,
): Promise<void> {
  let isOver = false;
  void victim.exited.then(() => {
    isOver = true;
  });
  const waits = (object: string): boolean =>
    span.threads().some(({ waitingOn }) => waitingOn.some(({ name }) => name === object));
  for (const [i, each] of cases.entries()) {
    if (!each.isSetFor) continue;
    const event = events[i] as Event;
    if (each.form === 'reset') {
      event.set();
      continue;
    }
    await until(() => isOver || waits(event.name), `the victim, for ${each.step}`);
    waiters[i]?.push(wait(event), wait(event));
    event.set();
  }
}

async function check(each: Case, event: Event, waiters: Waiter[], what: string): Promise<void> {
  while (waiters.length < 2) waiters.push(wait(event));
  await until(() => waiters.filter(({ isGone }) => isGone).length >= each.gone, what);
  await new Promise(setImmediate);
  const gone = waiters.map(({ isGone }) => isGone);
  assert.deepEqual(gone, [each.gone > 0, each.gone > 1], `${what}: who goes through`);
  assert.equal(event.isSet, each.isSet ?? false, `${what}: whether it is set`);
  if (each.reset === 'manual') event.set();
  else for (let left = 2 - each.gone; left > 0; left--) event.set();
  await Promise.all(waiters.map(({ done }) => done));
  event.reset();
  assert.equal(event.tryWait(), false, `${what}: reset`);
  event.set();
  assert.equal(event.tryWait(), true, `${what}: set again`);
  assert.equal(event.tryWait(), each.reset === 'manual', what);
}
