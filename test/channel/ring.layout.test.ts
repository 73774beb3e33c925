// The bytes of a ring against bytes written by hand: header, cursors, message header, padding, wrap.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ring, Segment } from '../../src/index.ts';
import { AT, code, DATA, drain, FLAG, HEADER, pair, stage, startAt } from './rings.ts';

test('zero-filled memory is a fresh ring: the constructor writes three words and nothing else', (t) => {
  const { words, bytes, ring } = stage(t, 64);
  assert.equal(ring.capacity, 64);
  const expected = new Uint8Array(HEADER + 64);
  expected.set([0x47, 0x52, 0x4e, 0x47, 2, 0, 0, 0, 64, 0, 0, 0]);
  assert.deepEqual(bytes, expected);
  assert.equal(words[AT.magic], 0x474e5247);
});

test('an end that attaches writes one word, and closing writes the cursors', (t) => {
  const { words, writer, reader } = pair(t);
  assert.deepEqual([words[AT.writer], words[AT.reader]], [1, 1]);
  assert.deepEqual([words[AT.written], words[AT.read]], [0, 0]);
  writer.close();
  assert.deepEqual([words[AT.written], words[AT.read]], [FLAG.closed, 0]);
  reader.close();
  assert.deepEqual([words[AT.written], words[AT.read]], [FLAG.closed | FLAG.refused, FLAG.closed]);
  assert.deepEqual([words[AT.writer], words[AT.reader]], [1, 1]);
});

test('a message is its length, its bytes, and padding to 8; positions count bytes', (t) => {
  const { words, bytes, writer } = pair(t);
  bytes.fill(0xee, DATA);
  writer.trySend(Uint8Array.of(1, 2, 3, 4, 5));
  assert.equal(words[AT.written], 16);
  assert.deepEqual([...bytes.subarray(DATA, DATA + 9)], [5, 0, 0, 0, 1, 2, 3, 4, 5]);
  assert.ok(bytes.subarray(DATA + 9).every((byte) => byte === 0xee));
  writer.trySend('');
  assert.equal(words[AT.written], 24);
  assert.deepEqual([...bytes.subarray(DATA + 16, DATA + 20)], [0, 0, 0, 0]);
  assert.equal(words[AT.read], 0);
});

test('a payload runs over the end of the data area to its start', (t) => {
  const { words, bytes, writer, reader } = pair(t, 64, startAt(56));
  writer.trySend(Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
  assert.equal(words[AT.written], 56 + 16);
  assert.deepEqual([...bytes.subarray(DATA + 56, DATA + 64)], [7, 0, 0, 0, 1, 2, 3, 4]);
  assert.deepEqual([...bytes.subarray(DATA, DATA + 4)], [5, 6, 7, 0]);
  assert.deepEqual(drain(reader), [Uint8Array.of(1, 2, 3, 4, 5, 6, 7)]);
  assert.equal(words[AT.read], 56 + 16);
});

test('messages written by hand are received', (t) => {
  const { reader } = pair(t, 64, (words) => {
    const bytes = new Uint8Array(words.buffer);
    bytes.set([3, 0, 0, 0, 10, 20, 30, 99, 0, 0, 0, 0, 99, 99, 99, 99], DATA);
    words[AT.written] = 16;
  });
  assert.deepEqual(drain(reader), [Uint8Array.of(10, 20, 30), new Uint8Array(0)]);
});

test('messages written by hand before a close are received, then the stream has ended', (t) => {
  const { reader } = pair(t, 64, (words) => {
    new Uint8Array(words.buffer).set([1, 0, 0, 0, 42], DATA);
    words[AT.writer] = 0;
    words[AT.written] = 8 | FLAG.closed;
  });
  assert.deepEqual(reader.receive(), Uint8Array.of(42));
  assert.equal(reader.ended, false);
  assert.equal(reader.receive(), null);
  assert.equal(reader.ended, true);
});

test('a header that was begun is completed: each of its words may be there or not', (t) => {
  for (let there = 0; there < 8; there++) {
    const { words } = stage(t, 128, (before) => {
      if (there & 1) before[AT.magic] = 0x474e5247;
      if (there & 2) before[AT.version] = 2;
      if (there & 4) before[AT.capacity] = 128;
    });
    assert.deepEqual([...words.subarray(0, 3)], [0x474e5247, 2, 128]);
  }
});

test('a second Ring over the memory sees the same ring', (t) => {
  const { segment, ring } = stage(t);
  const again = new Ring(segment);
  using writer = ring.writer();
  using reader = again.reader();
  writer.send('hello');
  assert.equal(Buffer.from(reader.receive() as Uint8Array).toString(), 'hello');
});

test('another magic number, version or capacity is ERR_MEMSPAN_CORRUPT, with what was found', (t) => {
  for (const [word, name] of [
    [AT.magic, 'magic number'],
    [AT.version, 'format version'],
    [AT.capacity, 'capacity'],
  ] as const) {
    for (const value of [1, -1, 0x7fffffff, 65]) {
      const make = () => stage(t, 64, (words) => words.fill(value, word, word + 1));
      assert.throws(make, (error: Error & { found: number; code: string }) => {
        assert.equal(error.code, 'ERR_MEMSPAN_CORRUPT');
        assert.equal(error.found, value);
        return error.message.includes(`${name} is ${value}`);
      });
    }
  }
});

test('bytesFor rounds up to a power of two and adds the header', () => {
  const pairs = [
    [1, 64],
    [64, 64],
    [65, 128],
    [100_000, 131_072],
    [2 ** 20, 2 ** 20],
    [2 ** 30, 2 ** 30],
  ];
  for (const [wanted, bytes] of pairs) assert.equal(Ring.bytesFor(wanted!), HEADER + bytes!);
  for (const wrong of [0, -1, 1.5, NaN, 2 ** 30 + 1, Infinity]) {
    assert.throws(() => Ring.bytesFor(wrong), { name: 'RangeError', ...code('OUT_OF_RANGE') });
  }
});

test('memory larger than needed is used up to a power of two; too little is a RangeError', () => {
  for (const [size, capacity] of [
    [HEADER + 64, 64],
    [HEADER + 127, 64],
    [HEADER + 128, 128],
    [8192, 4096],
  ] as const) {
    using segment = Segment.anonymous(size);
    assert.equal(new Ring(segment).capacity, capacity);
  }
  for (const size of [1, HEADER, HEADER + 63]) {
    using segment = Segment.anonymous(size);
    assert.throws(() => new Ring(segment), { name: 'RangeError', message: new RegExp(`${size}`) });
  }
});

test('what is not a segment is a TypeError', () => {
  for (const wrong of [undefined, null, {}, new SharedArrayBuffer(4096)]) {
    assert.throws(() => new Ring(wrong as unknown as Segment), { name: 'TypeError' });
  }
});

test('an end that cannot be used once it is taken is given back', () => {
  const words = new Int32Array(new SharedArrayBuffer(Ring.bytesFor(64)));
  let isGone = false;
  const held = new Set<number>();
  const ring = new Ring({
    name: undefined,
    size: words.byteLength,
    get buffer() {
      if (isGone) throw new Error('gone');
      return words.buffer as SharedArrayBuffer;
    },
    bulk: new ArrayBuffer(words.byteLength),
    status: new Uint32Array(1),
    lifeline(index) {
      held.add(index);
      return { release: () => held.delete(index) };
    },
    isHeld: (index) => held.has(index),
  });
  isGone = true;
  assert.throws(() => ring.writer(), /gone/);
  assert.throws(() => ring.reader(), /gone/);
  assert.deepEqual(held, new Set());
});

test('a read-only opening is no ring: ERR_MEMSPAN_READ_ONLY', () => {
  const name = `memspan-test-${process.pid}-readonly`;
  using made = Segment.create(name, { size: Ring.bytesFor(64) });
  const ring = new Ring(made);
  try {
    using opened = Segment.open(name, { readOnly: true });
    assert.throws(() => new Ring(opened), code('READ_ONLY'));
  } finally {
    made.unlink();
  }
  using writer = ring.writer();
  assert.equal(writer.trySend('x'), true);
});
