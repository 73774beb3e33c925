// Span: joining, leaving, and what is left by those who die. One file for all who come by name, which has its name for as
// long as somebody is there, and one who is told of each death.
import assert from 'node:assert/strict';
import type { SpanOptions } from '../../../src/index.ts';
import { type Model, model } from '../model.ts';
import {
  areApart,
  isOneSpan,
  isSeenTo,
  lastVisit,
  linked,
  nothing,
  type Shared,
  somebody,
  stale,
  type VisitsEnd,
  visitor,
  visitsOf,
} from '../visits.ts';

const lastClose: SpanOptions = { lifetime: 'last-close' };

/** Who is last takes the name along. */
function isGone(_shared: Shared, end: VisitsEnd): void {
  assert.equal(linked(), 0, 'all have left, and the name is still there');
  assert.ok(
    visitsOf(end).every(({ recovered }) => !recovered),
    'told of a death that nobody died',
  );
  assert.ok(lastVisit(2, end).created);
}

/** Of all who would make it one does. */
function isMadeOnce(_shared: Shared, end: VisitsEnd): void {
  const visits = visitsOf(end);
  const made = visits.filter(({ created }) => created);
  const { file, recovered } = lastVisit(visits.length, end);
  assert.equal(made.length, 1);
  assert.ok(visits.every((visit) => visit.code !== undefined || visit.file === file));
  assert.ok(!recovered && visits.every((visit) => !visit.recovered));
}

/** Who insists on making it, or on its being there, is told that it is otherwise. */
function areTold(codes: readonly (string | undefined)[]) {
  return (shared: Shared, end: VisitsEnd): void => {
    isMadeOnce(shared, end);
    for (const { code } of visitsOf(end)) assert.ok(codes.includes(code), code);
  };
}

/** There is room for one at a time, at least. */
function isRoom(_shared: Shared, end: VisitsEnd): void {
  areApart(end);
  const codes = visitsOf(end).map(({ code }) => code);
  assert.ok(end.killed.length > 0 || codes.includes(undefined), 'nobody was let in');
  for (const code of codes) assert.ok(code === undefined || code === 'ERR_MEMSPAN_LIMIT', code);
}

/** Nobody goes on with what the dead have left. */
function isReset(shared: Shared, end: VisitsEnd): void {
  const visits = visitsOf(end);
  const { file, created } = lastVisit(shared.phase.length, end);
  assert.ok(visits.every((visit) => visit.file !== shared.before && !visit.recovered));
  const made = visits.filter((visit) => visit.created).length;
  if (end.killed.length > 0) return;
  assert.ok(!created && visits.every((visit) => visit.file === file));
  assert.equal(made, 1);
}

/** Who does not want what the dead have left leaves it to others, name and all. */
function isLeft(shared: Shared, end: VisitsEnd): void {
  for (const { code } of visitsOf(end)) assert.equal(code, 'ERR_MEMSPAN_STALE');
  const { file, recovered } = lastVisit(shared.phase.length, end);
  assert.ok(recovered && file === shared.before);
}

const all = Number.POSITIVE_INFINITY;
const two = nothing(2);

export const span: readonly Model[] = [
  model('span: two come and go, the last one takes the name along', {
    setup: two,
    threads: [visitor(2, lastClose), visitor(2, lastClose)],
    invariant: isOneSpan,
    atEnd: isGone,
    quick: { bound: 1 },
    full: { bound: 2 },
  }),
  model('span: two come and go, one is killed', {
    setup: two,
    threads: [visitor(2, lastClose), visitor(2, lastClose)],
    invariant: isOneSpan,
    atEnd: isSeenTo,
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('span: there is room for one of two', {
    setup: two,
    threads: [visitor(1, lastClose), visitor(1, lastClose)],
    invariant: isOneSpan,
    atEnd: isGone,
    quick: { bound: 1 },
    full: { bound: 2 },
  }),
  model('span: two come where somebody is, and there is room for one', {
    setup: somebody(2, 2),
    threads: [visitor(2), visitor(2)],
    invariant: isOneSpan,
    atEnd: isRoom,
    quick: { bound: 2 },
    full: { bound: all },
  }),
  model('span: two come where somebody is, one is killed', {
    setup: somebody(2, 2),
    threads: [visitor(2), visitor(2)],
    invariant: isOneSpan,
    atEnd: isRoom,
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 2 },
  }),
  model('span: two make it', {
    setup: two,
    threads: [visitor(2), visitor(2)],
    invariant: isOneSpan,
    atEnd: isMadeOnce,
    quick: { bound: 1 },
    full: { bound: 2 },
  }),
  model('span: two insist on making it', {
    setup: two,
    threads: [visitor(2, {}, 'create'), visitor(2, {}, 'create')],
    invariant: isOneSpan,
    atEnd: areTold([undefined, 'ERR_MEMSPAN_EXISTS']),
    quick: { bound: 1 },
    full: { bound: all },
  }),
  model('span: one makes it, another insists on its being there', {
    setup: two,
    threads: [visitor(2), visitor(2, {}, 'join')],
    invariant: isOneSpan,
    atEnd: areTold([undefined, 'ERR_MEMSPAN_NOT_FOUND']),
    quick: { bound: 1 },
    full: { bound: 2 },
  }),
  model('span: three come where somebody is', {
    setup: somebody(3, 3),
    threads: [visitor(3), visitor(3), visitor(3)],
    invariant: isOneSpan,
    atEnd: isRoom,
    quick: { bound: 0 },
    full: { bound: 2 },
  }),
  model('span: two find it left by the dead', {
    setup: stale(2),
    threads: [visitor(2), visitor(2)],
    invariant: isOneSpan,
    atEnd: isSeenTo,
    quick: { bound: 1 },
    full: { bound: 2 },
  }),
  model('span: two find it left by the dead, and who recovers is killed', {
    setup: stale(2),
    threads: [visitor(2), visitor(2)],
    invariant: isOneSpan,
    atEnd: isSeenTo,
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 2 },
  }),
  model('span: two find it left by the dead, and both are killed', {
    setup: stale(2),
    threads: [visitor(2), visitor(2)],
    invariant: isOneSpan,
    atEnd: isSeenTo,
    crashes: 2,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('span: two begin anew after the dead', {
    setup: stale(2),
    threads: [visitor(2, { stale: 'reset' }), visitor(2, { stale: 'reset' })],
    invariant: isOneSpan,
    atEnd: isReset,
    quick: { bound: 1 },
    full: { bound: 2 },
  }),
  model('span: two begin anew after the dead, one is killed', {
    setup: stale(2),
    threads: [visitor(2, { stale: 'reset' }), visitor(2, { stale: 'reset' })],
    invariant: isOneSpan,
    atEnd: isReset,
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('span: two refuse what the dead have left', {
    setup: stale(2, lastClose),
    threads: [
      visitor(2, { stale: 'fail', ...lastClose }),
      visitor(2, { stale: 'fail', ...lastClose }),
    ],
    invariant: isOneSpan,
    atEnd: isLeft,
    quick: { bound: 1 },
    full: { bound: all },
  }),
];
