// read and write: bytes by hand; every refusal, with the path to it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  bitfield,
  bool,
  bytes,
  enumeration,
  f32,
  i16,
  type Layout,
  offset,
  read,
  sizeOf,
  struct,
  u8,
  u16,
  u32,
  u64,
  union,
  utf8,
  write,
} from '../../src/index.ts';
import { codeOf, seededRandom } from '../support/segments.ts';
import { anyStruct, anyValue, assertRead } from './generated.ts';

const hex = (buffer: ArrayBufferLike): string => Buffer.from(buffer).toString('hex');

/** The bytes that a value becomes, on a background of ff. */
function written<T>(layout: Layout<T>, value: T): string {
  const buffer = new ArrayBuffer(sizeOf(layout));
  new Uint8Array(buffer).fill(0xff);
  write(layout, buffer, 0, value);
  return hex(buffer);
}

test('bytes by hand', () => {
  assert.equal(written(u32, 0x01020304), '04030201');
  assert.equal(written(i16, -2), 'feff');
  assert.equal(written(u64, 1n), '0100000000000000');
  assert.equal(written(f32, 1), '0000803f');
  assert.equal(written(bool, true), '01');
  assert.equal(written(utf8(6), 'Zoë'), '5a6fc3ab0000');
  assert.equal(written(bytes(2), Uint8Array.of(7, 8)), '0708');
  assert.equal(written(array(u16, 2), [1, 2]), '01000200');
  assert.equal(written(bitfield(u16, { a: 3, b: 9 }), { a: 5, b: 257 }), '0d08');
  assert.equal(written(enumeration(u16, { on: 258 }), 'on'), '0201');
});

test('bytes between members stay; those behind the member of a union become zero', () => {
  assert.equal(written(struct({ a: u8, b: u16 }), { a: 1, b: 2 }), '01ff0200');
  assert.equal(written(union({ a: u8, b: u32 }), { a: 1 }), '01000000');
});

test('a relative pointer is the distance from itself, and reads as a position in the buffer', () => {
  const buffer = new SharedArrayBuffer(64);
  const part = new Uint8Array(buffer, 16);
  write(offset(u32), part, 8, 60);
  assert.equal(new DataView(buffer).getBigInt64(24, true), 36n);
  assert.equal(read(offset(u32), part, 8), 60);
  write(offset(u32), part, 8, 0);
  assert.equal(new DataView(buffer).getBigInt64(24, true), -24n);
  assert.equal(read(offset(u32), buffer, 24), 0);
  write(offset(u32), part, 8, null);
  assert.equal(read(offset(u32), buffer, 24), null);
});

test('what others have written there is read, or called corrupt', () => {
  const buffer = new ArrayBuffer(16);
  new Uint8Array(buffer).set([0xc3, 0x28, 0, 0x41]);
  assert.equal(read(utf8(4), buffer), '\ufffd(');
  assert.equal(read(bool, buffer), true);
  const State = struct({ s: array(enumeration(u8, { idle: 0 }), 4) });
  assert.throws(() => read(State, buffer), {
    code: 'ERR_MEMSPAN_CORRUPT',
    message: /^read: s\[0\]: 195 is none/,
  });
  for (const distance of [1n, -8n, 12n, 2n ** 62n, -(2n ** 63n)]) {
    new DataView(buffer).setBigInt64(0, distance, true);
    assert.equal(
      codeOf(() => read(offset(u64), buffer)),
      'ERR_MEMSPAN_CORRUPT',
      String(distance),
    );
  }
});

test('a union reads as those of its members that make sense', () => {
  const Either = union({ state: enumeration(u8, { idle: 0, busy: 1 }), n: u16 });
  const buffer = new ArrayBuffer(2);
  assert.deepEqual(read(Either, buffer), { state: 'idle', n: 0 });
  write(Either, buffer, 0, { n: 7 });
  assert.deepEqual(read(Either, buffer), { n: 7 });
});

const Record = struct({
  id: u8,
  big: u64,
  on: bool,
  name: utf8(4),
  raw: bytes(2),
  list: array(struct({ x: f32 }), 2),
  bits: bitfield(u8, { low: 2 }),
  state: enumeration(u8, { idle: 0 }),
  either: union({ a: u8, b: u16 }),
  next: offset(u32),
});
const right = {
  id: 1,
  big: 1n,
  on: true,
  name: 'abcd',
  raw: new Uint8Array(2),
  list: [{ x: 1 }, { x: 2 }],
  bits: { low: 3 },
  state: 'idle',
  either: { b: 1 },
  next: null,
} as const;

const refused: [change: object, error: typeof TypeError | typeof RangeError, message: RegExp][] = [
  [{ id: 256 }, RangeError, /^write: id: 256 is not an integer from 0 to 255 \(u8\)$/],
  [{ id: -1 }, RangeError, /^write: id: -1 is not/],
  [{ id: 1.5 }, RangeError, /^write: id: 1.5 is not/],
  [{ id: Number.NaN }, RangeError, /^write: id: NaN is not/],
  [{ id: '1' }, TypeError, /^write: id: "1" is not a number/],
  [{ big: 1 }, TypeError, /^write: big: 1 is not a bigint/],
  [{ big: -1n }, RangeError, /^write: big: -1n is not/],
  [{ on: 1 }, TypeError, /^write: on: 1 is not a boolean$/],
  [{ name: 'abcdé' }, RangeError, /^write: name: "abcdé" is not text of at most 4 bytes$/],
  [{ name: 'a\0b' }, RangeError, /^write: name: .* without zeros$/],
  [{ name: '\ud800' }, RangeError, /^write: name: .* without lone surrogates$/],
  [{ name: 7 }, TypeError, /^write: name: 7 is not a string$/],
  [{ raw: new Uint8Array(3) }, RangeError, /^write: raw: 3 bytes are not the 2/],
  [{ raw: 'ab' }, TypeError, /^write: raw: "ab" is not a Uint8Array$/],
  [{ list: [{ x: 1 }] }, RangeError, /^write: list: 1 elements are not the 2/],
  [{ list: 'ab' }, TypeError, /^write: list: "ab" is not an array$/],
  [{ list: [{ x: 1 }, { x: 'a' }] }, TypeError, /^write: list\[1\]\.x: "a" is not a number/],
  [{ list: [{ x: 1 }, null] }, TypeError, /^write: list\[1\]: null is not an object with "x"$/],
  [{ bits: { low: 4 } }, RangeError, /^write: bits\.low: 4 is not an integer of 2 bits$/],
  [{ bits: {} }, TypeError, /^write: bits\.low: undefined is not a number$/],
  [{ state: 'gone' }, RangeError, /^write: state: "gone" is not one of idle$/],
  [{ either: { a: 1, b: 2 } }, TypeError, /^write: either: .* exactly one of a, b$/],
  [{ either: { c: 1 } }, TypeError, /^write: either: .* exactly one of a, b$/],
  [{ either: { a: 999 } }, RangeError, /^write: either\.a: 999 is not/],
  [{ next: 2 }, RangeError, /^write: next: 2 is not a multiple of 4 from 0 to /],
  [{ next: 1e9 }, RangeError, /^write: next: 1000000000 is not a multiple/],
  [{ next: undefined }, TypeError, /^write: next: undefined is not a position/],
  [{ next: 40 }, RangeError, /^write: next: 40 is not another place than the pointer itself$/],
];

for (const [change, error, message] of refused) {
  test(`refused, and nothing is written: ${String(message)}`, () => {
    const buffer = new ArrayBuffer(sizeOf(Record));
    const value = { ...right, ...change } as unknown as typeof right;
    assert.throws(
      () => write(Record, buffer, 0, value as never),
      (thrown: Error) => {
        assert.ok(thrown instanceof error, String(thrown));
        assert.match(thrown.message, message);
        return true;
      },
    );
    assert.equal(hex(buffer), '00'.repeat(sizeOf(Record)));
  });
}

test('memory that is none, and places outside of it', () => {
  const memory = new Uint8Array(new ArrayBuffer(32), 8, 8);
  assert.equal(
    codeOf(() => read(u8, [] as never)),
    'ERR_MEMSPAN_INVALID_ARGUMENT',
  );
  assert.equal(
    codeOf(() => read(u8, memory, '0' as never)),
    'ERR_MEMSPAN_INVALID_ARGUMENT',
  );
  for (const offset of [-1, 0.5, 5, Number.NaN, Number.POSITIVE_INFINITY])
    assert.equal(
      codeOf(() => write(u32, memory, offset, 1)),
      'ERR_MEMSPAN_OUT_OF_RANGE',
    );
  write(u32, memory, 3, 0xffffffff);
  assert.equal(hex(memory.buffer), `${'00'.repeat(11)}ffffffff${'00'.repeat(17)}`);
});

test('what is written is read: 500 generated layouts, at odd offsets', (t) => {
  const random = seededRandom(t);
  for (let k = 0; k < 500; k++) {
    const layout = anyStruct(random, 2, true);
    const buffer = new SharedArrayBuffer(sizeOf(layout) + 16);
    const at = k % 7;
    const value = anyValue(layout, random, at, buffer.byteLength);
    write(layout, buffer, at, value);
    assertRead(layout, read(layout, buffer, at), value);
  }
});
