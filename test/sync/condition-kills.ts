// The kill matrix of conditions: victims that die at every step of waiting and of notifying. A notification that was for
// the victim must be the next waiter's, unless the victim had the mutex by then. One victim dies in one bout after the
// other, in the midst of each.
import assert from 'node:assert/strict';
import { Condition, Mutex, type MutexGuard, Span, type SpanThread } from '../../src/index.ts';
import type { Puppet, Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import { deed, type End, endAt, startVictim } from '../support/victims.ts';
import { asleep } from '../word/agents.ts';

type Form = 'wait' | 'waitAsync' | 'notifyOne' | 'notifyAll';

export interface Case {
  readonly step: string;
  readonly form: Form;
  /** How many of the survivors go on by what was given until the victim was dead. */
  readonly gone: 0 | 1 | 2;
  /** The victim has the mutex when it dies. */
  readonly holds: boolean;
  readonly timeoutMs?: number;
}

const cases = (form: Form, gone: Case['gone'], holds: boolean, ...steps: string[]): Case[] =>
  steps.map((step) => ({ step, form, gone, holds }));

/** Before it waits, nobody is notified. */
const beginning = (form: Form): Case[] => [
  ...cases(form, 0, true, 'cell-filled', 'condition-before-mark', 'condition-marked'),
  ...cases(form, 0, false, 'condition-released'),
];

/** It is notified, and so is nobody else. */
const ending = (form: Form): Case[] => [
  ...cases(form, 1, false, 'condition-before-lock'),
  ...cases(form, 1, true, 'condition-locked', 'condition-before-take'),
  ...cases(form, 0, true, 'condition-taken', 'condition-withdrawn', 'condition-finished'),
];

/** Their steps come in the turn of the event loop in which they are called. */
export const CASES: readonly Case[] = [
  ...beginning('wait'),
  ...cases('wait', 0, false, 'condition-before-sleep'),
  ...cases('wait', 1, false, 'condition-woken'),
  ...ending('wait'),
  ...beginning('waitAsync'),
  ...cases('notifyOne', 0, false, 'condition-before-notify'),
  ...cases('notifyOne', 1, false, 'condition-notified', 'bell-rung', 'condition-rung'),
  ...cases('notifyAll', 0, false, 'condition-before-notify'),
  ...cases('notifyAll', 2, false, 'condition-notified', 'bell-rung', 'condition-rung'),
  ...['condition-before-lock', 'condition-locked', 'condition-taken', 'condition-withdrawn'].map(
    (step): Case => ({
      step,
      form: 'wait',
      gone: 0,
      holds: step !== 'condition-before-lock',
      timeoutMs: 1,
    }),
  ),
];

/** Their steps come later, so that each needs a victim of its own. */
export const LATE_CASES: readonly Case[] = ending('waitAsync');

/** These come after the notification that was for the victim. */
const needsNotification = ({ form, step, timeoutMs }: Case): boolean =>
  timeoutMs === undefined &&
  (step === 'condition-woken' || ending(form).some((late) => late.step === step)) &&
  form.startsWith('wait');

const SIZE = 16;

/** Where a bout has its mutex and its condition. */
function bout(
  library: { Mutex: typeof Mutex; Condition: typeof Condition },
  span: Span,
  number: number,
): { mutex: Mutex; condition: Condition; word: Int32Array } {
  const { buffer, byteOffset } = span.bytes('bouts', { size: SIZE * 64 });
  const offset = byteOffset + SIZE * number;
  return {
    mutex: library.Mutex.at(span, offset),
    condition: library.Condition.at(span, offset + 4),
    word: new Int32Array(buffer, offset + 4, 1),
  };
}

type Bout = ReturnType<typeof bout>;

/** A survivor waits; it goes on by way of the mutex, and gives that up in order. */
interface Waiter {
  isGone: boolean;
  ownerDied: boolean;
  readonly done: Promise<void>;
}

async function wait({ mutex, condition }: Bout): Promise<Waiter> {
  const guard = await mutex.lockAsync();
  assert.equal(guard.ownerDied, false);
  return waitWith(condition, guard);
}

function waitWith(condition: Condition, guard: MutexGuard): Waiter {
  const waiter: Waiter = {
    isGone: false,
    ownerDied: false,
    done: condition.waitAsync(guard).then((value) => {
      assert.equal(value, true);
      waiter.isGone = true;
      waiter.ownerDied = guard.ownerDied;
      guard.markConsistent();
      guard.release();
    }),
  };
  return waiter;
}

/** A victim dies in the midst of all of these. */
export async function kill(cases: readonly Case[], end: End): Promise<void> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const bouts = cases.map((_, i) => bout({ Mutex, Condition }, span, i));
  const victim = await startVictim(end);
  const deeds = cases.map(({ step, form, timeoutMs }, i) =>
    deed(step, perform, span.name as string, SIZE * i, form, timeoutMs),
  );
  const waiters: Waiter[][] = cases.map(() => []);
  const guards: MutexGuard[] = [];
  // For notifiers, two wait; for the others, one waits after the victim.
  for (const [i, { form }] of cases.entries()) {
    if (form.startsWith('wait')) continue;
    const here = bouts[i] as Bout;
    for (let count = 0; count < 2; count++) waiters[i]?.push(await wait(here));
    // So that they have their cells for as long as the victim looks for them.
    guards.push(here.mutex.lock());
  }
  await Promise.all([endAt(victim, deeds, end), lead(span, cases, bouts, waiters, victim)]);
  for (const guard of guards) guard.release();
  for (const [i, each] of cases.entries()) {
    await check(each, bouts[i] as Bout, waiters[i] as Waiter[], `${each.form} at ${each.step}`);
  }
  for (const thread of span.threads()) assert.deepEqual(thread.waitingOn, [], 'cells at rest');
}

/** What a victim does; the object is at so many bytes. */
function perform(
  { memspan }: Tools,
  name: string,
  offset: number,
  form: Form,
  timeoutMs: number | undefined,
): unknown {
  const span = memspan.Span.join(name);
  const at = span.bytes('bouts', { size: 16 * 64 }).byteOffset + offset;
  const mutex = memspan.Mutex.at(span, at);
  const condition = memspan.Condition.at(span, at + 4);
  if (form === 'notifyOne' || form === 'notifyAll') return condition[form]();
  return condition[form](mutex.lock(), { timeoutMs });
}

/** Where the victim has to be notified to come to its step, it is, with one who waits behind it. */
async function lead(
  span: Span,
  cases: readonly Case[],
  bouts: readonly Bout[],
  waiters: Waiter[][],
  victim: Puppet,
): Promise<void> {
  let isOver = false;
  void victim.exited.then(() => {
    isOver = true;
  });
  for (const [i, each] of cases.entries()) {
    if (!needsNotification(each)) continue;
    const here = bouts[i] as Bout;
    await until(() => isOver || here.condition.waiters === 1, `the victim, for ${each.step}`);
    if (each.step === 'condition-woken') await sleeps(span, here.condition, () => isOver);
    waiters[i]?.push(await wait(here));
    assert.equal(here.condition.notifyOne(), true);
  }
}

/** Notified before it sleeps, it would not have to be woken. */
async function sleeps(span: Span, { name }: Condition, isOver: () => boolean): Promise<void> {
  const waits = ({ waitingOn }: SpanThread): boolean => waitingOn.some((on) => on.name === name);
  const sleeper = span.threads().find(waits);
  if (sleeper !== undefined) await asleep(sleeper.pid, sleeper.tid, isOver);
}

async function check(each: Case, here: Bout, waiters: Waiter[], what: string): Promise<void> {
  const { mutex, condition, word } = here;
  if (waiters.length === 0) {
    const guard = await mutex.lockAsync();
    assert.equal(guard.ownerDied, each.holds, `${what}: ownerDied`);
    guard.markConsistent();
    waiters.push(waitWith(condition, guard));
  }
  await until(
    () => waiters.filter(({ isGone }) => isGone).length >= each.gone,
    `${what}: going on`,
  );
  // Those who have not been notified wait on, and whoever is notified next is one of them.
  assert.equal(condition.waiters, waiters.length - each.gone, `${what}: who waits`);
  const gone = waiters.map(({ isGone }) => isGone);
  assert.deepEqual(
    gone,
    waiters.map((_, i) => i < each.gone),
    `${what}: in order`,
  );
  for (let left = waiters.length - each.gone; left > 0; left--) {
    assert.equal(condition.notifyOne(), true, what);
  }
  await Promise.all(waiters.map(({ done }) => done));
  if (each.form.startsWith('wait') && needsNotification(each)) {
    assert.equal(waiters[0]?.ownerDied, each.holds, `${what}: ownerDied`);
  }
  assert.equal(condition.notifyOne(), false, what);
  assert.equal(word[0], 0, `${what}: the word at rest`);
  assert.equal(mutex.owner, null, what);
}
