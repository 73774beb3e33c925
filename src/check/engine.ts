// Runs threads one step at a time: the scheduler behind src/word's seam.
//
// A step is an operation on a word that several threads use and one of them changes. Operations on all other words
// cannot be told apart by their order, so they are done on the way. Before each step somebody else decides whose it is
// (`Decider`); a thread whose turn it is not is left with an exception, and runs anew later (thread.ts).
//
// Where memory is guarded, the plain accesses between two operations cannot be told from here. All of them together are
// a step, too: they come some time after the one operation and before the next.

import { Contention, OBSERVER } from './contention.ts';
import { bitsOf, mix } from './hash.ts';
import { Kernel } from './kernel.ts';
import { type Copies, unexplorable } from './memory.ts';
import { type Entry, PLAIN, repeatsItself, Status, type Thread } from './thread.ts';
import type { World } from './world.ts';

/** Thrown out of a thread's operation to leave it. Whoever catches it gets it again at its next operation. */
const LEAVE: unknown = Object.freeze({ name: 'memspan/check: this thread is left here' });

/** What a sleep is answered as long as it lasts. */
export const ASLEEP = 'asleep';

/** Operations of a thread on words of its own, between two steps: a loop that never ends. */
const OPERATIONS_MAX = 50_000;

/** A step as it was taken, for people. */
export interface Step {
  readonly thread: number;
  readonly kind: string;
  readonly at: number;
  readonly before: unknown;
  readonly after: unknown;
  readonly answer: unknown;
  /** Who was woken by it. */
  readonly woken: readonly number[];
  /** Which operation of its thread it was. */
  readonly nth: number;
}

export interface Decider {
  /** Whether `running`, which is about to take a step, may. If not, it is left. */
  mayStep(running: Thread): boolean;
  /** It cannot be decided: this schedule is over. */
  fail(kind: 'livelock', message: string): void;
}

export class Engine {
  readonly world: World;
  readonly contention: Contention = new Contention();
  /** The steps of this schedule, when somebody wants to see them. */
  trace: Step[] | undefined;
  readonly kernel: Kernel;
  readonly #decider: Decider;
  #running: Thread | undefined;
  #isLeaving = false;
  /** Its next step was decided before it was started. */
  #isGranted = false;
  /** It works on what nobody else can have. */
  #isAlone = false;
  /** The operation that it is at is a step. */
  #isStep = false;
  /** What the operation that `isPast` was answered. */
  answer: unknown;
  #now: Copies | undefined;
  /** What was there when the running thread was left; what it does on its way out is nothing. */
  #whenLeft: Copies = [];
  #woken: number[] = [];
  /** The memory's version when the running thread had done its last operation. */
  #version = 0;

  constructor(world: World, decider: Decider) {
    this.world = world;
    this.#decider = decider;
    this.kernel = new Kernel(this);
  }

  /**
   * Runs the thread from where it was: one step, which is granted, and as many more as may be. False when it was left
   * or has gone to sleep; true when its function has returned. What the function throws is thrown.
   */
  run(thread: Thread, act: () => unknown): boolean {
    this.#running = thread;
    this.#isGranted = true;
    this.#isLeaving = false;
    thread.cursor = 0;
    this.#now = this.world.memory.copyGuarded();
    this.#version = this.world.memory.version;
    this.#letPlain(thread, false);
    try {
      const result = act();
      if (this.#isLeaving) return false;
      this.#catchUp();
      thread.result = result;
      return true;
    } catch (error) {
      if (this.#isLeaving) return false;
      this.#catchUp();
      throw error;
    } finally {
      if (this.#isLeaving) this.world.memory.putGuarded(this.#whenLeft);
      this.#running = undefined;
    }
  }

  /** Looks at the state while a thread runs: what it does is no step of that thread's, and is undone. */
  outside<T>(look: () => T): T {
    const { memory } = this.world;
    const { mark, version } = memory;
    const guarded = memory.copyGuarded();
    const running = this.#running;
    this.#running = undefined;
    try {
      return look();
    } finally {
      this.#running = running;
      memory.undoTo(mark);
      memory.version = version;
      memory.putGuarded(guarded);
    }
  }

  /** For work on what nobody else can have: nothing of it is a step. */
  alone<T>(work: () => T): T {
    const before = this.#isAlone;
    this.#isAlone = true;
    try {
      return work();
    } finally {
      this.#isAlone = before;
    }
  }

  get running(): Thread | undefined {
    return this.#running;
  }

  /** For what is no step: the thread gets the same answer each time it runs. */
  recall<T>(kind: string, at: number, ask: () => T): T {
    if (this.isPast(kind, at)) return this.answer as T;
    return this.done(kind, at, ask());
  }

  /** A step on something that is no array: `perform` may write to the memory. */
  step<T>(kind: string, at: number, isChange: boolean, perform: () => T, also?: number[]): T {
    if (this.isPast(kind, at)) return this.answer as T;
    // All are noted in any case.
    const contended = also?.filter((other) => this.note(other, isChange)) ?? [];
    this.turn(at, isChange, contended.length > 0);
    return this.done(kind, at, perform());
  }

  /** Its sleep is over, and that was why. */
  wakeUp(thread: Thread, why: 'ok' | 'timed-out' | 'disturbed'): void {
    const { world } = this;
    world.sleepers = world.sleepers.filter((other) => other !== thread);
    thread.sleep = undefined;
    thread.status = Status.ready;
    thread.idleSince = -1;
    (thread.history[thread.length - 1] as Entry).answer = why;
    stir(thread, bitsOf(why), 11);
    this.#woken.push(thread.index);
  }

  /** Ends the running thread here, for now. */
  leave(): never {
    this.#isLeaving = true;
    this.#whenLeft = this.world.memory.copyGuarded();
    throw LEAVE;
  }

  /** Whether the thread has done this operation before: then `answer` is what it was answered. */
  isPast(kind: string, at: number): boolean {
    if (this.#isLeaving && this.#running !== undefined) throw LEAVE;
    const thread = this.#running;
    if (thread === undefined) return false;
    if (thread.cursor === thread.length) {
      this.#catchUp();
      return false;
    }
    const entry = thread.history[thread.cursor++] as Entry;
    if (entry.kind !== kind || entry.at !== at) this.#diverged(thread, entry, kind, at);
    this.#letPlain(thread, true);
    this.answer = entry.answer;
    return true;
  }

  /** What comes now, up to the thread's next operation, are its plain accesses. */
  #letPlain(thread: Thread, isStep: boolean): void {
    const { memory } = this.world;
    if (thread.cursor < thread.length) {
      const { kind, guarded } = thread.history[thread.cursor] as Entry;
      if (kind !== PLAIN) return;
      thread.cursor++;
      memory.putGuarded(guarded as Copies);
      return;
    }
    if (!memory.isGuarded) return;
    this.#catchUp();
    if (isStep && !this.#isAlone) this.#await(thread);
    const guarded = memory.copyGuarded();
    thread.history[thread.length++] = { kind: PLAIN, at: -1, answer: undefined, guarded };
    thread.cursor = thread.length;
    stir(thread, bitsOf(PLAIN), 1);
  }

  /** The thread is where it was: from here on the memory is as it is now. */
  #catchUp(): void {
    if (this.#now !== undefined) this.world.memory.putGuarded(this.#now);
    this.#now = undefined;
  }

  /** Whether the byte is worth a step, now that the running thread uses it. */
  note(at: number, isChange: boolean): boolean {
    if (this.#isAlone) return false;
    return this.contention.note(at, this.#running?.index ?? OBSERVER, isChange);
  }

  /** Returns when it is the thread's turn. */
  turn(at: number, isChange: boolean, always = false): void {
    const isContended = this.note(at, isChange);
    const thread = this.#running;
    if (thread === undefined) return;
    if (thread.length > OPERATIONS_MAX) {
      this.#decider.fail('livelock', `${thread.name} goes on for ever`);
      this.leave();
    }
    this.#isStep = !this.#isAlone && (isContended || always);
    if (this.#isStep) this.#await(thread);
  }

  /** Returns when the thread may take a step. */
  #await(thread: Thread): void {
    if (this.#isGranted) this.#isGranted = false;
    else if (!this.#decider.mayStep(thread)) this.leave();
    const { world } = this;
    world.last = thread;
    world.steps++;
    this.#woken = [];
  }

  done<T>(kind: string, at: number, answer: T, before?: unknown, after?: unknown): T {
    const thread = this.#running;
    if (thread === undefined) return answer;
    const { memory } = this.world;
    thread.changes += memory.version - this.#version;
    this.#version = memory.version;
    thread.history[thread.length++] = { kind, at, answer, guarded: undefined };
    thread.cursor = thread.length;
    stir(thread, bitsOf(kind), mix(at, bitsOf(answer)));
    thread.idleSince = repeatsItself(thread) ? memory.version : -1;
    this.trace?.push({
      thread: thread.index,
      kind,
      at,
      before,
      after,
      answer,
      woken: this.#woken,
      nth: thread.length,
    });
    // Who sleeps goes on later.
    if (answer !== ASLEEP) this.#letPlain(thread, this.#isStep);
    return answer;
  }

  #diverged(thread: Thread, { kind, at }: Entry, now: string, nowAt: number): never {
    const { memory } = this.world;
    throw unexplorable(
      `${thread.name} did not do the same again: ${now} of ${memory.nameOf(nowAt)} where it had done ${kind} of ${memory.nameOf(at)}`,
      'Keep what a thread knows in its function and what threads share in arrays that setup returns; use no clock or random numbers of your own',
    );
  }
}

function stir(thread: Thread, a: number, b: number): void {
  thread.hash = mix(thread.hash, mix(a, b));
  thread.hash2 = mix(thread.hash2 ^ b, a);
}
