// Named objects: of any number who want one, one makes it; all have the same bytes, apart from all others; and who is killed
// while making one is in nobody's way. The same with layouts, whose texts are there when the object is.
import assert from 'node:assert/strict';
import type { End, Me } from '../../../src/check/explore.ts';
import { type Layout, layoutText, type Span, struct, u8, u32 } from '../../../src/index.ts';
import { openObject } from '../../../src/span/directory.ts';
import { type Model, model } from '../model.ts';

/** Where an object is. */
type Offsets = Readonly<Record<string, number>>;

interface Shared {
  readonly size: number;
}

function setup({ span }: Me): Shared {
  return { size: span.size };
}

/** Opens the objects, in this order. */
function opener(...names: readonly string[]) {
  return (_shared: Shared, { span }: Me): Offsets =>
    Object.fromEntries(names.map((name) => [name, span.bytes(name, { size: SIZE }).byteOffset]));
}

const SIZE = 96;

function offsetsIn(span: Span): Offsets {
  const names = span.objects().map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, 'a name is there twice');
  return opener(...names)({ size: 0 }, { span, index: -1 });
}

function areApart(_shared: Shared, { span, results }: End<Offsets>): void {
  const there = offsetsIn(span);
  for (const found of results) {
    for (const [name, offset] of Object.entries(found ?? {})) assert.equal(there[name], offset);
  }
  const offsets = Object.values(there).sort((a, b) => a - b);
  for (const [i, offset] of offsets.entries()) {
    const end = offsets[i + 1] ?? span.size;
    assert.ok(offset + SIZE <= end, 'two objects in the same bytes');
  }
  // Nothing that somebody has begun stops the next one.
  const next = span.bytes('next', { size: SIZE });
  assert.ok(!offsets.includes(next.byteOffset));
}

const Pair = struct({ n: u32, m: u8 });
/** Behind it the text reaches into the next 64 bytes. */
const LENGTH = 112;

/** The same, of objects that have a layout. */
function describer(...names: readonly string[]) {
  return (_shared: Shared, { span }: Me): Offsets =>
    Object.fromEntries(names.map((name) => [name, describe(span, name)]));
}

function describe(span: Span, name: string): number {
  const { offset } = openObject(span.attachment('test'), {
    operation: 'test',
    kind: 33,
    name,
    length: LENGTH,
    options: 0,
    describeOptions: String,
    layout: Pair,
  });
  assert.equal(textOf(span, name), layoutText(Pair), 'it is not there with its text');
  return offset;
}

function textOf(span: Span, name: string): string {
  return layoutText(span.object(name)?.layout as Layout);
}

function areDescribed(_shared: Shared, { span, results }: End<Offsets>): void {
  const names = span.objects().map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, 'a name is there twice');
  const offsets = [...names, 'next'].map((name) => describe(span, name));
  for (const found of results) {
    for (const [name, offset] of Object.entries(found ?? {})) {
      assert.equal(offsets[names.indexOf(name)], offset);
    }
  }
  for (const name of names) assert.equal(textOf(span, name), layoutText(Pair));
  for (const [i, offset] of offsets.entries()) {
    const end = offsets[i + 1] ?? span.size;
    assert.ok(offset + LENGTH + layoutText(Pair).length <= end, 'two objects in the same bytes');
  }
}

const all = Number.POSITIVE_INFINITY;

export const directory: readonly Model[] = [
  model('directory: two want the same', {
    setup,
    threads: [opener('a'), opener('a')],
    atEnd: areApart,
    quick: { bound: 2 },
    full: { bound: all },
  }),
  model('directory: two want two, in opposite order', {
    setup,
    threads: [opener('a', 'b'), opener('b', 'a')],
    atEnd: areApart,
    quick: { bound: 1 },
    full: { bound: 3 },
  }),
  model('directory: two want the same, one is killed', {
    setup,
    threads: [opener('a'), opener('a')],
    atEnd: areApart,
    crashes: 1,
    quick: { bound: 1 },
    full: { bound: all },
  }),
  model('directory: two want the same with a layout, one is killed', {
    setup,
    threads: [describer('a'), describer('a')],
    atEnd: areDescribed,
    crashes: 1,
    quick: { bound: 1 },
    full: { bound: all },
  }),
  model('directory: two want two with a layout, in opposite order, one is killed', {
    setup,
    threads: [describer('a', 'b'), describer('b', 'a')],
    atEnd: areDescribed,
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('directory: three want two, two are killed', {
    setup,
    threads: [opener('a'), opener('b'), opener('a')],
    atEnd: areApart,
    crashes: 2,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
];
