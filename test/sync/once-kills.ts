// The kill matrix of Once: victims that die at every step of initialising and of waiting for it, and what the next one is told.
import assert from 'node:assert/strict';
import { type Initialisation, Span } from '../../src/index.ts';
import { type Child, startChild, type Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import { type Deed, deed, type End, endAt, startVictim } from '../support/victims.ts';

/** How it is when the victim comes. */
type Before =
  | 'new'
  /** A survivor is at it. */
  | 'busy'
  /** One has died half-way. */
  | 'abandoned';

/** What the next one is told: nothing, that somebody died, or that it is done. */
type Told = 'nothing' | 'ownerDied' | 'done';

type Form = 'run' | 'tryRun' | 'runAsync';

export interface Case {
  readonly step: string;
  readonly form: Form;
  readonly before: Before;
  readonly told: Told;
}

const cases = (before: Before, forms: readonly Form[], steps: Record<string, Told>): Case[] =>
  Object.entries(steps).flatMap(([step, told]) =>
    forms.map((form) => ({ step, form, before, told })),
  );

const initialising = {
  'lock-taken': 'ownerDied',
  'once-before-init': 'ownerDied',
  'in-init': 'ownerDied',
  'once-after-init': 'ownerDied',
  'once-before-done': 'ownerDied',
  'once-done': 'done',
} as const;

/** Their steps come in the turn of the event loop in which they are called. */
export const CASES: readonly Case[] = [
  ...cases('new', ['run', 'tryRun'], { 'lock-before-take': 'nothing', ...initialising }),
  ...cases('new', ['runAsync'], { 'lock-before-take': 'nothing', 'lock-taken': 'ownerDied' }),
  ...cases('abandoned', ['run', 'tryRun'], { 'lock-before-take': 'ownerDied', ...initialising }),
  ...cases('abandoned', ['runAsync'], { 'lock-taken': 'ownerDied' }),
  ...cases('busy', ['run', 'runAsync'], {
    'cell-filled': 'nothing',
    'lock-before-mark': 'nothing',
    'lock-marked': 'nothing',
  }),
  ...cases('busy', ['run'], {
    'wait-published': 'nothing',
    'wait-before-sleep': 'nothing',
    'wait-woken': 'nothing',
  }),
];

/** Their steps come later, so that each needs a victim of its own. */
export const LATE_CASES: readonly Case[] = [
  ...cases('new', ['runAsync'], {
    'in-init': 'ownerDied',
    'once-before-done': 'ownerDied',
    'once-done': 'done',
  }),
  ...cases('abandoned', ['runAsync'], { 'in-init': 'ownerDied', 'once-before-done': 'ownerDied' }),
];

/** Two survivors, this thread and a child; a span with a Once for each case. */
export class Arena implements AsyncDisposable {
  readonly #span: Span = Span.create(uniqueName(), {
    lifetime: 'last-close',
    objects: 1024,
    size: 2 ** 22,
  });
  readonly #child: Child;
  #round = 0;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async open(): Promise<Arena> {
    return new Arena(await startChild());
  }

  /** A victim dies in the midst of all of them. */
  async kill(cases: readonly Case[], end: End): Promise<void> {
    const round = this.#round++;
    const name = (i: number): string => `${round}-${i}`;
    const those = (which: Before): number[] =>
      cases.flatMap(({ before }, i) => (before === which ? [i] : []));
    const abandoned = those('abandoned');
    if (abandoned.length > 0) {
      const forerunner = await startChild();
      await forerunner.run(hold, this.#span.name as string, abandoned.map(name));
      await forerunner.kill();
    }
    const begun: Promise<boolean>[] = [];
    const release: (() => void)[] = [];
    for (const i of those('busy')) {
      const once = this.#span.once(name(i));
      begun.push(once.runAsync(() => new Promise<void>((resolve) => release.push(resolve))));
    }
    await until(() => release.length === begun.length, 'the busy ones');
    const victim = await startVictim(end);
    const deeds: Deed[] = cases.map(({ step, form }, i) =>
      deed(step, perform, this.#span.name as string, name(i), form),
    );
    await endAt(victim, deeds, end);
    for (const i of those('busy')) assert.equal(this.#span.once(name(i)).done, false);
    for (const finish of release) finish();
    for (const outcome of await Promise.all(begun)) assert.equal(outcome, true);
    for (const [i, { step, form, before, told }] of cases.entries()) {
      const what = `${before}: ${form} at ${step}, ${end}, round ${round}`;
      await this.#verify(name(i), before === 'busy' ? 'done' : told, what);
    }
  }

  async #verify(name: string, told: Told, what: string): Promise<void> {
    const once = this.#span.once(name);
    const inits: boolean[] = [];
    const ours = once.runAsync(({ ownerDied }: Initialisation) => {
      inits.push(ownerDied);
    });
    const theirs = this.#child.run(
      ({ memspan, kept }, span, name) => {
        kept.span ??= memspan.Span.join(span);
        const inits: boolean[] = [];
        kept.span.once(name).run(({ ownerDied }) => {
          inits.push(ownerDied);
        });
        return inits;
      },
      this.#span.name as string,
      name,
    );
    const made = await ours;
    const all = [...inits, ...(await theirs)];
    assert.equal(made, inits.length === 1, what);
    assert.deepEqual(all, told === 'done' ? [] : [told === 'ownerDied'], what);
    assert.deepEqual([once.done, once.owner], [true, null], what);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.kill();
    this.#span.close();
  }
}

/** Begins all of them, and never ends. */
function hold({ memspan, kept }: Tools, span: string, names: readonly string[]): void {
  kept.span ??= memspan.Span.join(span);
  for (const name of names) kept.span.once(name).runAsync(() => new Promise(() => {}));
}

function perform({ memspan, kept }: Tools, span: string, name: string, form: Form): unknown {
  kept.span ??= memspan.Span.join(span);
  return kept.span.once(name)[form](() => {
    (globalThis as { memspanStep?: (step: string) => void }).memspanStep?.('in-init');
  });
}
