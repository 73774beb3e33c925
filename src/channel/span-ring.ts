// span.ring: rings by name.

import { invalidArgument, MemspanError, optionsMismatch } from '../errors.ts';
import type { Infer, Layout, ViewOf } from '../layout/layout.ts';
import { findObject, openObject } from '../span/directory.ts';
import { defineKind } from '../span/kinds.ts';
import { Span } from '../span/span.ts';
import { layoutOf } from '../span/stored-layout.ts';
import { type Codec, checkMessageLayout, type Message, ofBytes, ofLayout } from './codec.ts';
import { capacityIn, footprint, HEADER, ringBytes } from './ring.layout.ts';
import { Ring } from './ring.ts';
import type { RingPlace } from './ring-end.ts';
import { SpanEnds } from './span-ends.ts';

export { Ring };

/** In the directory. */
const KIND = 32;

export interface RingOptions<L extends Layout | undefined = Layout | undefined> {
  /** Bytes that messages and their headers (4 bytes each, padded to 8) can take up; rounded up to a power of two. */
  capacity: number;
  /** Of the messages. Without one they are bytes of any length. */
  layout?: L;
}

declare module '../span/span.ts' {
  interface Span {
    /**
     * The ring of that name; made if there is none. Messages are values of the layout, or bytes without one. Throws
     * `ERR_MEMSPAN_OPTIONS_MISMATCH` when it is there with another capacity, `ERR_MEMSPAN_LAYOUT_MISMATCH`,
     * `ERR_MEMSPAN_NO_SPACE`.
     */
    ring<L extends Layout>(
      name: string,
      options: RingOptions<L> & { layout: L },
    ): Ring<Infer<L>, Infer<L>, ViewOf<L>>;
    ring(name: string, options: RingOptions<undefined>): Ring;
    /**
     * The one that is there, with the layout it was made with: throws `ERR_MEMSPAN_NOT_FOUND` if there is none. What its
     * messages are is for the caller to know.
     */
    ring<T = Uint8Array, S = Message, V = Uint8Array>(name: string): Ring<T, S, V>;
  }
}

function ring(this: Span, name: string, options?: RingOptions): Ring<unknown, unknown, unknown> {
  const operation = 'span.ring';
  const given = options === undefined ? undefined : checked(options, operation);
  const attachment = this.attachment(operation);
  const { view } = attachment;
  const object = `${this.name ?? ''}/${name}`;
  const there = findObject(attachment, { operation, kind: KIND, name });
  if (there === undefined && given === undefined) {
    throw new MemspanError('ERR_MEMSPAN_NOT_FOUND', {
      operation,
      object,
      cause: 'there is no such ring yet',
      remedy: 'Say what it shall be, such as {capacity: 65536}, and it is made',
    });
  }
  const length = given?.length ?? (there?.length as number);
  if (there !== undefined && there.length !== length) {
    const [expected, found] = [length, there.length].map((bytes) => bytes - HEADER);
    const cause = `it is there with a capacity of ${found} bytes, not ${expected}`;
    throw optionsMismatch({ operation, object }, expected, found, cause);
  }
  // What a hostile peer has written there.
  const capacity = length < ringBytes(1) ? 0 : capacityIn(length);
  if (length !== HEADER + capacity) {
    throw new MemspanError('ERR_MEMSPAN_CORRUPT', {
      operation,
      object,
      cause: `a ring cannot have ${length} bytes`,
      remedy: 'Look who else writes there',
    });
  }
  const layout = given === undefined ? there && layoutOf(view, there) : given.layout;
  const { offset } = openObject(attachment, {
    operation,
    kind: KIND,
    name,
    length,
    options: 0,
    describeOptions: () => 'none',
    layout,
  });
  const { segment } = view;
  const place: RingPlace = {
    ends: new SpanEnds(attachment, offset, object),
    capacity,
    words: new Int32Array(segment.buffer, offset, HEADER / 4),
    status: view.status,
    get buffer() {
      return segment.buffer;
    },
    get bulk() {
      return segment.bulk;
    },
    offset,
  };
  const codec = (layout === undefined ? ofBytes : ofLayout(layout)) as Codec<unknown, unknown>;
  return new Ring(place, codec);
}

Span.prototype.ring = ring as Span['ring'];

/** Its bytes, and the layout. */
function checked(
  options: RingOptions,
  operation: string,
): { length: number; layout: Layout | undefined } {
  const { capacity, layout }: RingOptions = Object(options);
  if (typeof capacity !== 'number') {
    throw invalidArgument(`${operation}: options are an object such as {capacity: 65536}`);
  }
  checkMessageLayout(layout, operation);
  const length = ringBytes(capacity);
  // Room for two, so that one can be claimed wherever the cursors are.
  const least = layout === undefined ? 0 : ringBytes(2 * footprint(layout.size));
  return { length: Math.max(length, least), layout };
}

defineKind({
  code: KIND,
  name: 'ring',
  open: (span, { name }) => span.ring(name),
});
