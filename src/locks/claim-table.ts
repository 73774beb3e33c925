// The claims of a lock space: this thread's own chunks, and a look at everybody else's.
//
// Every number in the table may be hostile: counts are cut off, names that reach beyond their slot are none, and a claim
// that changes whenever it is looked at is seen as it was at the last look.

import type { Attachment } from '../span/attachment.ts';
import { Header } from '../span/header.layout.ts';
import { epochOf, idOf, slotOf } from '../span/participant.layout.ts';
import type { SpanView } from '../span/view.ts';
import type { Waiting } from '../span/waiting.ts';
import { add, compareExchange, load, store } from '../word/atomics.ts';
import {
  CHUNK_WORDS,
  CHUNKS,
  Claim,
  countIn,
  epochIn,
  PHASE_MASK,
  Phase,
  SEQUENCE_SHIFT,
  SPACE_PARTICIPANTS,
  Space,
  summaryOf,
} from './claims.layout.ts';
import { isAbandonedWanted, tell } from './lock-events.ts';
import { chunkAt, type LockName, readName } from './lock-name.ts';

/** So often a claim may change while it is looked at. */
const LOOKS_MAX = 8;

/** A claim of this thread. */
export interface OwnClaim {
  readonly name: LockName;
  /** SHARED or 0. */
  readonly shared: number;
  readonly ticket: number;
  readonly chunk: number;
  /** Its first word. */
  readonly at: number;
  /** What was stored last. */
  state: number;
}

/** A claim as it was seen. */
export interface Seen {
  readonly id: number;
  readonly at: number;
  readonly state: number;
  readonly ticket: number;
  readonly version: number;
}

export interface Named extends Seen {
  readonly name: string;
}

export class ClaimTable {
  readonly words: Int32Array;
  readonly id: number;
  readonly waiting: Waiting;
  readonly view: SpanView;
  /** The name of the span. */
  readonly space: string;
  /** How many of its own chunks are free. */
  free: number = CHUNKS;
  readonly #base: number;
  readonly #slot: number;
  readonly #own: number;
  readonly #used = new Uint8Array(CHUNKS);
  /** What the own summary says. */
  #raised = 0;
  #sequence = 0;

  constructor({ view, id, waiting }: Attachment, offset: number) {
    this.view = view;
    this.words = view.words;
    this.id = id;
    this.waiting = waiting;
    this.space = view.segment.name ?? '';
    this.#base = offset / 4;
    this.#slot = slotOf(id);
    this.#own = this.#claimsOf(this.#slot);
    // What a predecessor has left; its summary still has its own epoch.
    for (let chunk = 0; chunk < CHUNKS; chunk++) {
      const at = chunkAt(this.#own, chunk);
      if (load(this.words, at) !== 0) store(this.words, at, 0);
    }
    store(this.words, this.#summaryOf(this.#slot), summaryOf(epochOf(id), 0));
  }

  /** The word with the version of the name's bucket. */
  versionAt(name: LockName): number {
    return this.#base + Space.versions + name.bucket;
  }

  /** A claim of the next ticket, filled, but for its state; null when there is no room for it. */
  fill(name: LockName, shared: number): OwnClaim | null {
    const chunk = this.#take(name.chunks);
    if (chunk < 0) return null;
    const at = chunkAt(this.#own, chunk);
    const ticket = add(this.words, Header.tickets, 1);
    this.words[at + Claim.ticket] = ticket;
    name.write(this.words, at);
    // step: claim-filled
    return { name, shared, ticket, chunk, at, state: 0 };
  }

  /** Stores the phase, with flags and a sequence number of its own. */
  put(claim: OwnClaim, phase: number): void {
    this.#sequence = (this.#sequence + 1) & 0xfff_ffff;
    claim.state = (this.#sequence << SEQUENCE_SHIFT) | claim.shared | phase;
    store(this.words, claim.at, claim.state);
  }

  /** Ends the claim. What it was: the state that was stored, unless somebody has changed it. */
  end(claim: OwnClaim): number {
    const found = compareExchange(this.words, claim.at, claim.state, 0);
    if (found !== claim.state) store(this.words, claim.at, 0);
    this.give(claim);
    return found;
  }

  /** Its chunks are free again; its state is 0. */
  give({ chunk, name }: OwnClaim): void {
    this.#used.fill(0, chunk, chunk + name.chunks);
    this.free += name.chunks;
  }

  #take(count: number): number {
    const chunk = count === 1 ? this.#used.indexOf(0) : this.#gap(count);
    if (chunk < 0) return -1;
    this.#used.fill(1, chunk, chunk + count);
    this.free -= count;
    if (chunk + count > this.#raised) this.#raise(chunk + count);
    return chunk;
  }

  #gap(count: number): number {
    for (let chunk = 0, free = 0; chunk < CHUNKS; chunk++) {
      free = this.#used[chunk] === 0 ? free + 1 : 0;
      if (free === count) return chunk - count + 1;
    }
    return -1;
  }

  /** Tells the others how far to look: at once when it is farther, now and then when it is less. */
  #raise(count: number): void {
    this.#raised = count;
    store(this.words, this.#summaryOf(this.#slot), summaryOf(epochOf(this.id), count));
  }

  /** True when there is nothing for the others to look at. */
  lower(): boolean {
    const count = this.#used.lastIndexOf(1) + 1;
    if (count < this.#raised) this.#raise(count);
    return count === 0;
  }

  /** Shows `visit` every other participant's claims of that name, until it says true; whether it did. */
  scan(name: LockName, visit: (seen: Seen) => boolean): boolean {
    const { words } = this;
    const summaries = this.#summaryOf(0);
    for (let slot = 0; slot < SPACE_PARTICIPANTS; slot++) {
      if (slot === this.#slot) continue;
      const summary = load(words, summaries + slot);
      const count = countIn(summary);
      for (let chunk = 0; chunk < count; chunk++) {
        const at = this.#claimsOf(slot) + chunk * CHUNK_WORDS;
        if ((load(words, at) & PHASE_MASK) === 0) continue;
        const seen = this.#see(name, idOf(slot, epochIn(summary)), at, chunk);
        if (seen !== null && visit(seen)) return true;
      }
    }
    return false;
  }

  #see(name: LockName, id: number, at: number, chunk: number): Seen | null {
    const { words } = this;
    for (let looks = 1; ; looks++) {
      const state = load(words, at);
      if ((state & PHASE_MASK) === 0) return null;
      const isNamed = name.isIn(words, at, chunk);
      const ticket = load(words, at + Claim.ticket);
      const version = load(words, at + Claim.version);
      if (load(words, at) !== state && looks < LOOKS_MAX) continue;
      return isNamed ? { id, at, state, ticket, version } : null;
    }
  }

  /** All claims of the living, also this thread's own. */
  all(): Named[] {
    const { words } = this;
    const found: Named[] = [];
    for (let slot = 0; slot < SPACE_PARTICIPANTS; slot++) {
      const summary = load(words, this.#summaryOf(slot));
      const id = idOf(slot, epochIn(summary));
      const count = countIn(summary);
      if (count === 0 || !this.isAlive(id)) continue;
      for (let chunk = 0; chunk < count; chunk++) {
        const at = this.#claimsOf(slot) + chunk * CHUNK_WORDS;
        const state = load(words, at);
        if ((state & PHASE_MASK) === 0) continue;
        const name = readName(words, at, chunk);
        const ticket = load(words, at + Claim.ticket);
        const version = load(words, at + Claim.version);
        if (name === undefined || load(words, at) !== state) continue;
        found.push({ id, at, state, ticket, version, name });
      }
    }
    return found;
  }

  isAlive(id: number): boolean {
    return id === this.id || this.view.isAlive(id);
  }

  /** Takes the claims of somebody dead out of sight. */
  forget(id: number): void {
    const slot = slotOf(id);
    const at = this.#summaryOf(slot);
    const summary = load(this.words, at);
    // The epoch in the word: who has the slot by now is not touched.
    if (epochIn(summary) !== epochOf(id)) return;
    const held = isAbandonedWanted() ? this.#heldIn(slot, countIn(summary)) : [];
    // step: claims-before-forget
    const forgotten = summaryOf(epochOf(id), 0);
    // Of all who come across them, one tells.
    if (compareExchange(this.words, at, summary, forgotten) !== summary) return;
    for (const name of held) tell('abandoned', this.space, name);
  }

  #heldIn(slot: number, count: number): string[] {
    const names: string[] = [];
    for (let chunk = 0; chunk < count; chunk++) {
      const at = this.#claimsOf(slot) + chunk * CHUNK_WORDS;
      if ((load(this.words, at) & PHASE_MASK) !== Phase.HELD) continue;
      const name = readName(this.words, at, chunk);
      if (name !== undefined) names.push(name);
    }
    return names;
  }

  #summaryOf(slot: number): number {
    return this.#base + Space.summaries + slot;
  }

  #claimsOf(slot: number): number {
    return this.#base + Space.claims + slot * CHUNKS * CHUNK_WORDS;
  }
}
