// A segment as explored threads have it: memory, names and lifelines as a real one's (src/segment), all of the
// explorer's own.

import { closedError } from '../segment/mapping.ts';
import type { Segment } from '../segment/segment.ts';
import type { Engine } from './engine.ts';
import type { HeldLifeline } from './kernel.ts';

interface SegmentFacts {
  readonly buffer: ArrayBuffer;
  readonly name: string | undefined;
  /** Of its inode; no two segments have the same. */
  readonly number: number;
  readonly created: boolean;
  /** Where its name is; undefined for one that never has one. */
  readonly names: Names | undefined;
}

/** The directory of names. */
export interface Names {
  leadsTo(name: string, number: number): boolean;
  unlink(name: string): boolean;
}

/** As the kernel's word for a mapping has it (src/segment). */
const CLOSED = 4;

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
  | 'closed'
  | 'close'
>;

export class ExploredSegment implements Used {
  readonly #engine: Engine;
  readonly #facts: SegmentFacts;
  readonly status: Uint32Array = new Uint32Array(1);
  readonly readOnly = false;

  constructor(engine: Engine, facts: SegmentFacts) {
    this.#engine = engine;
    this.#facts = facts;
  }

  get buffer(): SharedArrayBuffer {
    // Nothing of Atomics but `wait` makes a difference between the two, and that is the explorer's.
    return this.bulk as unknown as SharedArrayBuffer;
  }

  get bulk(): ArrayBuffer {
    if (this.closed) throw closedError({ operation: 'segment.buffer', object: this.name });
    return this.#facts.buffer;
  }

  get name(): string | undefined {
    return this.#facts.name;
  }

  get size(): number {
    return this.#facts.buffer.byteLength;
  }

  get created(): boolean {
    return this.#facts.created;
  }

  get handle(): Segment['handle'] {
    const { name, number } = this.#facts;
    const label = name === undefined ? {} : { name };
    const kind = name === undefined ? 'anonymous' : 'named';
    const place = { pid: process.pid, fd: 0, dev: '0', ino: `${number}` };
    return { memspan: 'segment', version: 1, kind, ...label, ...place, readOnly: false };
  }

  get isLinked(): boolean {
    const { name, names, number } = this.#facts;
    return name !== undefined && names?.leadsTo(name, number) === true;
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

  /** Two steps, as it is in src/segment. */
  unlink(): boolean {
    const { name, names } = this.#facts;
    return this.isLinked && names?.unlink(name as string) === true;
  }

  get closed(): boolean {
    return this.status[0] !== 0;
  }

  close(): void {
    this.status[0] = CLOSED;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** As the rooms above take it. */
  get asSegment(): Segment {
    return this as unknown as Segment;
  }
}
