// Says in words what a failing schedule has done, where it has done something well known.

import type { FailureStep } from './failure.ts';

const STORES = new Set(['store', 'write']);
const LOADS = new Set(['load', 'read']);

export function explain(steps: readonly FailureStep[]): string[] {
  return [...lostUpdates(steps), ...lostWakeUps(steps), ...deaths(steps)];
}

/** Read, changed by somebody else, and then written from what was read. */
function* lostUpdates(steps: readonly FailureStep[]): Generator<string> {
  const told = new Set<string>();
  for (const [i, step] of steps.entries()) {
    const { thread, operation, word } = step;
    if (!STORES.has(operation) || told.has(word)) continue;
    const read = steps.findLastIndex(
      (other, at) =>
        at < i && other.thread === thread && other.word === word && LOADS.has(other.operation),
    );
    if (read < 0) continue;
    const lost = steps
      .slice(read + 1, i)
      .findLast(
        (other) =>
          other.word === word && other.thread !== thread && !Object.is(other.before, other.after),
      );
    if (lost === undefined) continue;
    told.add(word);
    yield `Lost update: ${thread} read ${word} when it was ${show(steps[read]?.answer)}, ${lost.thread} made it ${show(lost.after)}, and ${thread} wrote ${show(step.after)} over that.`;
  }
}

/** Asleep in the end, and the word it sleeps on was changed after the last wake-up for it. */
function* lostWakeUps(steps: readonly FailureStep[]): Generator<string> {
  for (const [i, { thread, operation, word, answer }] of steps.entries()) {
    if ((operation !== 'sleep' && operation !== 'wait') || answer !== 'asleep') continue;
    const later = steps.slice(i + 1);
    const goesOn = later.some(
      (step) =>
        step.woken.includes(thread) || (step.thread === thread && step.operation !== 'kill'),
    );
    if (goesOn || later.some((step) => step.thread === thread)) continue;
    const change = later.find((step) => step.word === word && !Object.is(step.before, step.after));
    if (change === undefined) continue;
    yield `Lost wake-up: ${thread} went to sleep on ${word}; ${change.thread} changed it to ${show(change.after)} after that, and nobody woke ${thread}.`;
  }
}

function* deaths(steps: readonly FailureStep[]): Generator<string> {
  for (const [i, { thread, operation }] of steps.entries()) {
    if (operation !== 'kill') continue;
    const last = steps.slice(0, i).findLast((step) => step.thread === thread);
    yield last === undefined
      ? `${thread} was killed before its first step.`
      : `${thread} was killed after its ${last.operation} of ${last.word}.`;
  }
}

export function show(value: unknown): string {
  return typeof value === 'bigint' ? `${value}n` : String(value);
}
