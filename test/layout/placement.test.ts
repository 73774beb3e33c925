// Sizes, alignments and offsets, by hand; what the constructors refuse. c.test.ts compares them with a compiler's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  alignOf,
  array,
  atomic,
  bitfield,
  bool,
  bytes,
  enumeration,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  type Layout,
  offset,
  offsetOf,
  sizeOf,
  struct,
  u8,
  u16,
  u32,
  u64,
  union,
  utf8,
} from '../../src/index.ts';

test('a scalar is aligned to its size', () => {
  for (const [layout, size] of [
    [u8, 1],
    [i8, 1],
    [bool, 1],
    [u16, 2],
    [i16, 2],
    [u32, 4],
    [i32, 4],
    [f32, 4],
    [u64, 8],
    [i64, 8],
    [f64, 8],
    [offset(u8), 8],
    [atomic.i16, 2],
    [atomic.i32, 4],
    [atomic.u64, 8],
  ] as const) {
    assert.equal(sizeOf(layout), size);
    assert.equal(alignOf(layout), size);
  }
});

test('text and bytes are aligned to nothing, arrays as their elements', () => {
  assert.deepEqual([sizeOf(utf8(5)), alignOf(utf8(5))], [5, 1]);
  assert.deepEqual([sizeOf(bytes(5)), alignOf(bytes(5))], [5, 1]);
  assert.deepEqual([sizeOf(array(u16, 5)), alignOf(array(u16, 5))], [10, 2]);
});

test('members of a struct are at the next multiple of their alignment, and it ends at one of its own', () => {
  const Mixed = struct({ a: u8, b: u32, c: u8, d: f64, e: u16 });
  assert.deepEqual(
    (['a', 'b', 'c', 'd', 'e'] as const).map((name) => offsetOf(Mixed, name)),
    [0, 4, 8, 16, 24],
  );
  assert.equal(sizeOf(Mixed), 32);
  assert.equal(alignOf(Mixed), 8);
});

test('members of a union are all at the beginning', () => {
  const Either = union({ a: bytes(5), b: u32 });
  assert.equal(offsetOf(Either, 'b'), 0);
  assert.equal(sizeOf(Either), 8);
  assert.equal(alignOf(Either), 4);
});

test('bitfields and enumerations are as large as their integers', () => {
  assert.equal(sizeOf(bitfield(u16, { a: 3 })), 2);
  assert.equal(alignOf(enumeration(i32, { a: -1 })), 4);
});

const refused: [what: string, act: () => unknown, error: typeof TypeError | typeof RangeError][] = [
  ['no members', () => struct({}), TypeError],
  ['a name that is no identifier', () => struct({ 'a-b': u8 }), TypeError],
  ['an index as a name', () => struct({ 0: u8 }), TypeError],
  ['__proto__', () => struct({ ['__proto__']: u8 }), TypeError],
  ['a name of 65 letters', () => struct({ ['a'.repeat(65)]: u8 }), TypeError],
  ['a member that is no layout', () => struct({ a: 'u8' as unknown as Layout }), TypeError],
  ['an array of nothing', () => array(u8, 0), RangeError],
  ['half an element', () => array(u8, 1.5), RangeError],
  ['a length that is no number', () => bytes('8' as unknown as number), TypeError],
  ['more than any memory', () => array(u64, 2 ** 50), RangeError],
  ['too deep', () => deep(32), RangeError],
  ['more bits than there are', () => bitfield(u8, { a: 5, b: 4 }), RangeError],
  ['a bit field of no bits', () => bitfield(u8, { a: 0 }), RangeError],
  ['a bitfield over signed numbers', () => bitfield(i32, { a: 1 }), TypeError],
  ['an enumerator out of range', () => enumeration(u8, { a: 256 }), RangeError],
  ['two enumerators with one number', () => enumeration(u8, { a: 1, b: 1 }), TypeError],
  ['an enumeration of fractions', () => enumeration(f64, { a: 1 }), TypeError],
  ['a member that is not there', () => offsetOf(struct({ a: u8 }), 'b' as 'a'), TypeError],
];

for (const [what, act, error] of refused) {
  test(`refused: ${what}`, () => {
    assert.throws(act, (thrown: Error & { code?: string }) => {
      assert.ok(thrown instanceof error, String(thrown));
      assert.match(thrown.code ?? '', /^ERR_MEMSPAN_(INVALID_ARGUMENT|OUT_OF_RANGE)$/);
      return true;
    });
  });
}

test('31 layouts inside one another are not too deep', () => {
  assert.equal(sizeOf(deep(31)), 1);
});

function deep(levels: number): Layout {
  let layout: Layout = u8;
  for (let k = 0; k < levels; k++) layout = struct({ a: layout });
  return layout;
}
