// Ring: a stream of messages from one writer to one reader, by name in a span or over a segment of its own.
//
// Single producer, single consumer: two monotonic positions, each stored by one end only and cached by the
// other (L. Lamport, "Proving the Correctness of Multiprocess Programs", 1977). See ring.layout.ts for the bytes.

import { invalidArgument, MemspanError } from '../errors.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { type Codec, type Message, ofBytes } from './codec.ts';
import {
  CAPACITY,
  capacityIn,
  HEADER,
  MAGIC,
  RING_MAGIC,
  RING_VERSION,
  ringBytes,
  VERSION,
} from './ring.layout.ts';
import { countersOf, type RingCounters } from './ring-counters.ts';
import type { RingPlace } from './ring-end.ts';
import { type RingMemory, SegmentEnds } from './ring-ends.ts';
import { RingReader } from './ring-reader.ts';
import { RingWriter } from './ring-writer.ts';

/** `T` is what is received, `S` what can be sent, `V` what is filled and read in place. */
export class Ring<T = Uint8Array, S = Message, V = Uint8Array> {
  /** Bytes that messages and their headers (4 bytes each, padded to 8) can take up. */
  readonly capacity: number;
  readonly #place: RingPlace;
  readonly #codec: Codec<T, S>;

  /**
   * Uses the whole of `memory` (a segment) as a ring of bytes. Zero-filled memory becomes a fresh one; memory that
   * holds anything but a ring of this size is `ERR_MEMSPAN_CORRUPT`. Each end can be had once.
   */
  constructor(memory: RingMemory);
  /** @internal A ring in a span. */
  constructor(place: RingPlace, codec: Codec<T, S>);
  constructor(memory: RingMemory | RingPlace, codec?: Codec<T, S>) {
    this.#place = 'ends' in Object(memory) ? (memory as RingPlace) : placeIn(memory as RingMemory);
    this.#codec = codec ?? (ofBytes as unknown as Codec<T, S>);
    this.capacity = this.#place.capacity;
    this.#claimHeader(MAGIC, RING_MAGIC, 'magic number');
    this.#claimHeader(VERSION, RING_VERSION, 'format version');
    this.#claimHeader(CAPACITY, this.capacity, 'capacity');
    // Throws if those were writes that reached nobody.
    void this.#place.buffer;
  }

  /** Bytes of memory for a ring that can hold `capacity` bytes of messages: the `size` of its segment. */
  static bytesFor(capacity: number): number {
    return ringBytes(capacity);
  }

  /**
   * The only writing end. Throws `ERR_MEMSPAN_BUSY` when somebody has it; over a segment also when somebody has had it. In a span
   * it goes on where the one before has left off.
   */
  writer(): RingWriter<S, V> {
    return new RingWriter(this.#place, this.#codec);
  }

  /**
   * The only reading end. Throws `ERR_MEMSPAN_BUSY` when somebody has it; over a segment also when somebody has had it. In a span
   * it goes on where the one before has left off: what that had taken and not given back comes again.
   */
  reader(): RingReader<T, V> {
    return new RingReader(this.#place, this.#codec);
  }

  /** What has gone through it, whoever has the ends. Throws `ERR_MEMSPAN_CLOSED`, `ERR_MEMSPAN_TRUNCATED`. */
  get counters(): RingCounters {
    void this.#place.buffer;
    const counters = countersOf(this.#place.words);
    void this.#place.buffer;
    return counters;
  }

  /** Each word is set once, by whoever comes first, to what everybody would set it to. */
  #claimHeader(index: number, value: number, what: string): void {
    const { words, ends } = this.#place;
    compareExchange(words, index, 0, value);
    const found = load(words, index);
    if (found === value) return;
    throw new MemspanError('ERR_MEMSPAN_CORRUPT', {
      operation: 'new Ring',
      object: ends.name,
      cause: `the memory is not a ring of this kind: its ${what} is ${found}, not ${value}`,
      remedy: 'Use a segment of its own for each ring, made with size: Ring.bytesFor(capacity)',
      expected: value,
      found,
    });
  }
}

function placeIn(memory: RingMemory): RingPlace {
  if (typeof memory?.size !== 'number') throw invalidArgument('a ring lies over a segment');
  // A processor need not notice: where nothing has to be changed, arm64's compareExchange writes nothing.
  if (memory.readOnly === true) throw readOnly(memory);
  const capacity = capacityIn(memory.size);
  const words = new Int32Array(memory.buffer, 0, HEADER / 4);
  return {
    ends: new SegmentEnds(memory, words),
    capacity,
    words,
    status: memory.status,
    get buffer() {
      return memory.buffer;
    },
    get bulk() {
      return memory.bulk;
    },
    offset: 0,
  };
}

function readOnly({ name }: RingMemory): MemspanError {
  return new MemspanError('ERR_MEMSPAN_READ_ONLY', {
    operation: 'new Ring',
    object: name,
    cause: 'the segment was opened with readOnly, and both ends of a ring write to it',
    remedy: 'Open it without readOnly',
  });
}
