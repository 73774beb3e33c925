// The reading end of a ring.

import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { invalidArgument, outOfRange } from '../errors.ts';
import type { Codec } from './codec.ts';
import { type NodeStreamOptions, nodeReadable } from './node-streams.ts';
import type { RingPlace } from './ring-end.ts';
import type { RingMessage } from './ring-loan.ts';
import { FOR_EVER, type RingAsyncOptions, type RingWaitOptions } from './ring-looks.ts';
import { END, RingReading } from './ring-reading.ts';
import { iterate } from './streams.ts';
import { webReadable } from './web-streams.ts';

/** No message: nothing there, time over, or the stream has ended (then `ended` is true). */
type Nothing = null;

/** `T` is what it receives, `V` what is read in place. */
export class RingReader<T = Uint8Array, V = Uint8Array>
  extends RingReading<T, V>
  implements Disposable, AsyncIterable<T>
{
  /** Made by `ring.reader()`. */
  // The base's is not for everybody.
  constructor(place: RingPlace, codec: Codec<T, never>) {
    super(place, codec);
  }

  /**
   * Takes the next message if there is one, as a copy. Never waits. Throws `ERR_MEMSPAN_BUSY` while a message in place is
   * not released, as every call but that one's release does; `ERR_MEMSPAN_CORRUPT`.
   */
  tryReceive(): T | Nothing {
    if (this.isBusy) return null;
    const length = this.next();
    return length < 0 ? null : this.takeValue(length);
  }

  /**
   * Takes the next message into `target` and returns its length; −1 when there is none. Allocates nothing.
   * Throws RangeError, and takes nothing, when the message is longer than the target.
   */
  tryReceiveInto(target: Uint8Array): number {
    if (!(target instanceof Uint8Array)) throw invalidArgument('a target is a Uint8Array');
    if (this.isBusy) return -1;
    const length = this.next();
    if (length < 0) return -1;
    if (length > target.length) throw tooLong(length, target);
    this.takeInto(target, length);
    return length;
  }

  /**
   * Waits for the next message and takes it; null when the time is over or the stream has ended. Throws
   * `ERR_MEMSPAN_PEER_DIED` when nothing is left of a writer that died.
   */
  receive(options: RingWaitOptions = FOR_EVER): T | Nothing {
    if (!this.isBusy) {
      const found = this.takeOrEnd();
      if (found !== undefined) return orNull(found);
    }
    return this.#receiveLate(options);
  }

  // A closure in the calls themselves would cost each of them an allocation.
  #receiveLate(options: RingWaitOptions): T | Nothing {
    return orNull(this.block(() => this.takeOrEnd(), options));
  }

  /**
   * Waits for a message and takes it into `target`: its length, or −1 when the time is over or the stream has
   * ended. Throws as tryReceiveInto and receive do.
   */
  receiveInto(target: Uint8Array, options: RingWaitOptions = FOR_EVER): number {
    const length = this.tryReceiveInto(target);
    return length >= 0 || this.ended ? length : this.#receiveIntoLate(target, options);
  }

  #receiveIntoLate(target: Uint8Array, options: RingWaitOptions): number {
    const attempt = (): number | undefined => {
      const taken = this.tryReceiveInto(target);
      return taken >= 0 || this.ended ? taken : undefined;
    };
    return this.block(attempt, options) ?? -1;
  }

  /**
   * Like receive, without blocking the thread. Calls are served in their order. It does not wait for the event
   * loop when a message is there: a loop over it should let others have their turn, as `for await` does.
   */
  async receiveAsync(options: RingAsyncOptions = {}): Promise<T | Nothing> {
    options.signal?.throwIfAborted();
    if (!this.isBusy) {
      const found = this.takeOrEnd();
      if (found !== undefined) return orNull(found);
    }
    return orNull(await this.blockAsync(() => this.takeOrEnd(), options));
  }

  /**
   * Takes all messages that are there, but no more than `max`, as copies, and gives their room back at once. Never waits; empty
   * when there are none. Throws as tryReceive, and takes none then.
   */
  readBatch(max: number = Number.POSITIVE_INFINITY): T[] {
    if (typeof max !== 'number') throw invalidArgument('readBatch takes a number of messages');
    if (!(max >= 1)) throw outOfRange(`readBatch: at least one message, not ${max}`);
    return this.isBusy ? [] : this.takeBatch(max);
  }

  /**
   * The same without allocating anything: copies as many messages as fit into `target`, one behind the other, and each one's
   * length into `lengths`, as many as that has elements; how many. Throws RangeError, and takes nothing, when the first is
   * longer than the target.
   */
  readBatchInto(target: Uint8Array, lengths: Int32Array): number {
    if (!(target instanceof Uint8Array) || !(lengths instanceof Int32Array) || lengths.length < 1) {
      throw invalidArgument('readBatchInto takes a Uint8Array and an Int32Array for the lengths');
    }
    if (this.isBusy) return 0;
    const count = this.takeBatchInto(target, lengths);
    if (count > 0) return count;
    const length = this.next();
    if (length > target.length) throw tooLong(length, target);
    return length < 0 ? 0 : this.takeBatchInto(target, lengths);
  }

  /**
   * The next message in its place, if there is one: no copy is made, and its room is the writer's again when it is released. One at a
   * time. A message that runs over the ring's end, as only those do that were sent and not claimed, is a copy all the same.
   * Who dies before the release has not taken it. Never waits; null when there is none. Throws as tryReceive.
   */
  tryTake(): RingMessage<V> | Nothing {
    return this.isBusy ? null : (this.lendNext() ?? null);
  }

  /** The same, and waits for a message; null when the time is over or the stream has ended. Throws as receive. */
  take(options: RingWaitOptions = FOR_EVER): RingMessage<V> | Nothing {
    if (!this.isBusy) {
      const found = this.#lendOrEnd();
      if (found !== undefined) return orNull(found);
    }
    return this.#takeLate(options);
  }

  #takeLate(options: RingWaitOptions): RingMessage<V> | Nothing {
    return orNull(this.block(() => this.#lendOrEnd(), options));
  }

  /** Like take, without blocking the thread. */
  async takeAsync(options: RingAsyncOptions = {}): Promise<RingMessage<V> | Nothing> {
    options.signal?.throwIfAborted();
    if (!this.isBusy) {
      const found = this.#lendOrEnd();
      if (found !== undefined) return orNull(found);
    }
    return orNull(await this.blockAsync(() => this.#lendOrEnd(), options));
  }

  #lendOrEnd(): RingMessage<V> | typeof END | undefined {
    return this.lendNext() ?? (this.ended ? END : undefined);
  }

  /** All messages until the writer closes. Leaving the loop leaves the reader open. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return iterate(this);
  }

  /** A Web stream of the messages, which owns this end: it closes it when it is cancelled, fails or has ended. */
  toWeb(): ReadableStream<T> {
    return webReadable(this);
  }

  /** A Node stream of the messages, which owns this end, likewise. */
  toNode(options: NodeStreamOptions = {}): Readable {
    return nodeReadable(this, options);
  }
}

function orNull<T>(found: T | typeof END | null): T | null {
  return found === END ? null : found;
}

function tooLong(length: number, target: Uint8Array): RangeError {
  return outOfRange(`the message has ${length} bytes, the target ${target.length}`);
}
