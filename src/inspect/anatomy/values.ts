// Live values by a layout, leaf by leaf: what cannot be is labelled, the rest is there; what is too much is counted.
//
// Not atomic: a value that somebody writes at this moment may be seen half old and half new.

import type { MemspanError } from '../../errors.ts';
import type { Field, Layout, Shape, ShapeOf } from '../../layout/layout.ts';
import { read } from '../../layout/values.ts';
import type { State } from './dissection.ts';

/** What stands where a value cannot be. */
export class DamagedValue {
  readonly damaged: string;

  constructor(damaged: string) {
    this.damaged = damaged;
  }
}

/** A lock or its kin inside a value. */
export class EmbeddedValue implements State {
  readonly kind: string;
  readonly summary: string;
  readonly facts: State['facts'];

  constructor(kind: string, { summary, facts }: State) {
    this.kind = kind;
    this.summary = summary;
    this.facts = facts;
  }
}

/**
 * Plain data: numbers, bigints, texts, booleans, arrays, objects, copies of bytes. In the place of what cannot be there is a
 * `DamagedValue`, of a lock an `EmbeddedValue`.
 */
export type Value = unknown;

export interface Values {
  readonly value: Value;
  /** What was left out: `pixels: 100 of 307,200 elements`. */
  readonly cut: readonly string[];
  /** How many leaves that are. */
  readonly leaves: number;
}

/** Says what a lock or its kin in a value is doing. `at` counts bytes of the buffer. */
export type DescribeEmbedded = (
  shape: ShapeOf<'embedded'>,
  at: number,
  length: number,
  path: string,
) => State;

type Members = Extract<Shape, { readonly fields: readonly Field[] }>;

interface Walk {
  readonly buffer: ArrayBufferLike;
  readonly describe: DescribeEmbedded | undefined;
  readonly cut: string[];
  /** Leaves that may still be shown. */
  left: number;
}

const BYTES_SHOWN = 256;
const TEXT_SHOWN = 4096;

/** The value of that layout at an offset of the buffer, which has all of it; at most so many leaves. */
export function valuesAt(
  layout: Layout,
  buffer: ArrayBufferLike,
  offset: number,
  leaves: number,
  describe?: DescribeEmbedded,
): Values {
  const walk: Walk = { buffer, describe, cut: [], left: leaves };
  const value = valueIn(walk, layout, offset, '');
  return { value, cut: walk.cut, leaves: leaves - walk.left };
}

function valueIn(walk: Walk, layout: Layout, at: number, path: string): Value {
  const { shape } = layout;
  switch (shape.kind) {
    case 'struct':
    case 'union':
      return membersOf(walk, shape, at, path);
    case 'array':
      return elementsOf(walk, shape, at, path);
    case 'bytes':
      return bytesOf(walk, shape.length, at, path);
    case 'utf8':
      if (shape.length > TEXT_SHOWN) return textOf(walk, shape.length, at, path);
      walk.left--;
      return leafOf(walk, layout, at);
    case 'embedded': {
      walk.left--;
      const state = walk.describe?.(shape, at, layout.size, path);
      return state && new EmbeddedValue(shape.name, state);
    }
    default:
      walk.left--;
      return leafOf(walk, layout, at);
  }
}

function leafOf({ buffer }: Walk, layout: Layout, at: number): Value {
  try {
    return read(layout, buffer, at);
  } catch (error) {
    return new DamagedValue(reasonOf(error));
  }
}

function membersOf(walk: Walk, { fields }: Members, at: number, path: string): Value {
  const members: [string, Value][] = [];
  for (const { name, layout, offset } of fields) {
    if (walk.left <= 0) {
      walk.cut.push(`${path || 'it'}: ${members.length} of ${fields.length} members`);
      break;
    }
    members.push([
      name,
      valueIn(walk, layout, at + offset, path === '' ? name : `${path}.${name}`),
    ]);
  }
  // A member may be called __proto__.
  return Object.fromEntries(members);
}

function elementsOf(
  walk: Walk,
  { element, length }: ShapeOf<'array'>,
  at: number,
  path: string,
): Value {
  const elements: Value[] = [];
  while (elements.length < length && walk.left > 0) {
    const index = elements.length;
    elements.push(valueIn(walk, element, at + index * element.size, `${path}[${index}]`));
  }
  if (elements.length < length) {
    const [shown, all] = [elements.length, length].map((count) => count.toLocaleString('en-US'));
    walk.cut.push(`${path || 'it'}: ${shown} of ${all} elements`);
  }
  return elements;
}

function bytesOf(walk: Walk, length: number, at: number, path: string): Value {
  const shown = Math.min(length, BYTES_SHOWN);
  walk.left -= Math.ceil(shown / 16);
  if (shown < length) {
    walk.cut.push(`${path || 'it'}: ${shown} of ${length.toLocaleString('en-US')} bytes`);
  }
  return new Uint8Array(walk.buffer, at, shown).slice();
}

/** Of a text that may be longer than anybody reads. */
function textOf(walk: Walk, length: number, at: number, path: string): Value {
  walk.left--;
  const bytes = Buffer.from(new Uint8Array(walk.buffer, at, TEXT_SHOWN));
  const end = bytes.indexOf(0);
  if (end < 0)
    walk.cut.push(`${path || 'it'}: ${TEXT_SHOWN} of ${length.toLocaleString('en-US')} bytes`);
  return bytes.toString('utf8', 0, end < 0 ? TEXT_SHOWN : end);
}

/** What is wrong, without what to do about it. */
function reasonOf(error: unknown): string {
  const { message, code } = error as MemspanError;
  return code === undefined ? message : (message.replace(/^read: /, '').split('. ')[0] ?? message);
}
