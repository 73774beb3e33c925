// A reader-writer lock whose word and whose peers' entries are written by hand, and an id of each sort of owner.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type RwLock, Segment, Span } from '../../src/index.ts';
import { shmPath, uniqueName } from '../support/segments.ts';

export const WAITERS = 0x8000_0000;
export const UNRECOVERABLE = 0x4000_0000;
export const DRAINING = 0x2000_0000;
export const DIED = 0x1000_0000;
const OWNER = 0x0fff_ffff;

/** Bytes (docs/format.md), for 4 participants. */
const READERS = 256;
const SLOTS = 4160;
const BELL = 64;
const READS = 320;
/** The slot of the living peer, and its epoch; the dead one had the same slot. */
const PEER = 3;
const PEER_EPOCH = 7;
const DEAD_EPOCH = 9;

export type Owner = 'nobody' | 'dead' | 'alive' | 'self';

export class Stage {
  readonly span: Span;
  readonly rwlock: RwLock;
  readonly owners: Record<Owner, number>;
  readonly #words: Uint32Array;
  readonly #at: number;

  constructor(t: TestContext, Class: typeof Span = Span) {
    const name = uniqueName();
    this.span = Class.create(name, { participants: 4, objects: 4 });
    this.rwlock = this.span.rwlock('x');
    const memory = this.span.bytes('end', { size: 4 });
    this.#words = new Uint32Array(memory.buffer);
    // Objects are 64 bytes apart.
    this.#at = (memory.byteOffset - 64) / 4;
    const guard = this.rwlock.write();
    const self = this.word;
    guard.release();
    // Whoever holds the lifeline of an id is alive.
    const other = Segment.open(name);
    const alive = (PEER_EPOCH << 12) | (PEER + 1);
    const lifeline = other.lifeline(alive);
    t.after(() => {
      lifeline?.release();
      other.close();
      this.span.unlink();
      this.span.close();
    });
    assert.ok(lifeline !== null && self > 0 && self <= OWNER, shmPath(name));
    this.owners = { nobody: 0, dead: (DEAD_EPOCH << 12) | (PEER + 1), alive, self };
  }

  get word(): number {
    return this.#words[this.#at] as number;
  }

  set word(value: number) {
    this.#words[this.#at] = value;
  }

  /** The word without the mark, which is written by hand here and kept by who finds it. */
  get unmarked(): number {
    return (this.word & ~WAITERS) >>> 0;
  }

  get bell(): number {
    return this.#words[(SLOTS + 2048 * PEER + BELL) / 4] as number;
  }

  /** The entries of this thread that name the lock. */
  get ownEntries(): number {
    const at = (SLOTS + 2048 * ((this.owners.self & 0xfff) - 1) + READS) / 4;
    return this.#words.subarray(at + 1, at + 48).filter((entry) => entry === this.#at).length;
  }

  /** The peer's slot says that it reads the lock, as that one: as the last of so many entries. */
  announce(who: 'dead' | 'alive', count = 1, counted: number = count): void {
    const at = (SLOTS + 2048 * PEER + READS) / 4;
    this.#words.fill(0, at + 1, at + 48);
    this.#words[at + count] = this.#at;
    this.#words[at] = (((who === 'dead' ? DEAD_EPOCH : PEER_EPOCH) << 16) | counted) >>> 0;
    this.#words[READERS / 4] = (this.#words[READERS / 4] as number) | (1 << PEER);
  }

  /** The first word of the peer's entries. */
  get announced(): number {
    return this.#words[(SLOTS + 2048 * PEER + READS) / 4] as number;
  }

  retract(): void {
    this.#words[(SLOTS + 2048 * PEER + READS) / 4] = 0;
  }

  /** Bits of slots that there are not. */
  scribble(): void {
    this.#words.fill(0xffff_ffff, READERS / 4, READERS / 4 + 128);
  }
}
