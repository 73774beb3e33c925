// What a channel carries: bytes as they are, or the values of a layout.

import { invalidArgument } from '../errors.ts';
import type { Infer, Layout } from '../layout/layout.ts';
import { read, write } from '../layout/values.ts';

/** What can be sent: bytes, or text as UTF-8. */
export type Message = Uint8Array | string;

/** `T` is what is received, `S` what can be sent. */
export interface Codec<T, S = T> {
  readonly layout: Layout | undefined;
  /** Bytes of every message; undefined where they differ. */
  readonly size: number | undefined;
  /** What is to be copied, until the next call. Throws TypeError or RangeError for what cannot be sent. */
  bytesOf(message: S): Uint8Array;
  /** The value of bytes that are nobody else's. */
  valueOf(bytes: Uint8Array): T;
}

export const ofBytes: Codec<Uint8Array, Message> = {
  layout: undefined,
  size: undefined,
  bytesOf(message) {
    if (message instanceof Uint8Array) return message;
    if (typeof message === 'string') return Buffer.from(message);
    throw invalidArgument('a message is a Uint8Array or a string');
  },
  valueOf: (bytes) => bytes,
};

/** Throws TypeError for what is neither a layout nor undefined, and for a layout with locks: they have no value. */
export function checkMessageLayout(
  layout: unknown,
  operation: string,
): asserts layout is Layout | undefined {
  if (layout === undefined) return;
  if (!isLayout(layout)) {
    throw invalidArgument(`${operation}: layout is a layout such as struct({x: f64})`);
  }
  if (layout.embeds) throw invalidArgument(`${operation}: a message cannot have locks in it`);
}

export function isLayout(given: unknown): given is Layout {
  const { shape, size } = Object(given) as Partial<Layout>;
  return typeof shape === 'object' && typeof size === 'number';
}

export function ofLayout<L extends Layout>(layout: L): Codec<Infer<L>> {
  const bytes = new Uint8Array(layout.size);
  return {
    layout,
    size: layout.size,
    bytesOf(value) {
      write(layout, bytes, 0, value);
      return bytes;
    },
    valueOf: (received) => read(layout, received),
  };
}
