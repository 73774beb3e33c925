// A segment as explored threads have it: memory, names and lifelines as a real one's (src/segment), all of the
// explorer's own.

import type { Segment } from '../segment/segment.ts';
import type { Engine } from './engine.ts';
import type { HeldLifeline } from './kernel.ts';

export interface SegmentFacts {
  readonly buffer: ArrayBuffer;
  readonly name: string | undefined;
  /** Of its inode; no two segments have the same. */
  readonly number: number;
  readonly created: boolean;
}

/** What src/span needs of a segment. */
type Used = Pick<
  Segment,
  | 'name'
  | 'size'
  | 'buffer'
  | 'bulk'
  | 'status'
  | 'handle'
  | 'readOnly'
  | 'created'
  | 'isLinked'
  | 'watch'
  | 'unwatch'
  | 'unlink'
  | 'close'
>;

export class ExploredSegment implements Used {
  readonly #engine: Engine;
  readonly #facts: SegmentFacts;
  readonly buffer: SharedArrayBuffer;
  readonly bulk: ArrayBuffer;
  readonly status: Uint32Array = new Uint32Array(1);
  readonly readOnly = false;

  constructor(engine: Engine, facts: SegmentFacts) {
    this.#engine = engine;
    this.#facts = facts;
    this.bulk = facts.buffer;
    // Nothing of Atomics but `wait` makes a difference between the two, and that is the explorer's.
    this.buffer = facts.buffer as unknown as SharedArrayBuffer;
  }

  get name(): string | undefined {
    return this.#facts.name;
  }

  get size(): number {
    return this.buffer.byteLength;
  }

  get created(): boolean {
    return this.#facts.created;
  }

  get handle(): Segment['handle'] {
    const { number } = this.#facts;
    return { dev: 0, ino: number } as unknown as Segment['handle'];
  }

  get isLinked(): boolean {
    return false;
  }

  lifeline(index: number, { shared = false }: { shared?: boolean } = {}): HeldLifeline | null {
    const { number } = this.#facts;
    return this.#engine.kernel.take(this.#key(index), index, shared, `lifelines of ${number}`);
  }

  isHeld(index: number, count = 1): boolean {
    const key = count === 1 ? this.#key(index) : `lifelines of ${this.#facts.number}`;
    return this.#engine.kernel.isHeld(key);
  }

  #key(index: number): string {
    return `lifeline ${index} of ${this.#facts.number}`;
  }

  /** Everybody hears of every death. */
  watch(): number {
    return 1;
  }

  unwatch(): void {}

  unlink(): boolean {
    return false;
  }

  close(): void {}

  /** As the rooms above take it. */
  get asSegment(): Segment {
    return this as unknown as Segment;
  }
}
