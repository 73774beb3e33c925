// Processes that are killed or paused at a named step of src/span, and what must be true afterwards: the others go on, the
// next one in finds everything in order, nothing is taken from a paused one, no name is left. Each bout has a span of its own.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { array, type Lifetime, Segment, Span, type SpanOptions, u8 } from '../../src/index.ts';
import { format, geometryOf } from '../../src/span/geometry.ts';
import { ATTACHED, idOf, Slot } from '../../src/span/participant.layout.ts';
import type { Child, Tools } from '../support/puppets.ts';
import { leftovers, uniqueName } from '../support/segments.ts';
import { type End, isStopped, startStepper, startVictim, stopAt } from '../support/victims.ts';
import { type Act, endAtJobs, openAll } from './stepper.ts';

const PARTICIPANTS = 2;
const OBJECTS = 6;
const SIZE = 2 ** 16;

export interface Step {
  readonly step: string;
  /** What the victim does when it comes to the step. */
  readonly act: Act;
  /** How the span is before it comes. */
  readonly before?: 'absent' | 'left' | 'stale';
  readonly options?: SpanOptions;
  /** When nobody else is attached: what the next one in is told. */
  readonly next: { readonly created?: true; readonly recovered?: true };
}

const lastClose = { lifetime: 'last-close' } as const;
const reset = { stale: 'reset' } as const;
const CREATED = { created: true } as const;
const RECOVERED = { recovered: true } as const;

/** By the files that have the steps. */
export const groups: Readonly<Record<string, readonly Step[]>> = {
  directory: [
    { step: 'entry-claimed', act: 'make', next: RECOVERED },
    { step: 'entry-filled', act: 'make', next: RECOVERED },
    { step: 'entry-ready', act: 'make', next: RECOVERED },
    { step: 'entry-claimed', act: 'describe', next: RECOVERED },
    { step: 'entry-before-layout', act: 'describe', next: RECOVERED },
    { step: 'entry-filled', act: 'describe', next: RECOVERED },
    { step: 'entry-ready', act: 'describe', next: RECOVERED },
  ],
  slot: [
    { step: 'slot-lifeline', act: 'open', before: 'left', next: {} },
    { step: 'slot-claimed', act: 'open', before: 'left', next: {} },
    { step: 'slot-filled', act: 'open', before: 'left', next: {} },
    { step: 'slot-left', act: 'close', next: {} },
    { step: 'slot-left', act: 'close', options: lastClose, next: {} },
    { step: 'slot-lifeline', act: 'open', before: 'stale', next: RECOVERED },
    { step: 'slot-claimed', act: 'open', before: 'stale', next: RECOVERED },
    { step: 'slot-filled', act: 'open', before: 'stale', next: RECOVERED },
  ],
  joining: [
    { step: 'create-before-format', act: 'open', before: 'absent', next: CREATED },
    { step: 'create-before-link', act: 'open', before: 'absent', next: CREATED },
    { step: 'gate-taken', act: 'open', before: 'absent', next: {} },
    { step: 'gate-taken', act: 'open', before: 'left', next: {} },
    { step: 'gate-taken', act: 'open', before: 'stale', next: RECOVERED },
    { step: 'recover-slot', act: 'open', before: 'stale', next: RECOVERED },
    { step: 'recover-cleared', act: 'open', before: 'stale', next: RECOVERED },
    { step: 'reset-before-unlink', act: 'open', before: 'stale', options: reset, next: RECOVERED },
    { step: 'gate-released', act: 'close', next: {} },
    { step: 'gate-released', act: 'close', options: lastClose, next: {} },
    { step: 'close-before-unlink', act: 'close', options: lastClose, next: {} },
    { step: 'close-after-unlink', act: 'close', options: lastClose, next: CREATED },
  ],
};

/** Puts a span there in which somebody has died attached. */
export function leaveStale(
  name: string,
  lifetime: Lifetime = 'until-unlinked',
  participants: number = PARTICIPANTS,
): void {
  const geometry = geometryOf(SIZE, participants, OBJECTS);
  using segment = Segment.create(name, { size: SIZE });
  format(segment.buffer, geometry, lifetime);
  const words = new Int32Array(segment.buffer);
  words[geometry.participantsOffset / 4 + Slot.identity] = idOf(0, 7) | ATTACHED;
}

interface Came {
  readonly created: boolean;
  readonly recovered: boolean;
}

function open({ memspan, kept }: Tools, name: string, options: SpanOptions): Came {
  kept.span = memspan.Span.open(name, options);
  const { created, recovered } = kept.span;
  return { created, recovered };
}

/** Makes an object, or finds it; where it is, and whether it is as whoever made it had to leave it. */
function make({ memspan, kept }: Tools, object: string, byte: number, described: boolean): unknown {
  const bytes = described
    ? (kept.span.view(object, memspan.array(memspan.u8, 100)).typed as Uint8Array)
    : kept.span.bytes(object, { size: 100 });
  const isWhole = bytes.every((each) => each === 0) || bytes.every((each) => each === byte);
  bytes.fill(byte);
  return { isWhole, offset: bytes.byteOffset };
}

const close = ({ kept }: Tools): void => kept.span.close();

/** The act of the step; `victim` must have the span open for all but 'open'. */
function perform(child: Child, act: Act, name: string, options: SpanOptions): Promise<unknown> {
  if (act === 'open') return child.run(open, name, options);
  if (act === 'close') return child.run(close);
  return child.run(make, 'contested', 7, act === 'describe');
}

function prepare(name: string, { before, act }: Step, options: SpanOptions): void {
  if (before === 'stale') leaveStale(name, options.lifetime);
  else if (before === 'left') Span.open(name, options).close();
  else assert.ok(before === 'absent' || act !== 'open');
}

export interface Death {
  readonly step: Step;
  /** With this process there all the time. */
  readonly among: boolean;
}

interface Bout extends Death {
  readonly name: string;
  readonly options: SpanOptions;
  readonly where: string;
}

function boutOf({ step, among }: Death): Bout {
  const options = { size: SIZE, participants: PARTICIPANTS, objects: OBJECTS, ...step.options };
  const where = `${step.step} during ${step.act}, ${step.before ?? 'fresh'}, ${among ? 'among others' : 'alone'}`;
  return { step, among, name: uniqueName(), options, where };
}

/** One dies at all these steps, in a span each; `neighbour` comes next, and must find everything in order. */
async function killAt(deaths: readonly Death[], neighbour: Child, end: End): Promise<void> {
  const bouts = deaths.map(boutOf);
  const victim = await startVictim(end);
  const jobs = bouts.map(({ step: { step, act }, name, options }) => ({
    step,
    act,
    name,
    options,
  }));
  for (const { step, name, options } of bouts) {
    if (step.act === 'open') prepare(name, step, options);
  }
  await victim.run(openAll, jobs);
  const survivors = bouts.map(({ among, name, options }) =>
    among ? Span.open(name, options) : undefined,
  );
  await endAtJobs(victim, jobs, end);
  for (const [i, bout] of bouts.entries()) {
    await checkAfter(bout, neighbour, survivors[i], end);
  }
}

async function checkAfter(
  bout: Bout,
  neighbour: Child,
  survivor: Span | undefined,
  end: End,
): Promise<void> {
  const { step, among, name, options, where } = bout;
  const came = await neighbour.run(open, name, { ...options, stale: 'recover' });
  // Who exits while it is attached leaves in order, whatever it was doing.
  const leaves = end === 'exit' && (step.act === 'make' || step.act === 'describe');
  const expected = among || leaves ? {} : step.next;
  assert.deepEqual(came, { created: false, recovered: false, ...expected }, where);
  const span = survivor ?? Span.open(name, { ...options, stale: 'recover' });
  assert.equal(span.threads().filter(({ alive }) => alive).length, 2, where);
  assert.equal(await neighbour.run(locks), true, where);
  await checkObjects(span, neighbour, step.act === 'describe', where);
  await neighbour.run(close);
  span.close();
  if (options.lifetime !== 'last-close') assert.equal(Span.unlink(name), true, where);
  assert.ok(!leftovers().includes(name), where);
}

function locks({ kept }: Tools): boolean {
  const guard = kept.span.mutex('lock').tryLock();
  guard?.release();
  return guard?.ownerDied === false;
}

/** Everybody sees the same objects, each whole and apart from the others, and there is room for all. */
async function checkObjects(
  span: Span,
  neighbour: Child,
  described: boolean,
  where: string,
): Promise<void> {
  const objects = ['contested', 'new-1', 'new-2', 'new-3', 'new-4'];
  const all = [];
  for (const [i, object] of objects.entries()) {
    // Further ones are described as well: what one leaves half-made must not spoil the next one's text.
    const made = await neighbour.run(make, object, 7 + i, described);
    all.push(
      described
        ? (span.view(object, array(u8, 100)).typed as Uint8Array)
        : span.bytes(object, { size: 100 }),
    );
    assert.deepEqual(made, { isWhole: true, offset: all[i]?.byteOffset }, `${object}: ${where}`);
  }
  assert.equal(span.objects().length, OBJECTS, where);
  for (const [i, bytes] of all.entries()) {
    assert.ok(
      bytes.every((byte) => byte === 7 + i),
      `${objects[i]} is its own: ${where}`,
    );
  }
}

/** One is stopped at the step, another comes, the first goes on: both get what they wanted. */
export async function pauseAt(step: Step, paused: Child, other: Child): Promise<void> {
  const name = uniqueName();
  const options = { size: SIZE, participants: PARTICIPANTS, objects: OBJECTS, ...step.options };
  const where = `${step.step} during ${step.act}, ${step.before ?? 'fresh'}, paused`;
  if (step.act !== 'open') await paused.run(open, name, options);
  else prepare(name, step, options);
  await stopAt(paused, step.step);
  const performing = perform(paused, step.act, name, options);
  await isStopped(paused, where);
  const coming = (async () => {
    await other.run(open, name, options);
    return other.run(make, 'contested', 7, step.act === 'describe');
  })();
  // It comes at once, or it waits; time enough to take what is not its own. Then the first goes on.
  await Promise.race([coming, delay(20)]);
  paused.process.kill('SIGCONT');
  const [done, made] = (await Promise.all([performing, coming])) as [Made, Made];
  if (step.act === 'make' || step.act === 'describe')
    assert.deepEqual(done, { isWhole: true, offset: made.offset }, where);
  assert.equal(made.isWhole, true, where);
  if (step.act !== 'close') {
    const seen = await Promise.all([paused.run(look), other.run(look)]);
    assert.deepEqual(seen[0], seen[1], where);
    assert.deepEqual([seen[0]?.linked, seen[0]?.alive], [true, 2], where);
    await paused.run(close);
  } else {
    const { linked, alive } = await other.run(look);
    assert.deepEqual([linked, alive], [true, 1], where);
  }
  await other.run(close);
  if (options.lifetime !== 'last-close') assert.equal(Span.unlink(name), true, where);
  assert.ok(!leftovers().includes(name), where);
}

interface Made {
  readonly isWhole: boolean;
  readonly offset: number;
}

function look({ kept }: Tools): { ino: string; linked: boolean; alive: number } {
  const { segment } = kept.span;
  const alive = kept.span.threads().filter((thread) => thread.alive).length;
  return { ino: segment.handle.ino, linked: segment.isLinked, alive };
}

/** Alone and, where that can be, among others. */
export function deathsAt(steps: readonly Step[]): Death[] {
  return steps.flatMap((step) =>
    canBeAmong(step)
      ? [
          { step, among: false },
          { step, among: true },
        ]
      : [{ step, among: false }],
  );
}

/** Spans in which a victim dies at once. */
const SPANS = 4;

/** So many of these deaths, in turn. `end` says how each victim ends. */
export async function kills(
  deaths: readonly Death[],
  count: number,
  end: (victim: number) => End = () => 'SIGKILL',
): Promise<void> {
  const all = Array.from({ length: count }, (_, i) => deaths[i % deaths.length] as Death);
  let victims = 0;
  const lane = async (): Promise<void> => {
    const neighbour = await startStepper();
    while (all.length > 0) await killAt(all.splice(0, SPANS), neighbour, end(victims++));
    await neighbour.kill();
  };
  await Promise.all([lane(), lane()]);
}

/** With others attached nobody is alone, so these are not come to. */
function canBeAmong({ step, before }: Step): boolean {
  if (before === 'absent' || before === 'stale') return false;
  return step !== 'close-before-unlink' && step !== 'close-after-unlink';
}
