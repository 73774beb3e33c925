// What the shells of one name share: a span with four objects, as any program could open them.
//
//   page       a record: version, text, counter. Plain memory, but for the two words: the text may be read half written
//   lock       a mutex that guards nothing by itself: it keeps out who asks for it
//   semaphore  permits, none at first
//   items      a queue. A ring has one writer and one reader at a time; here any shell may put, and any may get

import {
  atomic,
  type Mutex,
  type MutexGuard,
  offsetOf,
  type Queue,
  type QueueReader,
  type QueueWriter,
  Segment,
  type Semaphore,
  Span,
  struct,
  utf8,
} from '../../index.ts';
import { recordIn } from '../../inspect/record.ts';
import { CommandError } from '../report.ts';

/** Bytes of UTF-8. */
export const TEXT_MAX = 1020;
export const ITEM_MAX = 256;
const ITEMS = 8;

/** In C: `struct {int version; char text[1020]; int counter;}`. */
const Page = struct({ version: atomic.i32, text: utf8(TEXT_MAX), counter: atomic.i32 });
const Item = struct({ text: utf8(ITEM_MAX) });

/** The page in place. */
export interface PageView {
  readonly version: Int32Array;
  text: string;
  readonly counter: Int32Array;
}

export interface ItemValue {
  text: string;
}

/** What a command sees of the name. */
export interface Board {
  readonly name: string;
  readonly readOnly: boolean;
  /** Throws `ERR_MEMSPAN_TRUNCATED` when the memory has been cut short. */
  page(): PageView;
  /** Everything that takes being attached. Throws `ERR_MEMSPAN_READ_ONLY` for who only reads. */
  attached(): Attached;
  /** Leaves, once; a lock that is held is given up first. */
  close(): void;
}

export interface Opening {
  readonly readOnly: boolean;
  /** What the other shells call this one. */
  readonly as: string;
}

export function openBoard(name: string, { readOnly, as }: Opening): Board {
  return readOnly ? new Onlooker(name) : new Attached(name, as);
}

/** A shell that takes part. */
export class Attached implements Board {
  readonly name: string;
  readonly readOnly = false;
  readonly span: Span;
  readonly mutex: Mutex;
  readonly semaphore: Semaphore;
  readonly items: Queue<ItemValue>;
  readonly writer: QueueWriter<ItemValue>;
  readonly reader: QueueReader<ItemValue>;
  readonly #page: PageView;
  /** Of the lock, while this shell holds it. */
  guard: MutexGuard | null = null;

  constructor(name: string, as: string) {
    this.name = name;
    this.span = Span.open(name, { as });
    try {
      this.#page = this.span.view('page', Page);
      this.mutex = this.span.mutex('lock');
      this.semaphore = this.span.semaphore('semaphore', { initial: 0 });
      this.items = this.span.queue('items', { layout: Item, capacity: ITEMS });
      this.writer = this.items.writer();
      this.reader = this.items.reader();
    } catch (error) {
      this.span.close();
      throw error;
    }
  }

  page(): PageView {
    // Throws when what is read would be zeros that nobody has written.
    void this.span.segment.buffer;
    return this.#page;
  }

  attached(): Attached {
    return this;
  }

  /** The bytes of the page's text. */
  textBytes(): Uint8Array {
    const { counter } = this.page();
    const start = counter.byteOffset - offsetOf(Page, 'counter') + offsetOf(Page, 'text');
    return new Uint8Array(counter.buffer, start, TEXT_MAX);
  }

  close(): void {
    if (this.span.closed) return;
    // Taken over from a dead one and not said to be in order: left as it was found, for the next one to be told.
    if (this.guard?.ownerDied === false) this.guard.release();
    this.guard = null;
    this.span.close();
  }
}

/** A shell that only reads: its mapping is PROT_READ, and the others do not see it. */
class Onlooker implements Board {
  readonly name: string;
  readonly readOnly = true;
  readonly #segment: Segment;

  constructor(name: string) {
    this.name = name;
    this.#segment = Segment.open(name, { readOnly: true });
    try {
      this.page();
    } catch (error) {
      this.#segment.close();
      throw error;
    }
  }

  page(): PageView {
    void this.#segment.buffer;
    const page = recordIn(this.#segment, 'page', Page);
    if (page !== undefined) return page;
    throw new CommandError(
      'ERR_MEMSPAN_NOT_FOUND',
      `shell: the span '${this.name}' has no page: no shell has been in it that writes`,
      `Run \`memspan shell ${this.name}\` first`,
    );
  }

  attached(): never {
    // Refused, in memspan's words.
    Span.fromSegment(this.#segment).close();
    throw new Error('attached to what is read-only');
  }

  close(): void {
    this.#segment.close();
  }
}
