// Views of read-only segments: everything can be read, nothing can be assigned, and who tries is told at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  atomic,
  bitfield,
  bool,
  bytes,
  enumeration,
  f64,
  offset,
  read,
  Segment,
  struct,
  u8,
  u32,
  union,
  utf8,
  view,
  write,
} from '../../src/index.ts';
import { uniqueName } from '../support/segments.ts';

const All = struct({
  n: u32,
  on: bool,
  name: utf8(4),
  state: enumeration(u8, { idle: 0, busy: 1 }),
  flags: bitfield(u32, { low: 3, high: 29 }),
  either: union({ a: u8, b: f64 }),
  list: array(f64, 2),
  parts: array(struct({ v: u32 }), 2),
  next: offset(u8),
  raw: bytes(2),
  count: atomic.i32,
});
const READ_ONLY = { name: 'MemspanError', code: 'ERR_MEMSPAN_READ_ONLY' };

/** The same memory twice: to write, and to read. */
function pair(): { writable: Segment; readOnly: Segment } {
  const name = uniqueName();
  const writable = Segment.create(name, { size: 4096 });
  const readOnly = Segment.open(name, { readOnly: true });
  writable.unlink();
  return { writable, readOnly };
}

test('whatever is assigned: ERR_MEMSPAN_READ_ONLY at once, and the memory is untouched', () => {
  const { writable, readOnly } = pair();
  const mine = view(All, writable.buffer);
  mine.n = 7;
  mine.list.set(1, 0.5);
  mine.parts.get(1).v = 9;
  const before = new Uint8Array(writable.buffer).slice();
  for (const memory of [readOnly.buffer, new Uint8Array(readOnly.buffer), readOnly.bulk]) {
    const theirs = view(All, memory);
    const writes: Record<string, () => unknown> = {
      n: () => Object.assign(theirs, { n: 8 }),
      on: () => Object.assign(theirs, { on: true }),
      name: () => Object.assign(theirs, { name: 'x' }),
      state: () => Object.assign(theirs, { state: 'busy' }),
      flags: () => Object.assign(theirs.flags, { low: 1 }),
      either: () => Object.assign(theirs.either, { b: 1 }),
      list: () => theirs.list.set(0, 1),
      parts: () => theirs.parts.set(0, { v: 1 }),
      'a part': () => Object.assign(theirs.parts.get(0), { v: 1 }),
      next: () => Object.assign(theirs, { next: 0 }),
      'as a plain value': () => write(u8, memory, 0, 1),
    };
    for (const [what, assign] of Object.entries(writes)) assert.throws(assign, READ_ONLY, what);
    assert.deepEqual([theirs.n, theirs.list.get(1), theirs.parts.get(1).v], [7, 0.5, 9]);
    assert.deepEqual(read(All, memory), read(All, writable.buffer));
    assert.equal(Atomics.load(theirs.count, 0), 0);
  }
  // Nothing was diverted: there is nothing to report.
  assert.equal(readOnly.buffer.byteLength, 4096);
  assert.deepEqual(new Uint8Array(writable.buffer), before);
  // What the one writes the other sees; and the views of the one still write.
  mine.n = 8;
  assert.equal(view(All, readOnly.buffer).n, 8);
  for (const segment of [writable, readOnly]) segment.close();
});

test('what has bytes of its own hands them out all the same: a write there is made harmless, as ever', () => {
  const { writable, readOnly } = pair();
  const theirs = view(All, readOnly.buffer);
  theirs.raw[0] = 1;
  assert.equal(view(All, writable.buffer).raw[0], 0);
  assert.throws(() => readOnly.buffer, READ_ONLY);
  for (const segment of [writable, readOnly]) segment.close();
});

test('a private mapping is writable, to its owner', () => {
  const name = uniqueName();
  using shared = Segment.create(name, { size: 64 });
  using mine = Segment.open(name, { private: true });
  shared.unlink();
  view(array(u32, 2), mine.buffer).set(0, 5);
  assert.deepEqual(read(array(u32, 2), mine.buffer), [5, 0]);
  assert.deepEqual(read(array(u32, 2), shared.buffer), [0, 0]);
});
