// Visits to a span: threads that open it, are attached for a moment, and close it; and what is to be true of them.
import assert from 'node:assert/strict';
import type { End, Me, Moment } from '../../src/check/explore.ts';
import { MemspanError, Segment, Span, type SpanOptions } from '../../src/index.ts';
import { Header, HeaderFlag } from '../../src/span/header.layout.ts';
import { ATTACHED, Slot } from '../../src/span/participant.layout.ts';

const NAME = 'visited';

/** How far a thread is. */
const Phase = { outside: 0, opening: 1, attached: 2, closing: 3, gone: 4 } as const;

export interface Shared {
  /** Of each thread: the file that it is attached to; 0 for none. */
  readonly attached: Int32Array;
  /** Of each thread: its id in that file. */
  readonly ids: Int32Array;
  readonly phase: Int32Array;
  /** Of each thread: whether it has taken over. */
  readonly recovered: Int32Array;
  /** The file in which somebody had died before; 0 for none. */
  readonly before: number;
}

export interface Visit {
  /** What open() has thrown. */
  readonly code: string | undefined;
  readonly file: number;
  readonly id: number;
  readonly created: boolean;
  readonly recovered: boolean;
  /** The threads that were dead before it came, and before it left. */
  readonly deadBefore: readonly number[];
  readonly deadThen: readonly number[];
}

/** As many participants as there are threads: nobody is ever turned away. */
function shapeFor(threads: number): SpanOptions {
  return { size: 20_480, participants: threads, objects: 1 };
}

function ghosts(threads: number): Shared {
  const each = (): Int32Array => new Int32Array(threads);
  return { attached: each(), ids: each(), phase: each(), recovered: each(), before: 0 };
}

/** Nothing is there, and nobody has ever been. */
export function nothing(threads: number) {
  return ({ span }: Me): Shared => {
    assert.ok(span);
    return ghosts(threads);
  };
}

/** Who sets up is attached, and stays. */
export function somebody(threads: number, participants: number) {
  return ({ span }: Me): Shared => {
    assert.ok(span);
    Span.open(NAME, shapeFor(participants));
    return ghosts(threads);
  };
}

/** Somebody has died attached. */
export function stale(threads: number, options: SpanOptions = {}) {
  return ({ span }: Me): Shared => {
    assert.ok(span);
    // With any other lifetime it would be gone when it is closed.
    const left = Span.create(NAME, shapeFor(threads));
    const { view, id } = left.attachment('stale');
    left.close();
    const words = new Int32Array(Segment.open(NAME).buffer);
    Atomics.store(words, view.slotAt(0) + Slot.identity, id | ATTACHED);
    if (options.lifetime === 'last-close') Atomics.store(words, Header.flags, HeaderFlag.lastClose);
    return { ...ghosts(threads), before: linked() };
  };
}

export function visitor(
  threads: number,
  options: SpanOptions = {},
  how: 'open' | 'create' | 'join' = 'open',
) {
  const shape = how === 'join' ? options : { ...shapeFor(threads), ...options };
  return ({ attached, ids, phase, recovered }: Shared, { index, span: others }: Me): Visit => {
    const deadBefore = deadOf(others);
    phase[index] = Phase.opening;
    let span: Span;
    try {
      span = Span[how](NAME, shape);
    } catch (error) {
      if (!(error instanceof MemspanError)) throw error;
      phase[index] = Phase.gone;
      const { code } = error;
      return { code, file: 0, id: 0, created: false, recovered: false, deadBefore, deadThen: [] };
    }
    const file = fileOf(span.segment);
    const { id } = span.attachment('visit');
    recovered[index] = Number(span.recovered);
    phase[index] = Phase.attached;
    ids[index] = id;
    attached[index] = file;
    const visit = { created: span.created, recovered: span.recovered, deadThen: deadOf(others) };
    attached[index] = 0;
    phase[index] = Phase.closing;
    span.close();
    phase[index] = Phase.gone;
    return { ...visit, code: undefined, file, id, deadBefore };
  };
}

function deadOf(span: Span): number[] {
  const dead = span.threads('thread *').filter(({ alive }) => !alive);
  return dead.map(({ name }) => Number(name.slice('thread '.length)));
}

/** Who is attached is where the name leads to, in a slot of its own. */
export function isOneSpan({ attached, ids }: Shared, { killed }: Moment): void {
  const there = [...attached].flatMap((file, index) =>
    file !== 0 && !killed.includes(index) ? [{ file, id: ids[index] as number }] : [],
  );
  if (there.length === 0) return;
  const file = linked();
  for (const each of there) {
    assert.equal(each.file, file, 'somebody is attached to what the name does not lead to');
  }
  const slots = there.map(({ id }) => id & 0xfff);
  assert.equal(new Set(slots).size, slots.length, 'two in one slot');
}

export type VisitsEnd = End<Visit>;

/** Of those who live. */
export function visitsOf({ results }: VisitsEnd): Visit[] {
  return results.filter((visit) => visit !== undefined);
}

/** No id comes back. */
export function areApart(end: VisitsEnd): void {
  const ids = visitsOf(end).flatMap(({ code, file, id }) =>
    code === undefined ? [`${file}:${id}`] : [],
  );
  assert.equal(new Set(ids).size, ids.length, `an id has come back: ${ids.join(' ')}`);
}

/** The span can be had when all are gone. What who visits it then finds. */
export function lastVisit(
  threads: number,
  end: VisitsEnd,
): Pick<Visit, 'file' | 'created' | 'recovered'> {
  areApart(end);
  const span = Span.open(NAME, shapeFor(threads));
  const { recovered, created } = span;
  const file = fileOf(span.segment);
  span.close();
  return { recovered, created, file };
}

/**
 * Whether who comes after these threads, none of which lives there any more, finds the span left by the dead; undefined
 * where that depends on how far those were.
 */
export function isStaleAfter(
  { phase, before }: Shared,
  threads: readonly number[],
): boolean | undefined {
  const phases = new Set(threads.map((thread) => phase[thread]));
  if (phases.has(Phase.closing)) return undefined;
  if (phases.has(Phase.gone)) {
    return phases.has(Phase.attached) || phases.has(Phase.opening) ? undefined : false;
  }
  if (phases.has(Phase.attached) || before > 0) return true;
  return phases.has(Phase.opening) ? undefined : false;
}

/** Each death is seen to once, by who comes next, unless somebody was there. */
export function isSeenTo(shared: Shared, end: VisitsEnd): void {
  const threads = shared.phase.length;
  const last = lastVisit(threads, end);
  const { killed } = end;
  const everybody = Array.from({ length: threads }, (_, index) => index);
  const check = ({ recovered }: Pick<Visit, 'recovered'>, after: readonly number[]): void => {
    const isStale = isStaleAfter(shared, after);
    assert.equal(recovered, isStale ?? recovered, 'told of the death, or not');
  };
  check(last, everybody);
  for (const visit of visitsOf(end)) {
    if (visit.deadBefore.length === threads - 1) check(visit, visit.deadBefore);
    // Who was last there and has left in order has seen to the dead.
    if (visit.deadThen.length === threads - 1) assert.ok(!last.recovered, 'left to the next one');
  }
  const before = Number(shared.before > 0);
  const told = [...shared.recovered].reduce((sum, one) => sum + one, Number(last.recovered));
  assert.ok(
    told <= killed.length + before,
    `${told} were told of ${killed.length + before} deaths`,
  );
  // Who was killed before it could say so may have been told, too.
  const silent = killed.filter((thread) => shared.phase[thread] === Phase.opening).length;
  assert.ok(told + silent >= before, 'nobody was told of the death');
}

function fileOf({ handle }: Segment): number {
  return Number(handle.ino);
}

/** The file that the name leads to; 0 for none. */
export function linked(): number {
  try {
    return fileOf(Segment.open(NAME));
  } catch (error) {
    if (error instanceof MemspanError && error.code === 'ERR_MEMSPAN_NOT_FOUND') return 0;
    throw error;
  }
}
