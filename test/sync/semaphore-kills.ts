// The kill matrix of a semaphore: one victim dies in the midst of many calls at once, at every step of each, blocking
// or not, each on a span of its own; then exactly the right number of permits is to be had, and survivors that were
// waiting behind it get them, the first one first.
import assert from 'node:assert/strict';
import { type Permit, type Semaphore, Span } from '../../src/index.ts';
import { type Child, startChild, type Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import { type Deed, deed, type End, endAt, startVictim } from '../support/victims.ts';

interface Case {
  readonly undo: boolean;
  readonly step: string;
  /** What it is in the midst of. It has the only permit at first. */
  readonly act:
    | 'waits, blocking'
    | 'waits'
    | 'is let through, blocking'
    | 'is let through'
    | 'gives up'
    | 'releases'
    | 'takes the mark away';
  /** What it had is gone. */
  readonly gone: boolean;
}

const arriving = ['cell-filled', 'before-mark', 'marked'];
const blocking = ['wait-published', 'wait-before-sleep'];
const releasing = ['before-give', 'given', 'passed-on', 'bell-rung'];
const giving = ['wait-withdrawn'];

/** Steps are of count.ts or of owned-permits.ts, where those have one of that name, else of all waits. */
function casesOf(undo: boolean): Case[] {
  const own = new Set(['before-mark', 'marked', 'before-give', 'given', 'passed-on', 'unmarked']);
  const taking = undo ? ['before-claim', 'claimed', 'taken'] : ['before-take', 'taken'];
  for (const step of taking) own.add(step);
  const named = (step: string): string =>
    own.has(step) ? `${undo ? 'permit' : 'count'}-${step}` : step;
  const row = (act: Case['act'], steps: readonly string[], gone: readonly string[]): Case[] =>
    steps.map((step) => ({ undo, step: named(step), act, gone: !undo && gone.includes(step) }));
  return [
    ...row('waits, blocking', [...arriving, ...blocking], [...arriving, ...blocking]),
    ...row('waits', arriving, arriving),
    ...row(
      'is let through, blocking',
      ['wait-woken', ...taking, 'wait-withdrawn'],
      ['taken', 'wait-withdrawn'],
    ),
    ...row('is let through', taking, ['taken']),
    ...row('gives up', giving, giving),
    ...row('releases', releasing, ['before-give']),
    ...row('takes the mark away', ['unmarked'], []),
  ];
}

const CASES: readonly Case[] = [...casesOf(false), ...casesOf(true)];

/** The victim: others wait behind it when it goes on from where it says so. */
async function act({ memspan }: Tools, name: string, { undo, act }: Case): Promise<unknown> {
  const span = memspan.Span.join(name);
  const semaphore = span.semaphore('x', { initial: 1, max: undo ? 1 : 2, undo });
  const { buffer, byteOffset } = span.bytes('flags', { size: 8 });
  const flags = new Int32Array(buffer, byteOffset, 2);
  const meet = (): void => {
    Atomics.store(flags, 0, 1);
    // Within one process Atomics.wait would do.
    while (Atomics.load(flags, 1) === 0) Atomics.wait(flags, 1, 0, 1);
  };
  const hooks = globalThis as { memspanStep?: ((step: string) => void) | undefined };
  const { memspanStep: die } = hooks;
  hooks.memspanStep = undefined;
  const permit = semaphore.acquire();
  const isBlocking = act.endsWith(', blocking') || act === 'gives up';
  if (act.startsWith('is let through') || act === 'gives up') {
    if (isBlocking) {
      // Who has a timeout need not come to sleep: on a busy machine its time is over by then.
      const last = act === 'gives up' ? 'wait-published' : 'wait-before-sleep';
      hooks.memspanStep = (step) => {
        if (step !== last) return;
        hooks.memspanStep = die;
        meet();
        if (act !== 'gives up') permit.release();
      };
      return semaphore.acquire({ timeoutMs: act === 'gives up' ? 1 : undefined });
    }
    const passes = semaphore.acquireAsync();
    meet();
    hooks.memspanStep = die;
    permit.release();
    return passes;
  }
  if (act === 'releases') {
    meet();
    hooks.memspanStep = die;
    return permit.release();
  }
  if (act === 'takes the mark away') {
    // Nobody waits any more.
    semaphore.acquire({ timeoutMs: 0 });
    hooks.memspanStep = die;
    return permit.release();
  }
  hooks.memspanStep = die;
  return isBlocking ? semaphore.acquire() : semaphore.acquireAsync();
}

interface Bout extends Case {
  readonly span: Span;
  readonly semaphore: Semaphore;
  readonly flags: Int32Array;
  /** The survivor of this process has it. */
  first: Promise<Permit> | undefined;
}

/** Everything that can be died in the midst of, and one death. */
export async function killInAll(end: End): Promise<void> {
  const bouts = CASES.map((each): Bout => {
    const { undo } = each;
    const span = Span.create(uniqueName(), { lifetime: 'last-close', participants: 4, objects: 4 });
    const semaphore = span.semaphore('x', { initial: 1, max: undo ? 1 : 2, undo });
    const { buffer, byteOffset } = span.bytes('flags', { size: 8 });
    const flags = new Int32Array(buffer, byteOffset, 2);
    return { ...each, span, semaphore, flags, first: undefined };
  });
  const [victim, survivor] = await Promise.all([startVictim(end), startChild()]);
  await survivor.run(
    ({ memspan, kept }, names) => {
      const semaphores = names.map((name) => memspan.Span.join(name).semaphore('x'));
      Object.assign(kept, { semaphores, passes: {} });
    },
    bouts.map(({ span }) => span.name as string),
  );
  const deeds = bouts.map((bout): Deed => {
    const { undo, step, act: what, gone } = bout;
    return deed(step, act, bout.span.name as string, { undo, step, act: what, gone });
  });
  const ended = endAt(victim, deeds, end);
  const queued = queueBehind(bouts, survivor);
  await Promise.race([Promise.all([ended, queued]), ended.then(() => queued)]);
  for (const [i, bout] of bouts.entries())
    await settle(bout, i, survivor, `${end}: ${titleOf(bout)}`);
  await survivor.kill();
  for (const { span } of bouts) span.close();
}

function titleOf({ undo, act, step }: Case): string {
  return `${undo ? 'undo' : 'plain'}, ${act}, at ${step}`;
}

/** The survivors come behind the victim, in those bouts in which it waits for that. */
async function queueBehind(bouts: readonly Bout[], survivor: Child): Promise<void> {
  for (const [i, bout] of bouts.entries()) {
    if (bout.act.startsWith('waits') || bout.act.startsWith('takes')) continue;
    await until(() => bout.flags[0] === 1, titleOf(bout));
    await come(bout, i, survivor);
    Atomics.store(bout.flags, 1, 1);
  }
}

async function come(bout: Bout, i: number, survivor: Child): Promise<void> {
  bout.first = bout.semaphore.acquireAsync();
  await survivor.run(({ kept }, i) => {
    const { semaphores, passes } = kept as unknown as SurvivorKept;
    passes[i] = (semaphores[i] as Semaphore).acquireAsync();
  }, i);
}

interface SurvivorKept {
  semaphores: Semaphore[];
  passes: Record<number, Promise<Permit>>;
}

/** The one permit goes to the survivors in their order, and is there in the end; nothing else is. */
async function settle(bout: Bout, i: number, survivor: Child, what: string): Promise<void> {
  const { semaphore, span } = bout;
  if (bout.first === undefined) {
    assert.equal(semaphore.value, bout.gone ? 0 : 1, what);
    await come(bout, i, survivor);
  }
  if (bout.gone) {
    assert.equal(semaphore.value, 0, `${what}: what it had is gone`);
    semaphore.release();
  }
  const permit = await (bout.first as Promise<Permit>);
  assert.equal(semaphore.value, 0, what);
  assert.equal(semaphore.tryAcquire(), null, what);
  permit.release();
  await survivor.run(async ({ kept }, i) => {
    (await (kept as unknown as SurvivorKept).passes[i])?.release();
  }, i);
  assert.equal(semaphore.value, 1, `${what}: one permit in the end`);
  using last = semaphore.tryAcquire();
  assert.notEqual(last, null, what);
  assert.equal(semaphore.tryAcquire(), null, what);
  for (const { alive, waitingOn } of span.threads()) {
    if (alive) assert.deepEqual(waitingOn, [], `${what}: cells at rest`);
  }
}
