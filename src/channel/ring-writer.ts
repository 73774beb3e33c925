// The writing end of a ring.

import type { Writable } from 'node:stream';
import type { WritableStream } from 'node:stream/web';
import { invalidArgument } from '../errors.ts';
import { load } from '../word/atomics.ts';
import type { Codec, Message } from './codec.ts';
import { type NodeStreamOptions, nodeWritable } from './node-streams.ts';
import { CLOSED, READ } from './ring.layout.ts';
import type { RingPlace } from './ring-end.ts';
import type { RingClaim } from './ring-loan.ts';
import { FOR_EVER, type RingAsyncOptions, type RingWaitOptions } from './ring-looks.ts';
import { RingWriting } from './ring-writing.ts';
import { webWritable } from './web-streams.ts';

/** `S` is what it sends, `V` what is filled in place. */
export class RingWriter<S = Message, V = Uint8Array>
  extends RingWriting<S, V>
  implements Disposable
{
  /** Made by `ring.writer()`. */
  // The base's is not for everybody.
  constructor(place: RingPlace, codec: Codec<unknown, S>) {
    super(place, codec);
  }

  /**
   * Puts a message into the ring if there is room; false when there is none, or when asynchronous calls wait
   * for some. Never waits. Throws RangeError for a message over `lengthMax`, `ERR_MEMSPAN_PEER_CLOSED` when
   * the reader has closed, `ERR_MEMSPAN_BUSY` while a claim is open, as every call but those of the claim does.
   */
  trySend(message: S): boolean {
    if (this.isBusy) return false;
    return this.put(this.codec.bytesOf(message));
  }

  /**
   * Waits for room; true when sent, null when the time is over. Throws what trySend throws, and
   * `ERR_MEMSPAN_PEER_DIED` when there is no room and the reader has died.
   */
  send(message: S, options: RingWaitOptions = FOR_EVER): true | null {
    const bytes = this.codec.bytesOf(message);
    return !this.isBusy && this.put(bytes) ? true : this.#sendLate(bytes, options);
  }

  // A closure in the calls themselves would cost each of them an allocation.
  #sendLate(bytes: Uint8Array, options: RingWaitOptions): true | null {
    return this.block(() => this.put(bytes) || undefined, options);
  }

  /**
   * Like send, without blocking the thread. Messages keep the order of the calls. Bytes are taken when there
   * is room for them: leave them as they are until it resolves.
   */
  async sendAsync(message: S, options: RingAsyncOptions = {}): Promise<true | null> {
    const encoded = this.codec.bytesOf(message);
    options.signal?.throwIfAborted();
    if (!this.isBusy && this.put(encoded)) return true;
    const bytes = this.codec.size === undefined ? encoded : encoded.slice();
    return this.blockAsync(() => this.put(bytes) || undefined, options);
  }

  /**
   * Puts as many of the messages, from the first on, as there is room for, and publishes them at once: how many. Never
   * waits. Throws as trySend, and then none of them is sent.
   */
  trySendBatch(messages: readonly S[]): number {
    checkBatch(messages);
    return this.isBusy ? 0 : this.putAll(messages, 0);
  }

  /**
   * Sends all of the messages, in as few pieces as there is room for, and waits for room: how many it has sent, fewer than all
   * when the time is over. Throws as send; what was sent by then stays sent.
   */
  sendBatch(messages: readonly S[], options: RingWaitOptions = FOR_EVER): number {
    const sent = this.trySendBatch(messages);
    return sent === messages.length ? sent : this.#sendRest(messages, sent, options);
  }

  #sendRest(messages: readonly S[], first: number, options: RingWaitOptions): number {
    let sent = first;
    const attempt = (): true | undefined => {
      sent += this.putAll(messages, sent);
      return sent === messages.length || undefined;
    };
    this.block(attempt, options);
    return sent;
  }

  /** Like sendBatch, without blocking the thread. Leave the messages as they are until it resolves. */
  async sendBatchAsync(messages: readonly S[], options: RingAsyncOptions = {}): Promise<number> {
    options.signal?.throwIfAborted();
    let sent = this.trySendBatch(messages);
    if (sent === messages.length) return sent;
    const attempt = (): true | undefined => {
      sent += this.putAll(messages, sent);
      return sent === messages.length || undefined;
    };
    await this.blockAsync(attempt, options);
    return sent;
  }

  /**
   * A place in the ring for a message of `length` bytes, to be filled there and then committed: no copy is made. Null when
   * there is no room. `length` is the layout's where there is one. One at a time. Throws RangeError for more than
   * `claimMax`, and as trySend.
   */
  tryClaim(length?: number): RingClaim<V> | null {
    const bytes = this.claimLength(length);
    return this.isBusy ? null : (this.claimNow(bytes) ?? null);
  }

  /** The same, and waits for room; null when the time is over. Throws as send. */
  claim(length?: number, options: RingWaitOptions = FOR_EVER): RingClaim<V> | null {
    const bytes = this.claimLength(length);
    return (this.isBusy ? undefined : this.claimNow(bytes)) ?? this.#claimLate(bytes, options);
  }

  #claimLate(bytes: number, options: RingWaitOptions): RingClaim<V> | null {
    return this.block(() => this.claimNow(bytes), options);
  }

  /** Like claim, without blocking the thread. */
  async claimAsync(length?: number, options: RingAsyncOptions = {}): Promise<RingClaim<V> | null> {
    const bytes = this.claimLength(length);
    options.signal?.throwIfAborted();
    return (
      (this.isBusy ? undefined : this.claimNow(bytes)) ??
      this.blockAsync(() => this.claimNow(bytes), options)
    );
  }

  /**
   * Resolves with true when the reader has taken everything and closed its end; null when the time is over.
   * Rejects with `ERR_MEMSPAN_PEER_CLOSED` when it closed before, `ERR_MEMSPAN_PEER_DIED` when it died.
   * For after `close()`, or before; messages that are sent while it is pending wait for it.
   */
  finished(options: RingAsyncOptions = {}): Promise<true | null> {
    const attempt = (): true | undefined => {
      this.checkMemory();
      this.seen = load(this.words, READ);
      if (!(this.seen & CLOSED)) return undefined;
      if (this.isTaken(this.seen)) return true;
      throw this.peerClosed('the reader closed before it had read everything');
    };
    return this.blockAsync(attempt, options, true);
  }

  /** A Web stream that sends what is written to it and owns this end: it closes it when it is closed, aborted or fails. */
  toWeb(): WritableStream<S> {
    return webWritable(this);
  }

  /** A Node stream that sends what is written to it and owns this end, likewise. */
  toNode(options: NodeStreamOptions = {}): Writable {
    return nodeWritable(this, options);
  }
}

function checkBatch(messages: unknown): void {
  if (!Array.isArray(messages)) throw invalidArgument('a batch is an array of messages');
}
