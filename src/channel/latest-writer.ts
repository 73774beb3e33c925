// The writing end of a newest value.

import type { Writable } from 'node:stream';
import type { WritableStream } from 'node:stream/web';
import { invalidArgument, outOfRange } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import type { Codec } from './codec.ts';
import { SEAT } from './latest.layout.ts';
import type { LatestEnd } from './latest-end.ts';
import { LatestLoan } from './latest-loan.ts';
import type { LatestState } from './latest-state.ts';
import type { Line } from './line.ts';
import { type NodeStreamOptions, nodeWritable } from './node-streams.ts';
import { Seat } from './seat.ts';
import { webWritable } from './web-streams.ts';

export interface ClaimOptions {
  /** Whether the loan begins as a copy of the newest value (zeros, if there is none) or as whatever lies there. Default true. */
  prefill?: boolean | undefined;
}

/** `S` is what can be published, `V` what a loan has in place. */
export class LatestWriter<S, V> implements Disposable {
  /** Of the values; undefined where they are bytes. */
  readonly layout: Layout | undefined;
  readonly #end: LatestEnd;
  readonly #codec: Codec<unknown, S>;
  readonly #state: LatestState;
  readonly #line: Line;
  readonly #seat: Seat;
  readonly #viewAt: (at: number) => V;
  readonly #status: Uint32Array;
  #sequence: number;
  #total: number;
  #loan: LatestLoan<V> | undefined;
  #isClosed = false;
  /** False when the fast path must not be taken. */
  #isIdle = true;

  /** Made by `latest.writer()`. */
  constructor(end: LatestEnd, codec: Codec<unknown, S>, viewAt: (at: number) => V) {
    this.#end = end;
    this.layout = codec.layout;
    this.#codec = codec;
    this.#viewAt = viewAt;
    this.#state = end.state;
    this.#line = end.line();
    this.#status = end.status;
    this.#seat = new Seat(end.attachment, end.state.index + SEAT);
    const before = this.#seat.take();
    if (before === undefined) {
      throw end.failure(
        'ERR_MEMSPAN_BUSY',
        'latest.writer',
        'it has a writer',
        'Close that one first',
      );
    }
    // step: latest-seat-taken
    this.#state.isEnded = false;
    // step: latest-reopened
    const { sequence, bytes } = this.#state.resume();
    this.#sequence = sequence;
    this.#total = bytes;
  }

  /** Of the newest value; 0 when there is none yet. */
  get sequence(): number {
    return this.#sequence;
  }

  /**
   * Makes this the newest value. Never waits, for readers or anything else; who waits for it is woken. Readers see it as a
   * whole or not at all. Throws TypeError or RangeError for what cannot be a value, `ERR_MEMSPAN_BUSY` while a loan
   * is out, `ERR_MEMSPAN_CLOSED`, `ERR_MEMSPAN_TRUNCATED`.
   */
  publish(value: S): void {
    const bytes = this.#codec.bytesOf(value);
    if (!this.#isIdle || this.#status[0] !== 0) this.#refuse('writer.publish');
    const { length } = bytes;
    if (length > this.#state.facts.size) throw this.#tooLong(length);
    this.#state.begin();
    // step: latest-before-fill
    this.#state.fill(this.#sequence + 1, bytes);
    this.#publish(length);
  }

  /** The same; true. */
  trySend(value: S): true {
    this.publish(value);
    return true;
  }

  /** The same; true. */
  send(value: S): true {
    this.publish(value);
    return true;
  }

  /** The same, when called: there is nothing to wait for. */
  async sendAsync(value: S, options: { signal?: AbortSignal | undefined } = {}): Promise<true> {
    options.signal?.throwIfAborted();
    this.publish(value);
    return true;
  }

  /** As a Web stream, which owns this writer: each chunk is published. */
  toWeb(): WritableStream<S> {
    return webWritable(this);
  }

  /** As a Node stream, which owns this writer: each chunk is published. */
  toNode(options?: NodeStreamOptions): Writable {
    return nodeWritable(this, options);
  }

  /**
   * The place of the next value, to fill where it lies. Nobody sees it before `commit()`; `abort()`, the end of `using`, or
   * the writer's death leave the value before as it was. One loan at a time. Throws as `publish` does.
   */
  claim(options: ClaimOptions = {}): LatestLoan<V> {
    const operation = 'writer.claim';
    const prefill: unknown = options?.prefill ?? true;
    if (typeof prefill !== 'boolean') throw invalidArgument(`${operation}: prefill is a boolean`);
    if (!this.#isIdle || this.#status[0] !== 0) this.#refuse(operation);
    this.#state.begin();
    if (prefill) this.#state.prefill(this.#sequence);
    // step: latest-claimed
    const at = this.#state.valueAt(this.#sequence + 1);
    const { size } = this.#state.facts;
    const loan: LatestLoan<V> = new LatestLoan({
      bytes: new Uint8Array(this.#end.attachment.view.segment.buffer, at, size),
      view: () => this.#viewAt(at),
      check: (operation) => this.#checkLoan(loan, operation),
      end: (length) => this.#return(loan, length),
    });
    this.#loan = loan;
    this.#isIdle = false;
    return loan;
  }

  /** Of a loan: with the value's length, or given back as it was. */
  #return(loan: LatestLoan<V>, length: number | undefined): void {
    if (length === undefined) {
      // Giving back what is gone is harmless.
      if (this.#loan === loan) this.#settle();
      return;
    }
    this.#checkLoan(loan, 'loan.commit');
    const { size } = this.#codec;
    if (size !== undefined && length !== size) {
      throw outOfRange(`loan.commit: each value has ${size} bytes, not ${length}`);
    }
    this.#settle();
    this.#publish(length);
  }

  #settle(): void {
    this.#loan = undefined;
    this.#isIdle = true;
  }

  #checkLoan(loan: LatestLoan<V>, operation: string): void {
    if (this.#loan === loan && this.#status[0] === 0) return;
    this.#checkOpen(operation);
    throw this.#end.failure(
      'ERR_MEMSPAN_NOT_HELD',
      operation,
      'this loan has ended',
      'Claim another one',
    );
  }

  /** What was filled, in the buffer behind the newest. */
  #publish(length: number): void {
    const sequence = this.#sequence + 1;
    const total = this.#total + length;
    this.#state.publish(sequence, length, total);
    this.#sequence = sequence;
    this.#total = total;
    // step: latest-before-ring
    this.#line.ringAll();
  }

  /**
   * Says that no value will come from this writer; the newest one stays. Readers that have seen it have `ended`, until there
   * is another writer. A loan that is out is given back. Again is harmless.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isIdle = false;
    this.#loan = undefined;
    if (this.#status[0] !== 0) return;
    this.#state.isEnded = true;
    // step: latest-ended
    this.#seat.leave();
    // step: latest-left
    this.#line.ringAll();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #checkOpen(operation: string): void {
    if (this.#isClosed) throw this.#end.closed(operation, 'this writer is closed');
    this.#end.check(operation);
  }

  #refuse(operation: string): void {
    this.#checkOpen(operation);
    if (this.#loan === undefined) return;
    throw this.#end.failure(
      'ERR_MEMSPAN_BUSY',
      operation,
      'a loan of this writer is out, in the place of the next value',
      'Commit or abort it first',
    );
  }

  #tooLong(length: number): RangeError {
    return outOfRange(
      `writer.publish: a value of ${length} bytes; it takes up to ${this.#state.facts.size}`,
    );
  }
}
