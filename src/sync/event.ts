// Event: waiting until something has happened, across threads and processes.

import { invalidArgument } from '../errors.ts';
import { defineKind } from '../span/kinds.ts';
import { Span } from '../span/span.ts';
import { EVENT_SIZE } from './event.layout.ts';
import { type EventState, Gate, Turnstile } from './event-states.ts';
import { embedded, named, type Place, Primitive } from './primitive.ts';
import {
  type AsyncOptions,
  type BlockingOptions,
  CALLS_PER_TURN,
  signalOf,
  timeoutOf,
} from './wait-options.ts';

/** In the directory. */
const KIND = 7;

export interface EventOptions {
  /**
   * 'manual': once set, it lets everybody through until it is reset. 'auto': each set lets one through, those who have
   * waited longest first. Default 'manual'.
   */
  reset?: 'manual' | 'auto' | undefined;
  /** Whether it is set at first. Default false. */
  initial?: boolean | undefined;
}

const AUTO = 1;
const INITIAL = 2;

/** @internal */
export function encode(options: unknown, operation: string): number {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument(`${operation}: options are an object such as {reset: 'auto'}`);
  }
  const { reset = 'manual', initial = false } = options as EventOptions;
  if (reset !== 'manual' && reset !== 'auto') {
    throw invalidArgument(`${operation}: reset is 'manual' or 'auto'`);
  }
  if (typeof initial !== 'boolean') {
    throw invalidArgument(`${operation}: initial is true or false`);
  }
  return (reset === 'auto' ? AUTO : 0) | (initial ? INITIAL : 0);
}

/** @internal */
export function decode(bits: number): { reset: 'manual' | 'auto'; initial: boolean } {
  return { reset: (bits & AUTO) !== 0 ? 'auto' : 'manual', initial: (bits & INITIAL) !== 0 };
}

declare module '../span/span.ts' {
  interface Span {
    /**
     * The event of that name; made if there is none. Throws `ERR_MEMSPAN_OPTIONS_MISMATCH` when it is there
     * with other options, `ERR_MEMSPAN_NO_SPACE`.
     */
    event(name: string, options?: EventOptions): Event;
  }
}

Span.prototype.event = function event(this: Span, name: string, options: EventOptions = {}): Event {
  const operation = 'span.event';
  const bits = encode(options, operation);
  const place = named(this, name, {
    operation,
    kind: KIND,
    length: EVENT_SIZE,
    options: bits,
    describeOptions: (bits) => JSON.stringify(decode(bits)),
  });
  return new Event(place, bits);
};

/**
 * Set or not. Who waits goes on when it is set, and not before. Nothing of it is lost with those who die: with
 * automatic reset, what was meant for one goes to the next.
 */
export class Event extends Primitive {
  readonly #state: EventState;
  #calls = 0;

  /** @internal */
  constructor(place: Place, bits: number) {
    super(place);
    const { attachment, offset } = place;
    const { reset, initial } = decode(bits);
    const Kind = reset === 'auto' ? Turnstile : Gate;
    this.#state = attachment.local<EventState>(
      Kind,
      offset,
      () => new Kind(attachment, offset, initial),
    );
  }

  /**
   * An event embedded in an object of the span, such as `span.bytes`, at a byte offset of the span: four bytes,
   * zeros at first. All who use it must give the same options.
   */
  static at(span: Span, offset: number, options: EventOptions = {}): Event {
    const operation = 'Event.at';
    const bits = encode(options, operation);
    return new Event(embedded(span, offset, EVENT_SIZE, operation), bits);
  }

  /** Whether it is set: a moment's news. */
  get isSet(): boolean {
    this.check('event.isSet');
    return this.#state.isSet;
  }

  /**
   * With manual reset, lets everybody through who waits now, and whoever comes until it is reset. With automatic reset,
   * lets one through: the one that has waited longest, or who comes next. Setting what is set changes nothing.
   */
  set(): void {
    this.check('event.set');
    this.#state.set();
  }

  /** From now on, who comes has to wait. Who was let through by then goes on, also if it has not noticed yet. */
  reset(): void {
    this.check('event.reset');
    this.#state.reset();
  }

  /** True when it is set; with automatic reset it is no longer set then. Never waits. */
  tryWait(): boolean {
    this.check('event.tryWait');
    return this.#state.pass();
  }

  /**
   * Blocks until it is set; with `timeoutMs`, null when the time is over. Blocks the event loop, too: use
   * `waitAsync` where that matters. Throws `ERR_MEMSPAN_CLOSED`, `ERR_MEMSPAN_TRUNCATED`.
   */
  wait(): true;
  wait(options: BlockingOptions | undefined): true | null;
  wait(options?: BlockingOptions): true | null {
    const operation = 'event.wait';
    const timeoutMs = timeoutOf(options, operation);
    this.check(operation);
    const state = this.#state;
    const wait = state.wait();
    if (state.pass()) return true;
    return state.queue.block(wait, performance.now() + timeoutMs, () => this.check(operation));
  }

  /**
   * Like `wait`, without blocking. Null when `timeoutMs` is over; rejects with the signal's reason when that is aborted.
   * Keeps the event loop open while pending, and needs no thread of libuv's.
   */
  waitAsync(): Promise<true>;
  waitAsync(options: AsyncOptions & { timeoutMs?: undefined }): Promise<true>;
  waitAsync(options: AsyncOptions | undefined): Promise<true | null>;
  async waitAsync(options?: AsyncOptions): Promise<true | null> {
    const operation = 'event.waitAsync';
    const timeoutMs = timeoutOf(options, operation);
    const signal = signalOf(options, operation);
    this.check(operation);
    if (signal?.aborted) throw signal.reason;
    const state = this.#state;
    const wait = state.wait();
    if (!state.pass()) return state.queue.waitAsync(wait, { timeoutMs, signal });
    this.#calls = (this.#calls + 1) % CALLS_PER_TURN;
    if (this.#calls === 0) await new Promise(setImmediate);
    return true;
  }
}

defineKind({
  code: KIND,
  name: 'event',
  open: (span, { name, options }) => span.event(name, decode(options)),
});
