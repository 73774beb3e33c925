// Where a broadcast is written: room, messages, and the seat of who writes. States and steps: broadcast.layout.ts.

import { outOfRange } from '../errors.ts';
import { fence, load, store } from '../word/atomics.ts';
import {
  CLOSED,
  Count,
  footprint,
  HEADER,
  LAP,
  LAP_BITS,
  lapOf,
  positionOf,
  Word,
} from './broadcast.layout.ts';
import type { ClaimPlace } from './broadcast-claim.ts';
import type { BroadcastData } from './broadcast-data.ts';
import { tailOf } from './broadcast-gate.ts';
import type { BroadcastMemory } from './broadcast-memory.ts';

export class BroadcastTail {
  readonly #memory: BroadcastMemory;
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #data: BroadcastData;
  readonly #capacity: number;
  readonly #drops: boolean;
  #position: number;
  /** Nothing from there on is overwritten: 'block': where the slowest reader was; 'drop-oldest': the word `oldest`. */
  #tail: number;
  #lap: number;
  /** Of the next message: all of it. */
  #sequence: number;
  #bytes: number;
  #first: number;

  /** Takes the seat. Throws `ERR_MEMSPAN_BUSY` when somebody alive has it, `ERR_MEMSPAN_CORRUPT`. */
  constructor(memory: BroadcastMemory) {
    const { words, base, data, facts } = memory;
    this.#memory = memory;
    this.#words = words;
    this.#base = base;
    this.#data = data;
    this.#capacity = facts.capacity;
    this.#drops = memory.drops;
    const seat = memory.writerSeat;
    if (seat.take() === undefined) {
      throw memory.failure(
        'ERR_MEMSPAN_BUSY',
        'broadcast.writer',
        'somebody alive writes to it',
        'Close that writer first: there is one at a time',
      );
    }
    // step: broadcast-seated
    this.#position = positionOf(load(words, base + Word.written));
    const oldest = load(words, base + Word.oldest);
    const used = (this.#position - oldest) >>> 0;
    if (this.#drops && (used > facts.capacity || positionOf(oldest) !== oldest)) {
      seat.leave();
      throw memory.corrupt('broadcast.writer', `its oldest message is off by ${used} bytes`);
    }
    // In 'block', as if it were full: the first message looks.
    this.#tail = this.#drops ? oldest : (this.#position - facts.capacity) | 0;
    this.#lap = lapOf(this.#position, load(words, base + Word.byteLaps));
    const low = data.sequenceAt(this.#position);
    const laps = lapOf(low, load(words, base + Word.messageLaps));
    this.#sequence = memory.wholeSequence(low, laps);
    this.#bytes = memory.count(Count.bytes);
    this.#first = memory.count(Count.first);
    store(words, base + Word.written, this.#position);
    // step: broadcast-opened
  }

  /** Sends it if there is room. */
  put(bytes: Uint8Array): boolean {
    if (!this.reserve(bytes.length)) return false;
    this.#data.put(this.#position, bytes);
    // step: broadcast-filled
    this.#publish(bytes.length);
    return true;
  }

  /** Whether there is room for a message of that length, until the next one is published. Throws RangeError when there never is. */
  reserve(length: number): boolean {
    const { lengthMax } = this.#memory;
    if (length > lengthMax) {
      throw outOfRange(`a message of ${length} bytes; this broadcast takes up to ${lengthMax}`);
    }
    const need = footprint(length) + HEADER;
    const room = this.#capacity - ((this.#position - this.#tail) | 0);
    return need <= room || this.#makeRoom(need);
  }

  /** For what was reserved. */
  placeFor(length: number): ClaimPlace {
    const bytes = this.#data.inPlace(this.#position, length);
    return { bytes: bytes ?? new Uint8Array(length), isInPlace: bytes !== undefined };
  }

  /** Publishes what is in the place that was reserved, or is copied there now. */
  commit(bytes: Uint8Array, isInPlace: boolean): void {
    if (!isInPlace) this.#data.put(this.#position, bytes);
    // step: broadcast-claim-filled
    this.#publish(bytes.length);
  }

  leave(): void {
    // step: broadcast-before-close
    store(this.#words, this.#base + Word.written, this.#position | CLOSED);
    // step: broadcast-closed
    this.#memory.writerSeat.leave();
    // step: broadcast-unseated
    this.#memory.messages.ringAll();
  }

  #publish(length: number): void {
    const words = this.#words;
    const position = this.#position;
    const next = (position + footprint(length)) | 0;
    const sequence = this.#sequence + 1;
    // Before a number of the next lap can be seen.
    if (sequence % LAP === 0) store(words, this.#base + Word.messageLaps, (sequence / LAP) | 0);
    this.#data.putLength(position, length);
    this.#data.putSequence(next, sequence | 0);
    if ((next ^ position) >>> LAP_BITS !== 0) {
      this.#lap = (this.#lap + 1) | 0;
      store(words, this.#base + Word.byteLaps, this.#lap);
    }
    this.#position = next;
    this.#sequence = sequence;
    this.#bytes += length;
    const { counts } = this.#memory;
    counts[Count.sent] = sequence;
    counts[Count.bytes] = this.#bytes;
    // step: broadcast-before-publish
    // Publishes all of it: pairs with the readers' load.
    store(words, this.#base + Word.written, next);
    // step: broadcast-published
    this.#memory.messages.ringAll();
  }

  #makeRoom(need: number): boolean {
    if (this.#drops) {
      this.#dropOldest(need);
      return true;
    }
    this.#tail = tailOf(this.#memory, this.#position, need);
    return need <= this.#capacity - ((this.#position - this.#tail) | 0);
  }

  /** Whole messages, until there is room for so many bytes. Lengths may hold anything: looked at before they are used. */
  #dropOldest(need: number): void {
    let tail = this.#tail;
    for (;;) {
      const used = (this.#position - tail) | 0;
      if (need <= this.#capacity - used) break;
      const length = this.#data.lengthAt(tail);
      if (length >>> 0 > used - HEADER) {
        throw this.#memory.corrupt('writer.send', `a message of ${length} bytes in ${used}`);
      }
      tail = (tail + footprint(length)) | 0;
      this.#first++;
    }
    this.#tail = tail;
    this.#memory.counts[Count.first] = this.#first;
    store(this.#words, this.#base + Word.oldest, tail);
    // What is written now comes after: pairs with the readers' fence.
    fence();
    // step: broadcast-dropped
  }
}
