// Runs threads one step at a time: the scheduler behind src/word's seam.
//
// A step is an operation on a word that several threads use and one of them changes. Operations on all other words
// cannot be told apart by their order, so they are done on the way. Before each step somebody else decides whose it is
// (`Decider`); a thread whose turn it is not is left with an exception, and runs anew later (thread.ts).
//
// Where memory is guarded, the plain accesses between two operations cannot be told from here. All of them together are
// a step, too: they come some time after the one operation and before the next.

import { Contention, OBSERVER } from './contention.ts';
import type { Decider } from './decider.ts';
import { bitsOf, mix } from './hash.ts';
import { deed, diverged, type Entry, isThat, PLAIN, plain, stir } from './history.ts';
import { Kernel } from './kernel.ts';
import { type Copies, isRefusal } from './memory.ts';
import { ASLEEP, type Thread } from './thread.ts';
import type { Trace } from './trace.ts';
import { type Foresee, Foresight, goesOn, looksInVain } from './vain.ts';
import type { World } from './world.ts';

/** Thrown out of a thread's operation to leave it. Whoever catches it gets it again at its next operation. */
const LEAVE: unknown = Object.freeze({ name: 'memspan/check: this thread is left here' });

/** Operations of a thread on words of its own without a step: then others go first, if there are any. */
const OPERATIONS_MAX = 50_000;

export class Engine {
  readonly world: World;
  readonly contention: Contention = new Contention();
  /** The steps of this schedule, when somebody wants to see them. */
  trace: Trace | undefined;
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
  /** Why nothing of this can be explored. */
  #refusal: unknown;
  readonly #foresight = new Foresight();
  /** What the operation that `isPast` was answered. */
  answer: unknown;
  /** What the operation that is not past is done with. */
  #operand: unknown;
  #second: unknown;
  /** The memory's version before it. */
  #version = 0;
  /** Operations without a step. */
  #without = 0;
  #now: Copies | undefined;
  /** What was there when the running thread was left; what it does on its way out is nothing. */
  #whenLeft: Copies = [];

  constructor(world: World, decider: Decider) {
    this.world = world;
    this.#decider = decider;
    this.kernel = new Kernel(this);
  }

  /**
   * Runs the thread from where it was: one step, which is granted, and as many more as may be. False when it was left
   * or has gone to sleep; true when its function has returned. What the function throws is thrown.
   */
  run(thread: Thread): boolean {
    this.#running = thread;
    this.#isGranted = true;
    this.#isLeaving = false;
    this.#without = 0;
    thread.cursor = 0;
    this.#now = this.world.memory.copyGuarded();
    this.#letPlain(thread, false);
    try {
      const result = this.#decider.act(thread);
      if (!this.#isLeaving) this.#end(thread);
      thread.result = result;
    } catch (error) {
      if (!this.#isLeaving) this.#end(thread);
      if (!this.#isLeaving || isRefusal(error)) throw error;
    } finally {
      if (this.#isLeaving) this.world.memory.putGuarded(this.#whenLeft);
      this.#running = undefined;
      this.#throwRefusal();
    }
    return !this.#isLeaving;
  }

  /** It has returned, or thrown. */
  #end(thread: Thread): void {
    const entry = thread.history[thread.cursor];
    if (thread.cursor < thread.length && entry !== undefined) {
      this.#refusal = diverged(this.world.memory, thread, 'it was at its end', entry);
    }
    this.#catchUp();
  }

  #throwRefusal(): void {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    if (refusal !== undefined) throw refusal;
  }

  /** Ends everything. A thread that catches whatever is thrown does not stop it. */
  refuse(error: unknown): never {
    if (this.#running === undefined) throw error;
    this.#refusal ??= error;
    this.leave();
  }

  /** Runs the thread once more, in the middle of anything, to see what it would do if it were answered the same. */
  readonly #foresee: Foresee = (thread, period, limit) => {
    const running = this.#running;
    const isLeaving = this.#isLeaving;
    const { answer } = this;
    const { memory } = this.world;
    const now = memory.copyGuarded();
    this.#running = thread;
    this.#isLeaving = false;
    thread.cursor = 0;
    const count = this.#foresight.run(period, limit, () => this.#decider.act(thread));
    this.#running = running;
    this.#isLeaving = isLeaving;
    this.answer = answer;
    thread.cursor = thread.length;
    memory.putGuarded(now);
    if (running === undefined) this.#throwRefusal();
    else if (this.#refusal !== undefined) this.leave();
    return count;
  };

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

  /** Ends the running thread here, for now. */
  leave(): never {
    this.#isLeaving = true;
    this.#whenLeft = this.world.memory.copyGuarded();
    throw LEAVE;
  }

  /**
   * Whether the thread has done this operation before: then `answer` is what it was answered. `operand`, `second`: what it
   * is done with, by which it is known again.
   */
  isPast(kind: string, at: number, operand?: unknown, second?: unknown): boolean {
    const thread = this.#running;
    if (thread === undefined) return false;
    if (this.#isLeaving) throw LEAVE;
    if (thread.cursor === thread.length) {
      if (this.#foresight.isOn) {
        const entry = this.#foresight.next(thread, kind, at, operand, second) ?? this.leave();
        this.answer = entry.answer;
        return true;
      }
      this.#catchUp();
      this.#operand = operand;
      this.#second = second;
      this.#version = this.world.memory.version;
      if (this.world.woken.length > 0) this.world.woken = [];
      return false;
    }
    const entry = thread.history[thread.cursor++] as Entry;
    if (!isThat(entry, kind, at, operand, second)) {
      const { memory } = this.world;
      this.refuse(diverged(memory, thread, deed(memory, kind, at, operand), entry));
    }
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
    if (!memory.isGuarded || this.#foresight.isOn) return;
    this.#catchUp();
    if (isStep && !this.#isAlone) this.#await(thread);
    const guarded = memory.copyGuarded();
    thread.history[thread.length++] = plain(guarded);
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
    this.#isStep = !this.#isAlone && (isContended || always);
    const { version } = this.world.memory;
    if (!this.#isStep && ++this.#without > OPERATIONS_MAX) thread.idleSince = version;
    // Who waits for a word that nobody else has used so far may wait for one who has not begun.
    if (this.#isStep || thread.idleSince === version) this.#await(thread);
  }

  /** Returns when the thread may take a step. */
  #await(thread: Thread): void {
    const { world } = this;
    // What was granted to one who has found out since that it looks in vain is asked for again.
    if (this.#isGranted && thread.idleSince !== world.memory.version) this.#isGranted = false;
    else if (!this.#decider.mayStep(thread)) this.leave();
    this.#without = 0;
    world.steps++;
    world.hasGoneOn(thread);
  }

  done<T>(kind: string, at: number, answer: T, before?: unknown, after?: unknown): T {
    const thread = this.#running;
    if (thread === undefined) return answer;
    const { memory } = this.world;
    const operand = this.#operand;
    const second = this.#second;
    thread.history[thread.length++] = { kind, at, operand, second, answer, guarded: undefined };
    thread.cursor = thread.length;
    stir(thread, mix(bitsOf(kind), at), bitsOf(answer));
    thread.looks =
      memory.version === this.#version && this.world.woken.length === 0 ? thread.looks + 1 : 0;
    thread.idleSince = looksInVain(thread, this.#foresee) ? memory.version : -1;
    this.trace?.add(thread, kind, at, this.world.woken, [before, after, answer]);
    // Who sleeps goes on later.
    if (answer !== ASLEEP) this.#letPlain(thread, this.#isStep);
    return answer;
  }

  /** Whether a thread that does the same again and again will do something else after at most `limit` operations more. */
  goesOn(thread: Thread, limit: number): boolean {
    return goesOn(thread, limit, this.#foresee);
  }
}
