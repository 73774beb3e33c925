// The bytes of a ShareableList, without Python: as they are drawn in the layout, and as a hostile peer leaves them.
// test/interop/shareable-list.test.ts has Python at the other end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemspanError, Segment } from '../../../src/index.ts';
import { float, ShareableList, type ShareableValue } from '../../../src/os/python.ts';
import { codeOf, seededRandom } from '../../support/segments.ts';

/** A list in memory of exactly its size. */
function made(values: Parameters<typeof ShareableList.create>[1]): {
  bytes: Buffer;
  list: ShareableList;
} {
  const bytes = Buffer.alloc(ShareableList.sizeOf(values));
  return { bytes, list: ShareableList.create(bytes, values) };
}

const word = (value: number | bigint): number[] => [
  ...new Uint8Array(BigInt64Array.of(BigInt(value)).buffer),
];
const text = (value: string): number[] => [...Buffer.from(value, 'latin1')];

test('the bytes are those of the picture', () => {
  const { bytes } = made([-2, 1.5, true, 'abc', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), null]);
  assert.deepEqual(
    [...bytes],
    [
      ...word(6),
      ...[0, 8, 16, 24, 32, 48, 56].flatMap(word),
      ...word(-2),
      ...new Uint8Array(Float64Array.of(1.5).buffer),
      ...[0, 0, 0, 0, 0, 0, 0, 1],
      ...text('abc\0\0\0\0\0'),
      ...[1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0],
      ...word(0),
      ...text('q\0\0\0\0\0\0\0d\0\0\0\0\0\0\0xxxxxxx?8s\0\0\0\0\0\x0016s\0\0\0\0\0xxxxxx?x'),
      ...[0, 0, 0, 1, 2, 3],
    ],
  );
});

test('what is put in is what comes out', () => {
  const values: ShareableValue[] = [
    ...[0, -1, 2 ** 53 - 1, -(2 ** 53) + 1, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)],
    ...[0.1, -0, 1e300, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, Number.MIN_VALUE],
    ...[true, false, null, '', 'a', '12345678', 'é€𐀀', '\ufeffmark', 'in\0side'],
    ...[new Uint8Array(0), Uint8Array.of(0, 1), new Uint8Array(1000).fill(255)],
  ];
  const { list } = made(values);
  assert.equal(list.length, values.length);
  assert.deepEqual([...list], values);
  assert.deepEqual([...ShareableList.create(Buffer.alloc(16), [])], []);
});

test('what is got is a copy', () => {
  const { list } = made([Uint8Array.of(1)]);
  const got = list.get(0) as Uint8Array;
  got[0] = 2;
  assert.deepEqual(list.get(0), Uint8Array.of(1));
  assert.equal(got.buffer.byteLength, 1);
});

test('zeros at the end are lost, as in Python', () => {
  const { list } = made(['a\0\0', Uint8Array.of(1, 0, 0), '\0']);
  assert.deepEqual([...list], ['a', Uint8Array.of(1), '']);
});

test('a number is a float where a float is, an int elsewhere, and what float() says', () => {
  const { bytes, list } = made([1, float(1), 0.5, true]);
  const formats = (): string[] => {
    const at = 6 * 8 + 4 * 8;
    return [0, 1, 2, 3].map((i) => bytes.toString('latin1', at + 8 * i, at + 8 * i + 1));
  };
  assert.deepEqual(formats(), ['q', 'd', 'd', 'x']);
  for (let i = 0; i < 4; i++) list.set(i, 2);
  assert.deepEqual(formats(), ['q', 'd', 'd', 'q']);
  list.set(0, float(2));
  list.set(1, 2n);
  assert.deepEqual(formats(), ['d', 'q', 'd', 'q']);
  assert.deepEqual([...list], [2, 2, 2, 2]);
});

test('an item keeps its room, whatever has been in it', () => {
  const { bytes, list } = made(['12345678', 1]);
  const before = Buffer.from(bytes);
  list.set(0, 'x'.repeat(16));
  assert.equal(list.get(0), 'x'.repeat(16));
  list.set(0, 5);
  list.set(0, Uint8Array.of(7));
  assert.deepEqual(list.get(0), Uint8Array.of(7));
  assert.throws(() => list.set(0, 'x'.repeat(17)), { name: 'RangeError', message: /16.*17/ });
  assert.throws(() => list.set(0, '€€€€€€'), { message: /16.*18/ });
  list.set(1, '12345678');
  assert.throws(() => list.set(1, '123456789'), { message: /8.*9/ });
  list.set(0, '12345678');
  list.set(1, 1);
  assert.deepEqual(bytes, before);
});

test('a list in the middle of a segment touches nothing else', () => {
  using segment = Segment.anonymous(4096);
  const all = new Uint8Array(segment.buffer).fill(0xaa);
  const values = ['one', 2, null];
  const view = new DataView(segment.buffer, 1003, ShareableList.sizeOf(values));
  const list = ShareableList.create(view, values);
  list.set(0, 'three');
  assert.deepEqual([...ShareableList.open(view)], ['three', 2, null]);
  const outside = [...all.subarray(0, 1003), ...all.subarray(1003 + view.byteLength)];
  assert.ok(outside.every((byte) => byte === 0xaa));
});

test('wrong arguments are TypeErrors and RangeErrors', () => {
  const { list } = made([1]);
  for (const index of [-1, 1, 0.5, Number.NaN]) {
    assert.throws(() => list.get(index), { name: 'RangeError' });
    assert.throws(() => list.set(index, 1), { name: 'RangeError' });
  }
  assert.throws(() => list.get('0' as never), { name: 'TypeError' });
  for (const value of [undefined, {}, [], Symbol(), new Float32Array(1), '\ud800']) {
    assert.throws(() => list.set(0, value as never), { name: 'TypeError' });
    assert.throws(() => ShareableList.sizeOf([value as never]), { name: 'TypeError' });
  }
  for (const values of [undefined, 'abc', 5]) {
    assert.throws(() => ShareableList.sizeOf(values as never), { name: 'TypeError' });
  }
  assert.throws(() => float('1' as never), { name: 'TypeError' });
  assert.throws(() => list.set(0, 2n ** 63n), { name: 'RangeError' });
  assert.throws(() => list.set(0, -(2n ** 63n) - 1n), { name: 'RangeError' });
  assert.throws(() => ShareableList.open([] as never), { name: 'TypeError' });
  assert.throws(() => ShareableList.create(Buffer.alloc(40), [1]), { message: /41 .* 40/ });
  assert.throws(() => ShareableList.sizeOf(['x'.repeat(9_999_992)]), { name: 'RangeError' });
  assert.equal(ShareableList.sizeOf(['x'.repeat(9_999_991)]), 16 + 8 + 9_999_992 + 9);
  assert.equal(list.get(0), 1);
});

test('what cannot be a list is refused, with what was found', () => {
  const refused = (bytes: Uint8Array, message: RegExp): void => {
    assert.throws(
      () => ShareableList.open(bytes),
      (error) => {
        assert.ok(error instanceof MemspanError);
        assert.equal(error.code, 'ERR_MEMSPAN_CORRUPT');
        assert.match(error.message, message);
        return true;
      },
    );
  };
  refused(new Uint8Array(15), /15 bytes/);
  for (const count of [-1n, 1n, 2n ** 40n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    refused(Uint8Array.from([...word(count), ...word(0), ...word(0)]), /items, in 24 bytes/);
  }
  for (const end of [-1n, 9n, 2n ** 62n]) {
    const { bytes } = made([1]);
    bytes.writeBigInt64LE(end, 16);
    refused(bytes, /its data ends at/);
  }
  // As Python 3.8 writes [1]: one size instead of two offsets.
  refused(
    Uint8Array.from([...word(1), ...word(8), ...word(1), ...text('q\0\0\0\0\0\0\0'), 0, 0, 0]),
    /Python 3\.8/,
  );
});

test('an item that Python could not have written is refused, and its neighbours are not', () => {
  const spoilt: [string, (bytes: Buffer) => void][] = [
    ['begins before the data', (bytes) => bytes.writeBigInt64LE(-8n, 16)],
    ['begins after the data', (bytes) => bytes.writeBigInt64LE(400n, 16)],
    ['ends before it begins', (bytes) => bytes.writeBigInt64LE(-1n, 24)],
    ['ends after the data', (bytes) => bytes.writeBigInt64LE(48n, 24)],
    ['has a slot of 7 bytes', (bytes) => bytes.writeBigInt64LE(15n, 24)],
    ['has a format beyond its slot', (bytes) => bytes.write('17s', 80)],
    ['has a format of nothing', (bytes) => bytes.fill(0, 80, 88)],
    ['has a format of eight digits', (bytes) => bytes.write('99999999', 80)],
    ['has a negative format', (bytes) => bytes.write('-1s', 80)],
    ['has two formats', (bytes) => bytes.write('8s8s', 80)],
    ["has a number's format and a str's code", (bytes) => bytes.write('q\0\0', 80)],
    ['has a code that there is not', (bytes) => bytes.writeInt8(4, 97)],
    ['has a negative code', (bytes) => bytes.writeInt8(-1, 97)],
    ["has a str's format and a number's code", (bytes) => bytes.writeInt8(0, 97)],
    ["has a str's format and None's code", (bytes) => bytes.writeInt8(3, 97)],
    ['is a str that is not in UTF-8', (bytes) => bytes.writeUInt8(0xff, 48)],
  ];
  for (const [what, spoil] of spoilt) {
    const { bytes, list } = made([1, 'a str of 13 by', 3]);
    assert.equal(bytes.length, 16 + 24 + 32 + 24 + 3, what);
    spoil(bytes);
    assert.equal(
      codeOf(() => list.get(1)),
      'ERR_MEMSPAN_CORRUPT',
      what,
    );
    assert.equal(
      codeOf(() => [...list]),
      'ERR_MEMSPAN_CORRUPT',
      what,
    );
    // The end of one slot is the beginning of the next.
    if (!/slot|begins|ends/.test(what)) assert.deepEqual([list.get(0), list.get(2)], [1, 3], what);
  }
});

test('whatever the bytes are: a value or an error, and nothing outside is touched', (t) => {
  const random = seededRandom(t);
  const values = [1, 'some text', null, new Uint8Array(20), 2.5, true];
  const size = ShareableList.sizeOf(values);
  const seen = { values: 0, refused: 0 };
  const attempt = (act: () => unknown): void => {
    const code = codeOf(act);
    assert.ok(
      [undefined, 'ERR_MEMSPAN_CORRUPT', 'ERR_MEMSPAN_OUT_OF_RANGE'].includes(code),
      String(code),
    );
    seen[code === undefined ? 'values' : 'refused']++;
  };
  for (let round = 0; round < 2000; round++) {
    const all = new Uint8Array(size + 200).fill(0xaa);
    const bytes = all.subarray(100, 100 + size);
    const list = ShareableList.create(bytes, values);
    for (let changes = 1 + random() * 4; changes > 0; changes--) {
      bytes[Math.floor(random() * size)] = Math.floor(random() * 256);
    }
    attempt(() => [...list]);
    for (let index = 0; index < values.length; index++) {
      attempt(() => list.get(index));
      attempt(() => list.set(index, values[Math.floor(random() * values.length)] ?? 'x'));
    }
    assert.ok(all.subarray(0, 100).every((byte) => byte === 0xaa));
    assert.ok(all.subarray(100 + size).every((byte) => byte === 0xaa));
  }
  assert.ok(seen.values > 1000 && seen.refused > 1000, JSON.stringify(seen));
});
