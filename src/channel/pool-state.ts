// A pool as one thread has it: its chunks, its seats, who waits for what. All JavaScript objects of the thread for the same
// pool share it.

import type { Attachment } from '../span/attachment.ts';
import { Mode } from '../span/participant.layout.ts';
import { Line } from './line.ts';
import { dataOffset, type PoolShape, PoolWord, strideOf } from './pool.layout.ts';
import { Chunks, NONE } from './pool-chunks.ts';
import { Seats } from './pool-seats.ts';
import { Writers } from './pool-writers.ts';

export class PoolState {
  readonly shape: PoolShape;
  readonly attachment: Attachment;
  readonly chunks: Chunks;
  readonly seats: Seats;
  readonly writers: Writers;
  /** Who waits for a chunk. */
  readonly room: Line;
  readonly #data: number;
  readonly #stride: number;
  readonly #messages: readonly Line[];
  /** Of whole chunks, made when they are first used. */
  readonly #views: (Uint8Array | undefined)[] = [];

  /** @internal */
  constructor(attachment: Attachment, offset: number, shape: PoolShape) {
    this.shape = shape;
    this.attachment = attachment;
    const index = offset / 4;
    this.chunks = new Chunks(attachment, index, shape);
    this.writers = new Writers(attachment, index);
    this.room = Line.of(attachment, offset, Mode.room);
    this.seats = new Seats(attachment, index, shape, this.chunks, (count) => {
      for (let freed = 0; freed < count; freed++) this.room.ring();
    });
    const marks = offset + 4 * PoolWord.marks;
    this.#messages = Array.from({ length: shape.readers }, (_, seat) =>
      Line.of(attachment, marks + 4 * seat, Mode.message),
    );
    this.#data = offset + dataOffset(shape.chunks);
    this.#stride = strideOf(shape.chunkSize);
  }

  static of(attachment: Attachment, offset: number, shape: PoolShape): PoolState {
    return attachment.local(PoolState, offset, () => new PoolState(attachment, offset, shape));
  }

  /** A chunk for this thread, also one that a death has left; NONE: there is none. */
  loan(): number {
    const chunk = this.chunks.loan();
    if (chunk !== NONE) return chunk;
    const left = this.chunks.loanOfDead();
    if (left !== NONE) return left;
    this.seats.repairAll();
    return this.chunks.loan();
  }

  /** How many readers it went to; null when somebody has written over the loan. */
  publish(chunk: number, length: number): number | null {
    const mask = this.seats.mask();
    if (!this.chunks.publish(chunk, length, mask)) return null;
    this.seats.lookAgain(mask);
    let readers = 0;
    for (let seat = 0, left = mask; left !== 0; seat++, left >>>= 1) {
      if ((left & 1) === 0) continue;
      readers++;
      this.messages(seat).ring();
    }
    if (mask === 0) this.room.ring();
    return readers;
  }

  abort(chunk: number): boolean {
    const isDone = this.chunks.abort(chunk);
    // step: pool-aborted
    if (isDone) this.room.ring();
    return isDone;
  }

  release(chunk: number, seat: number): void {
    const isFree = this.chunks.release(chunk, seat);
    // step: pool-released
    if (isFree) this.room.ring();
  }

  /** Who waits for a message in that seat. */
  messages(seat: number): Line {
    return this.#messages[seat] as Line;
  }

  /** For all readers, when there is an end in sight. */
  ringReaders(): void {
    for (const line of this.#messages) line.ringAll();
  }

  /** Bytes from the span's start. */
  offsetOf(chunk: number): number {
    return this.#data + chunk * this.#stride;
  }

  /** The first bytes of a chunk, in place. */
  bytesOf(chunk: number, length: number): Uint8Array {
    const { buffer } = this.attachment.view.segment;
    if (length !== this.shape.chunkSize) {
      return new Uint8Array(buffer, this.offsetOf(chunk), length);
    }
    let view = this.#views[chunk];
    if (view?.buffer !== buffer) {
      view = new Uint8Array(buffer, this.offsetOf(chunk), length);
      this.#views[chunk] = view;
    }
    return view;
  }

  /** The same bytes as plain memory. */
  plainBytesOf(chunk: number, length: number): Uint8Array {
    return new Uint8Array(this.attachment.view.segment.bulk, this.offsetOf(chunk), length);
  }
}
