// Span: a segment in memspan's own format, that knows who is attached, what objects it holds, and recovers when
// somebody dies. What lives in it (`span.mutex(…)` and so on) is added by the rooms above.

import { invalidArgument, MemspanError, outOfRange } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import type { SegmentHandle } from '../segment/handle.ts';
import { matcherOf } from '../segment/list.ts';
import { Segment } from '../segment/segment.ts';
import type { Attachment } from './attachment.ts';
import { openObject } from './directory.ts';
import type { Listener } from './doorbell.ts';
import type { Lifetime } from './geometry.ts';
import { attachAnonymous, attachHandle, attachNamed, attachSegment, detach } from './join.ts';
import { defineKind, kindName, openEntry } from './kinds.ts';
import { type AttachOptions, checkSpanOptions, type SpanOptions } from './options.ts';
import { layoutOf } from './stored-layout.ts';
import { type Looking, type Thread, type ThreadHandle, threadsOf } from './thread.ts';
import type { ObjectEntry, SpanView } from './view.ts';

/** An attached thread of an open span. */
export interface SpanThread extends ThreadHandle {
  /** Resolves when it has left or died. Keeps the event loop open while pending. */
  exited(): Promise<void>;
}

/** A named object of an open span. */
export interface SpanObject {
  /** 'mutex', 'bytes', … */
  readonly kind: string;
  readonly name: string;
  /** `span/name`. */
  readonly fullName: string;
  /** Bytes. */
  readonly size: number;
  /**
   * What its bytes mean, or the messages in them; undefined where whoever made it has not said it. To look at it throws
   * `ERR_MEMSPAN_CORRUPT` when what is stored is no layout, `ERR_MEMSPAN_CLOSED`.
   */
  readonly layout: Layout | undefined;
  /** The object, with the options it was made with. */
  open(): unknown;
}

const BYTES = 1;

export class Span implements Disposable {
  readonly #attachment: Attachment;
  #isClosed = false;

  private constructor(attachment: Attachment) {
    this.#attachment = attachment;
  }

  /** @internal For who is attached in another way than by name or handle (memspan/check). */
  static over(attachment: Attachment): Span {
    return new Span(attachment);
  }

  /**
   * Joins the span of that name, or makes it: of any number of processes that race, exactly one does. The
   * calling thread is attached until `close()`; opening it again in the same thread attaches once.
   * Throws `ERR_MEMSPAN_NOT_A_SPAN`, `ERR_MEMSPAN_VERSION`, `ERR_MEMSPAN_CORRUPT`,
   * `ERR_MEMSPAN_OPTIONS_MISMATCH` when it is there with other options, `ERR_MEMSPAN_STALE`,
   * `ERR_MEMSPAN_LIMIT` when all participants are attached, `ERR_MEMSPAN_BUSY` when somebody who recovers
   * it has been paused for 10 s, and what Segment.create and Segment.open throw.
   */
  static open(name: string, options: SpanOptions = {}): Span {
    return new Span(attachNamed(name, options, undefined));
  }

  /** Insists on making it: throws `ERR_MEMSPAN_EXISTS` when it is there, and what `open` throws. */
  static create(name: string, options: SpanOptions = {}): Span {
    return new Span(attachNamed(name, options, 'create'));
  }

  /** Insists on its being there: throws `ERR_MEMSPAN_NOT_FOUND` when it is not, and what `open` throws. */
  static join(name: string, options: AttachOptions = {}): Span {
    return new Span(attachNamed(name, options, 'join'));
  }

  /** A span without a name: shared by `handle`, or by `segment` with a child. */
  static anonymous(options: SpanOptions = {}): Span {
    return new Span(attachAnonymous(options));
  }

  /** Joins the span that `span.handle` of another thread or process describes. */
  static fromHandle(handle: SegmentHandle, options: AttachOptions = {}): Span {
    return new Span(attachHandle(handle, options));
  }

  /** Joins the span in an open segment (one that was inherited, say), which belongs to the span from then on. */
  static fromSegment(segment: Segment, options: AttachOptions = {}): Span {
    if (!(segment instanceof Segment)) throw invalidArgument('Span.fromSegment takes a Segment');
    return new Span(attachSegment(segment, options, 'Span.fromSegment'));
  }

  /**
   * This user's own span, for those who want a named lock and no set-up: made by the first process that asks,
   * removed by the last that closes it.
   */
  static user(options: Pick<AttachOptions, 'as'> = {}): Span {
    checkSpanOptions(options, 'Span.user');
    const uid = process.geteuid?.() ?? 0;
    return Span.open(`memspan.user.${uid}`, { ...options, lifetime: 'last-close' });
  }

  /** Removes the name; who is attached stays so. False when there was none. */
  static unlink(name: string): boolean {
    return Segment.unlink(name);
  }

  /** Undefined for an anonymous span. */
  get name(): string | undefined {
    return this.#attachment.view.segment.name;
  }

  /** Bytes. */
  get size(): number {
    return this.#attachment.view.geometry.size;
  }

  get lifetime(): Lifetime {
    return this.#attachment.view.lifetime;
  }

  /** This thread made it. */
  get created(): boolean {
    return this.#attachment.created;
  }

  /** It was found with nobody alive but with somebody who had died attached, and taken over. */
  get recovered(): boolean {
    return this.#attachment.recovered;
  }

  get closed(): boolean {
    return this.#isClosed;
  }

  /** The bytes, for those who know the format (docs/format.md); to share an anonymous span with a child. */
  get segment(): Segment {
    return this.attachment('span.segment').view.segment;
  }

  /** A ticket for `Span.fromHandle` in another thread or process; plain data. */
  get handle(): SegmentHandle {
    return this.segment.handle;
  }

  /**
   * A named piece of plain memory, zeros at first. Nothing orders what is done to it but what its users agree
   * on: a mutex, atomics. `size` in bytes. Throws `ERR_MEMSPAN_OPTIONS_MISMATCH`, `ERR_MEMSPAN_NO_SPACE`.
   */
  bytes(name: string, options: { size: number }): Uint8Array {
    const operation = 'span.bytes';
    const size = options?.size;
    if (typeof size !== 'number') throw invalidArgument(`${operation}: size is a number of bytes`);
    if (!Number.isSafeInteger(size) || size < 1) {
      throw outOfRange(`${operation}: size is a whole number of bytes from 1 up, not ${size}`);
    }
    const attachment = this.attachment(operation);
    const { offset, length } = openObject(attachment, {
      operation,
      kind: BYTES,
      name,
      length: size,
      options: 0,
      describeOptions: () => 'none',
    });
    return new Uint8Array(attachment.view.segment.buffer, offset, length);
  }

  /** The named objects whose names match (`*` any run of characters, `?` one), in the order of their making. */
  objects(pattern = '*'): SpanObject[] {
    const isMatch = matcherFor(pattern, 'span.objects');
    return this.#read('span.objects', (view) =>
      [...view.entries()].filter(({ name }) => isMatch(name)).map((entry) => this.#describe(entry)),
    );
  }

  /** The object of that name; undefined when there is none. */
  object(name: string): SpanObject | undefined {
    return this.#read('span.object', (view) => {
      for (const entry of view.entries()) if (entry.name === name) return this.#describe(entry);
      return undefined;
    });
  }

  #describe(entry: ObjectEntry): SpanObject {
    const layout = () => this.#read('object.layout', (view) => layoutOf(view, entry));
    return {
      kind: kindName(entry.kind),
      name: entry.name,
      fullName: `${this.name ?? ''}/${entry.name}`,
      size: entry.length,
      get layout() {
        return layout();
      },
      open: () => openEntry(this, entry),
    };
  }

  /** The attached threads whose names match. */
  threads(pattern = '*'): SpanThread[] {
    const isMatch = matcherFor(pattern, 'span.threads');
    const looking: Looking = (look) => this.#read('thread', look);
    return this.#read('span.threads', (view) => threadsOf(view, isMatch, looking)).map((thread) =>
      Object.assign(thread, { exited: () => this.#exit(thread) }),
    );
  }

  /** What was read while the memory was cut short would be zeros: throws instead. */
  #read<T>(operation: string, look: (view: SpanView) => T): T {
    const { view } = this.attachment(operation);
    void view.segment.buffer;
    try {
      return look(view);
    } finally {
      void view.segment.buffer;
    }
  }

  #exit(thread: Thread): Promise<void> {
    const { doorbell } = this.attachment('thread.exited');
    return new Promise((resolve, reject) => {
      const listener: Listener = {
        look: () => {
          try {
            if (thread.alive) return;
            resolve();
          } catch (error) {
            reject(error);
          }
          doorbell.delete(listener);
        },
        end: reject,
      };
      doorbell.add(listener);
      listener.look();
    });
  }

  /** Removes the name if it still leads to this span. False when it did not. */
  unlink(): boolean {
    return this.attachment('span.unlink').view.segment.unlink();
  }

  /**
   * Leaves, when it is the last Span object of this thread for this span: what the thread still holds is thereby
   * abandoned, what it waits for rejects with `ERR_MEMSPAN_CLOSED`, and views of the bytes read as zeros.
   * Again is harmless.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    detach(this.#attachment, this.#closedError('span.close'));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** For what lives in a span. Throws `ERR_MEMSPAN_CLOSED`. @internal */
  attachment(operation: string): Attachment {
    if (this.#isClosed) throw this.#closedError(operation);
    return this.#attachment;
  }

  #closedError(operation: string): MemspanError {
    return new MemspanError('ERR_MEMSPAN_CLOSED', {
      operation,
      object: this.name,
      cause: 'its span is closed',
      remedy: 'Open the span again, and close it after its last use',
    });
  }
}

/** Throws a TypeError for what is no pattern. */
export function matcherFor(pattern: unknown, operation: string): (name: string) => boolean {
  if (typeof pattern === 'string') return matcherOf(pattern);
  throw invalidArgument(`${operation}: a pattern is a string such as 'game/*'`);
}

defineKind({
  code: BYTES,
  name: 'bytes',
  open: (span, { name, length }) => span.bytes(name, { size: length }),
});
