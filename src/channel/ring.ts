// Ring: a stream of byte messages from one writer to one reader, over any segment.
//
// Single producer, single consumer: two monotonic positions, each stored by one end only and cached by the
// other (L. Lamport, "Proving the Correctness of Multiprocess Programs", 1977). See ring.layout.ts for the bytes.

import { invalidArgument, MemspanError } from '../errors.ts';
import { compareExchange, load } from '../word/atomics.ts';
import {
  CAPACITY,
  capacityIn,
  DATA,
  MAGIC,
  RING_MAGIC,
  RING_VERSION,
  ringBytes,
  VERSION,
} from './ring.layout.ts';
import type { RingMemory } from './ring-end.ts';
import { RingReader } from './ring-reader.ts';
import { RingWriter } from './ring-writer.ts';

export class Ring {
  /** Bytes that messages and their headers (4 bytes each, padded to 8) can take up. */
  readonly capacity: number;
  readonly #memory: RingMemory;
  readonly #words: Int32Array;

  /**
   * Uses the whole of `memory` (a segment) as a ring. Zero-filled memory becomes a fresh one; memory that
   * holds anything but a ring of this size is `ERR_MEMSPAN_CORRUPT`.
   */
  constructor(memory: RingMemory) {
    if (typeof memory?.size !== 'number') throw invalidArgument('a ring lies over a segment');
    this.capacity = capacityIn(memory.size);
    this.#memory = memory;
    this.#words = new Int32Array(memory.buffer, 0, DATA / 4);
    this.#claimHeader(MAGIC, RING_MAGIC, 'magic number');
    this.#claimHeader(VERSION, RING_VERSION, 'format version');
    this.#claimHeader(CAPACITY, this.capacity, 'capacity');
    // Throws if that was a write to a read-only segment, which reached nobody.
    void memory.buffer;
  }

  /** Bytes of memory for a ring that can hold `capacity` bytes of messages: the `size` of its segment. */
  static bytesFor(capacity: number): number {
    return ringBytes(capacity);
  }

  /** The only writing end. Throws `ERR_MEMSPAN_BUSY` when the ring has, or has had, one. */
  writer(): RingWriter {
    return new RingWriter(this.#memory, this.#words, this.capacity);
  }

  /** The only reading end. Throws `ERR_MEMSPAN_BUSY` when the ring has, or has had, one. */
  reader(): RingReader {
    return new RingReader(this.#memory, this.#words, this.capacity);
  }

  /** Each word is set once, by whoever comes first, to what everybody would set it to. */
  #claimHeader(index: number, value: number, what: string): void {
    compareExchange(this.#words, index, 0, value);
    const found = load(this.#words, index);
    if (found === value) return;
    throw new MemspanError('ERR_MEMSPAN_CORRUPT', {
      operation: 'new Ring',
      object: this.#memory.name,
      cause: `the memory is not a ring of this kind: its ${what} is ${found}, not ${value}`,
      remedy: 'Use a segment of its own for each ring, made with size: Ring.bytesFor(capacity)',
      expected: value,
      found,
    });
  }
}
