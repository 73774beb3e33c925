// The kill matrix of barriers: victims that die at every step of arriving, giving up, breaking it and beginning anew, and
// what the others must be told then. One victim dies at its step in one barrier after the other, in each anew.
import assert from 'node:assert/strict';
import { type Barrier, Span } from '../../src/index.ts';
import { type Child, startChild, type Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import { type Deed, deed, type End, endAt, isStopped, startVictim } from '../support/victims.ts';

const PARTIES = 3;

/** How the barrier is when the victim comes to it; the survivors are two. */
type Before =
  /** The survivors are parties, and compute. */
  | 'joined'
  /** They wait for the victim alone. */
  | 'waiting'
  /** They compute, and the third party has died. */
  | 'dying'
  /** The only party has died. */
  | 'deserted'
  /** Nobody has ever been there. */
  | 'new';

/** What the survivors find: */
type Told =
  /** nothing at all, */
  | 'as it was'
  /** that it is broken, */
  | 'broken'
  /** that their phase is over, and that it is broken in the next one. */
  | 'completed';

type Form = 'wait' | 'waitAsync' | 'tryWait' | 'reset' | 'join' | 'leave';

export interface Case {
  readonly step: string;
  readonly form: Form;
  readonly before: Before;
  readonly told: Told;
  readonly timeoutMs?: number;
}

const cases = (before: Before, forms: readonly Form[], steps: Record<string, Told>): Case[] =>
  Object.entries(steps).flatMap(([step, told]) =>
    forms.map((form) => ({ step, form, before, told })),
  );

const arriving = { 'barrier-sat': 'broken', 'barrier-before-arrive': 'broken' } as const;
const renewing = {
  'barrier-before-renew': 'as it was',
  'barrier-renewing': 'as it was',
  'barrier-vacated': 'as it was',
  'barrier-before-sit': 'as it was',
  'barrier-sat': 'as it was',
} as const;

/** Their steps come in the turn of the event loop in which they are called. */
export const CASES: readonly Case[] = [
  ...cases('joined', ['wait', 'waitAsync'], {
    'barrier-before-sit': 'as it was',
    ...arriving,
    'barrier-arrived': 'broken',
    'barrier-done': 'broken',
    'cell-filled': 'broken',
  }),
  ...cases('joined', ['wait'], {
    'wait-published': 'broken',
    'wait-before-sleep': 'broken',
    'wait-woken': 'broken',
  }),
  { ...at('barrier-before-give-up'), timeoutMs: 1 },
  { ...at('barrier-given-up'), timeoutMs: 1 },
  { ...at('wait-withdrawn'), timeoutMs: 1 },
  ...cases('waiting', ['wait', 'waitAsync', 'tryWait'], {
    'barrier-before-sit': 'as it was',
    ...arriving,
    'barrier-arrived': 'completed',
    'bell-rung': 'completed',
    'barrier-done': 'completed',
  }),
  ...cases('dying', ['wait', 'waitAsync', 'join', 'tryWait'], {
    'barrier-before-break': 'broken',
    'barrier-broken': 'broken',
  }),
  ...cases('dying', ['reset'], {
    'barrier-before-renew': 'broken',
    'barrier-renewing': 'broken',
    'barrier-vacated': 'broken',
    'barrier-reset': 'as it was',
  }),
  ...cases('deserted', ['wait', 'waitAsync'], {
    ...renewing,
    'barrier-before-arrive': 'as it was',
    'barrier-arrived': 'as it was',
    'cell-filled': 'as it was',
  }),
  ...cases('deserted', ['join'], renewing),
  ...cases('new', ['wait', 'join'], {
    'barrier-before-sit': 'as it was',
    'barrier-sat': 'as it was',
  }),
  ...cases('joined', ['join'], { 'barrier-before-sit': 'as it was', 'barrier-sat': 'broken' }),
];

/** Their steps come later, so that each needs a victim of its own. */
export const LATE_CASES: readonly Case[] = [
  { ...at('barrier-before-give-up'), form: 'waitAsync', timeoutMs: 1 },
  { ...at('barrier-given-up'), form: 'waitAsync', timeoutMs: 1 },
];

function at(step: string): Case {
  return { step, form: 'wait', before: 'joined', told: 'broken' };
}

/** Two survivors, this thread and a child; a span with a barrier for each case. */
export class Arena implements AsyncDisposable {
  readonly #span: Span = Span.create(uniqueName(), { lifetime: 'last-close', size: 2 ** 20 });
  readonly #child: Child;
  #rounds = 0;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async open(): Promise<Arena> {
    return new Arena(await startChild());
  }

  /** A victim dies in the midst of all of them. */
  async kill(cases: readonly Case[], end: End): Promise<void> {
    const name = this.#span.name as string;
    const barriers = cases.map((_, i) => this.#span.barrier(`${i}`, { parties: PARTIES }));
    await this.#stage(cases, barriers);
    const pending = await this.#awaitThe(cases, barriers);
    const victim = await startVictim(end);
    const deeds: Deed[] = cases.map(({ step, form, timeoutMs }, i) =>
      deed(step, perform, name, `${i}`, form, timeoutMs),
    );
    // Survivors look each 100 ms, too, and leave when they find their phase over. If both did between an exchange and its
    // ring, nobody would be rung: the victim would not come to that step, and go on with the acts around this one.
    process.kill(this.#child.pid, 'SIGSTOP');
    await isStopped(this.#child, 'the other survivor to stop');
    await endAt(victim, deeds, end);
    process.kill(this.#child.pid, 'SIGCONT');
    this.#rounds++;
    for (const [i, { step, form, before, told }] of cases.entries()) {
      const what = `${before}: ${form} at ${step}, ${end}, round ${this.#rounds}`;
      await this.#verify(`${i}`, barriers[i] as Barrier, told, pending.get(i), what);
    }
    const waiting = this.#span.threads().filter(({ alive, waitingOn }) => alive && waitingOn[0]);
    assert.deepEqual(waiting, [], 'cells at rest');
  }

  /** Brings each barrier to what its case begins with. */
  async #stage(cases: readonly Case[], barriers: readonly Barrier[]): Promise<void> {
    const those = (...which: Before[]): number[] =>
      cases.flatMap(({ before }, i) => (which.includes(before) ? [i] : []));
    for (const barrier of barriers) barrier.reset();
    const deserted = those('dying', 'deserted');
    if (deserted.length > 0) {
      const forerunner = await startChild();
      await forerunner.run(join, this.#span.name as string, deserted);
      const joined = those('joined', 'waiting', 'dying');
      for (const i of joined) (barriers[i] as Barrier).join();
      await this.#child.run(join, this.#span.name as string, joined);
      await forerunner.kill();
    } else {
      const joined = those('joined', 'waiting');
      for (const i of joined) (barriers[i] as Barrier).join();
      await this.#child.run(join, this.#span.name as string, joined);
    }
  }

  /** What the survivors will be told where they wait already. */
  async #awaitThe(
    cases: readonly Case[],
    barriers: readonly Barrier[],
  ): Promise<Map<number, Promise<string>[]>> {
    const pending = new Map<number, Promise<string>[]>();
    for (const [i, { before }] of cases.entries()) {
      if (before !== 'waiting') continue;
      const barrier = barriers[i] as Barrier;
      const theirs = this.#wait(`${i}`, 'waitAsync');
      await until(() => barrier.arrived === 1, 'the other survivor');
      pending.set(i, [theirs, outcomeOf(barrier.waitAsync({ timeoutMs: 20_000 }))]);
    }
    return pending;
  }

  async #verify(
    name: string,
    barrier: Barrier,
    told: Told,
    pending: Promise<string>[] | undefined,
    what: string,
  ): Promise<void> {
    const ours = (): Promise<string> => outcomeOf(barrier.waitAsync({ timeoutMs: 20_000 }));
    if (told === 'completed') assert.deepEqual(await both(pending ?? []), ['0', '1'], what);
    if (told !== 'as it was') {
      const waits = told === 'broken' && pending ? pending : [ours(), this.#wait(name, 'wait')];
      assert.deepEqual(await both(waits), ['BROKEN', 'BROKEN'], what);
      assert.equal(barrier.arrived, 0, what);
      assert.equal(barrier.broken, true, what);
      barrier.reset();
    }
    assert.equal(barrier.broken, false, what);
    const waits =
      pending && told === 'as it was' ? [...pending] : [ours(), this.#wait(name, 'wait')];
    // In the place of the victim.
    waits.push(ours());
    assert.deepEqual(await both(waits), ['0', '1', '2'], `${what}: the next phase`);
    assert.equal(barrier.arrived, 0, what);
    barrier.leave();
    await this.#child.run(({ kept }, name) => kept.span.barrier(name).leave(), name);
  }

  #wait(name: string, form: 'wait' | 'waitAsync'): Promise<string> {
    const waiting = this.#child.run(
      async ({ memspan, kept }, span, name, form) => {
        kept.span ??= memspan.Span.join(span);
        return kept.span.barrier(name)[form]({ timeoutMs: 20_000 });
      },
      this.#span.name as string,
      name,
      form,
    );
    return outcomeOf(waiting);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.kill();
    this.#span.close();
  }
}

function join({ memspan, kept }: Tools, name: string, which: readonly number[]): void {
  kept.span ??= memspan.Span.join(name);
  for (const i of which) kept.span.barrier(`${i}`).join();
}

function perform(
  { memspan, kept }: Tools,
  span: string,
  name: string,
  form: Form,
  timeoutMs: number | undefined,
): unknown {
  kept.span ??= memspan.Span.join(span);
  const barrier = kept.span.barrier(name);
  return form === 'wait' || form === 'waitAsync' ? barrier[form]({ timeoutMs }) : barrier[form]();
}

async function outcomeOf(waiting: Promise<number | null>): Promise<string> {
  try {
    return String(await waiting);
  } catch (error) {
    return String((error as { code?: string }).code).replace('ERR_MEMSPAN_', '');
  }
}

async function both(outcomes: readonly Promise<string>[]): Promise<string[]> {
  return (await Promise.all(outcomes)).sort();
}
