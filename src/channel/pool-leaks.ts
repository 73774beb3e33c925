// What a pool's users have taken and not given back, where in the program they took it, and what they have lost.
//
// A chunk whose JavaScript object was garbage-collected is lost: nobody can give it back. It is reported and stays out:
// somebody may still use the Uint8Array that the object gave, or a subarray of it, and would see another message in it.
// It comes back when the writer or reader is closed that took it, and when its thread ends.

import { channel } from 'node:diagnostics_channel';

/** A chunk that this thread has taken and not given back. Published to `memspan:pool:leak` when it is lost. */
export interface PoolLeak {
  /** The pool's `span/name`. */
  readonly fullName: string;
  /** By a writer's loan, or by a reader's take. */
  readonly kind: 'loan' | 'take';
  /** Its number, from 0. */
  readonly chunk: number;
  readonly since: Date;
  /** The call that took it. */
  readonly stack: string;
  /** Its object was garbage-collected: nobody can give it back any more. */
  readonly lost: boolean;
}

type Trace = { -readonly [Key in keyof PoolLeak]: PoolLeak[Key] };

const leaks = channel('memspan:pool:leak');

const collected = new FinalizationRegistry<Trace>((trace) => {
  trace.lost = true;
  const report: PoolLeak = { ...trace };
  if (leaks.hasSubscribers) leaks.publish(report);
  const { fullName, kind, chunk, stack } = report;
  process.emitWarning(
    `chunk ${chunk} of pool ${fullName} was lost: ${kind === 'loan' ? 'a loan was neither published nor aborted' : 'a message was not released'}`,
    { type: 'MemspanWarning', code: 'MEMSPAN_POOL_LEAK', detail: stack },
  );
});

/** Those of one opening of a pool. */
export class Traces {
  readonly #fullName: string;
  readonly #open = new Set<Trace>();

  constructor(fullName: string) {
    this.#fullName = fullName;
  }

  /** Remembers who takes a chunk for that object, and hears when the object is lost. */
  begin(kind: PoolLeak['kind'], chunk: number, object: object): Trace {
    const stack = new Error(`pool ${kind}`).stack ?? '';
    const trace: Trace = {
      fullName: this.#fullName,
      kind,
      chunk,
      since: new Date(),
      stack,
      lost: false,
    };
    this.#open.add(trace);
    collected.register(object, trace, trace);
    return trace;
  }

  end(trace: Trace): void {
    this.#open.delete(trace);
    collected.unregister(trace);
  }

  /** Copies, the earliest first. */
  list(): PoolLeak[] {
    return [...this.#open].map((trace) => ({ ...trace }));
  }
}

/** What one end of a pool holds. A chunk is held by the object that has the chunk's latest turn. */
export class Holds {
  readonly #kind: PoolLeak['kind'];
  /** Of each chunk; odd while it is held. */
  readonly #turns: Int32Array;
  readonly #traces: Traces | undefined;
  readonly #traced: (Trace | undefined)[] = [];

  constructor(kind: PoolLeak['kind'], chunks: number, traces: Traces | undefined) {
    this.#kind = kind;
    this.#turns = new Int32Array(chunks);
    this.#traces = traces;
  }

  /** The turn of who holds it from now on. */
  begin(chunk: number): number {
    const turn = ((this.#turns[chunk] as number) + 1) | 1;
    this.#turns[chunk] = turn;
    return turn;
  }

  trace(chunk: number, object: object): void {
    if (this.#traces === undefined) return;
    this.#traced[chunk] = this.#traces.begin(this.#kind, chunk, object);
  }

  isHeld(chunk: number, turn: number): boolean {
    return this.#turns[chunk] === turn;
  }

  end(chunk: number): void {
    this.#turns[chunk] = ((this.#turns[chunk] as number) + 1) & ~1;
    const trace = this.#traced[chunk];
    if (trace === undefined) return;
    this.#traced[chunk] = undefined;
    this.#traces?.end(trace);
  }

  /** Ends all; their numbers. */
  endAll(): number[] {
    const held: number[] = [];
    for (const [chunk, turn] of this.#turns.entries()) if ((turn & 1) === 1) held.push(chunk);
    for (const chunk of held) this.end(chunk);
    return held;
  }
}
