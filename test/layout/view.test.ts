// Views: properties that are the memory. They agree with read and write, and with typed arrays.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import {
  array,
  atomic,
  bitfield,
  bool,
  bytes,
  type Elements,
  enumeration,
  f64,
  i64,
  type Layout,
  notify,
  offset,
  read,
  Segment,
  sizeOf,
  struct,
  u8,
  u32,
  union,
  utf8,
  view,
  wait,
  waitAsync,
  write,
} from '../../src/index.ts';
import { codeOf, seededRandom } from '../support/segments.ts';
import { anyStruct, anyValue, below } from './generated.ts';

const Point = struct({ x: f64, y: f64 });
const Monster = struct({
  id: u32,
  alive: bool,
  name: utf8(10),
  raw: bytes(4),
  pos: array(f64, 3),
  path: array(Point, 2),
  state: enumeration(u8, { idle: 0, busy: 7 }),
  flags: bitfield(u32, { ready: 1, level: 30, last: 1 }),
  either: union({ f: f64, i: i64 }),
  target: offset(u32),
});

test('an assignment is in the memory, and the memory is what a property says', () => {
  const buffer = new SharedArrayBuffer(sizeOf(Monster));
  const monster = view(Monster, buffer);
  monster.id = 7;
  monster.alive = true;
  monster.name = 'Grendel';
  monster.raw.set([1, 2, 3, 4]);
  monster.pos.set(2, 1.5);
  monster.path.get(1).y = -1;
  monster.path.set(0, { x: 4, y: 5 });
  monster.state = 'busy';
  monster.flags.level = 5;
  monster.flags.last = 1;
  monster.either.f = 1;
  monster.target = 0;
  assert.deepEqual(read(Monster, buffer), {
    id: 7,
    alive: true,
    name: 'Grendel',
    raw: Uint8Array.of(1, 2, 3, 4),
    pos: [0, 0, 1.5],
    path: [
      { x: 4, y: 5 },
      { x: 0, y: -1 },
    ],
    state: 'busy',
    flags: { ready: 0, level: 5, last: 1 },
    either: { f: 1, i: 0x3ff0000000000000n },
    target: 0,
  });
  assert.equal(monster.name, 'Grendel');
  assert.equal(monster.state, 'busy');
  assert.equal(monster.alive, true);
  assert.equal(monster.target, 0);
  assert.equal(monster.either.i, 0x3ff0000000000000n);
  assert.deepEqual(
    [...monster.path].map(({ x }) => x),
    [4, 0],
  );
  new Uint8Array(buffer)[0] = 9;
  assert.equal(monster.id, 9);
});

test('numbers of an array are a typed array as well, over the same memory', () => {
  const buffer = new SharedArrayBuffer(64);
  const { pos } = view(struct({ n: u8, pos: array(f64, 3) }), buffer, 16);
  pos.typed.set([1, 2, 3]);
  assert.ok(pos instanceof Object && pos.typed instanceof Float64Array);
  assert.equal(pos.typed.byteOffset, 24);
  assert.deepEqual([...pos], [1, 2, 3]);
  assert.equal(pos.length, 3);
});

test('an atomic member is what Atomics, wait and notify take', async () => {
  const Stats = struct({ name: utf8(3), ready: atomic.i32, counts: array(atomic.u64, 2) });
  const { buffer } = Segment.anonymous(sizeOf(Stats) + 8);
  const stats = view(Stats, buffer, 8);
  assert.equal(wait(stats.ready, 0, 1), 'not-equal');
  const waiting = waitAsync(stats.ready, 0, 0);
  Atomics.store(stats.ready, 0, 1);
  assert.equal(notify(stats.ready, 0), 1);
  assert.equal(await waiting.value, 'ok');
  Atomics.add(stats.counts.get(1), 0, 5n);
  stats.counts.set(0, 7n);
  assert.deepEqual(read(Stats, buffer, 8), { name: '', ready: 1, counts: [7n, 5n] });
  const alone = view(atomic.i32, buffer, 12);
  assert.deepEqual([alone[0], alone.length, alone.byteOffset], [1, 1, 12]);
  assert.equal(
    codeOf(() => view(atomic.i32, buffer, 14)),
    'ERR_MEMSPAN_OUT_OF_RANGE',
  );
  assert.throws(() => Object.assign(stats, { ready: 2 }), TypeError);
});

test('where code must not be generated, there are no views, but read and write', () => {
  const entry = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);
  const program = `import { array, read, u8, view, write } from ${entry};
    const memory = new ArrayBuffer(2);
    write(array(u8, 2), memory, 0, [1, 2]);
    try { view(array(u8, 2), memory); } catch (error) { console.log(error.name, read(u8, memory, 1)); }`;
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module'];
  const printed = execFileSync(process.execPath, [...flags, '--eval', program], {
    encoding: 'utf8',
  });
  assert.equal(printed, 'EvalError 2\n');
});

test('numbers wrap as in typed arrays; bits as well', () => {
  const buffer = new ArrayBuffer(8);
  const here = view(struct({ a: u8, flags: bitfield(u32, { low: 3, high: 29 }) }), buffer);
  here.a = 257;
  here.flags.high = 2 ** 29 - 1;
  here.flags.low = 15;
  assert.deepEqual([here.a, here.flags.low, here.flags.high], [1, 7, 2 ** 29 - 1]);
  here.flags.high = 0;
  assert.equal(here.flags.low, 7);
  const whole = view(bitfield(u32, { all: 32 }), buffer, 4);
  whole.all = 2 ** 32 - 1;
  assert.equal(whole.all, 2 ** 32 - 1);
});

test('what is more than a number is checked, and refused by name', () => {
  const buffer = new ArrayBuffer(sizeOf(Monster));
  const monster = view(Monster, buffer);
  assert.throws(() => {
    monster.name = 'Scheherazade';
  }, /^RangeError.*: view: name: "Scheherazade" is not text of at most 10 bytes$/);
  assert.throws(() => {
    monster.state = 'gone' as 'idle';
  }, RangeError);
  assert.throws(() => {
    monster.target = 3;
  }, RangeError);
  assert.throws(() => monster.path.set(1, { x: 1 } as { x: number; y: number }), TypeError);
  assert.deepEqual(new Uint8Array(buffer), new Uint8Array(sizeOf(Monster)));
});

test('what others have written is checked before it is believed', () => {
  const buffer = new ArrayBuffer(sizeOf(Monster));
  new Uint8Array(buffer).fill(0x7f);
  const monster = view(Monster, buffer);
  assert.equal(
    codeOf(() => monster.state),
    'ERR_MEMSPAN_CORRUPT',
  );
  assert.equal(
    codeOf(() => monster.target),
    'ERR_MEMSPAN_CORRUPT',
  );
  assert.equal(monster.alive, true);
});

test('an index outside of an array', () => {
  const list = view(array(u32, 4), new ArrayBuffer(64), 16);
  for (const index of [-1, 4, 0.5, Number.NaN, '0' as unknown as number]) {
    assert.equal(
      codeOf(() => list.get(index)),
      'ERR_MEMSPAN_OUT_OF_RANGE',
    );
    assert.equal(
      codeOf(() => list.set(index, 1)),
      'ERR_MEMSPAN_OUT_OF_RANGE',
    );
  }
});

test('a view wants an aligned place; read and write do not', () => {
  const buffer = new ArrayBuffer(64);
  assert.equal(
    codeOf(() => view(Point, buffer, 4)),
    'ERR_MEMSPAN_OUT_OF_RANGE',
  );
  assert.equal(
    codeOf(() => view(Point, new Uint8Array(buffer, 4), 0)),
    'ERR_MEMSPAN_OUT_OF_RANGE',
  );
  view(Point, new Uint8Array(buffer, 4), 4).y = 3;
  assert.deepEqual(read(Point, buffer, 8), { x: 0, y: 3 });
  assert.equal(
    codeOf(() => view(Point, buffer, 56)),
    'ERR_MEMSPAN_OUT_OF_RANGE',
  );
});

test('a buffer that has grown has views of its new bytes', () => {
  const buffer = new SharedArrayBuffer(16, { maxByteLength: 64 });
  const before = view(array(u32, 2), buffer);
  buffer.grow(64);
  const after = view(array(u32, 16), buffer);
  after.set(15, 5);
  after.set(1, 6);
  assert.equal(before.get(1), 6);
  assert.equal(read(u32, buffer, 60), 5);
});

test('names that JavaScript has a use for are members like others', () => {
  const Odd = struct({
    constructor: u8,
    toString: u8,
    get: u8,
    length: u8,
    lens: u8,
    L0: u8,
    u8: u32,
  });
  const buffer = new ArrayBuffer(sizeOf(Odd));
  const odd = view(Odd, buffer) as unknown as Record<string, number>;
  const value = { constructor: 1, toString: 2, get: 3, length: 4, lens: 5, L0: 6, u8: 7 };
  Object.assign(odd, value);
  assert.deepEqual(Object.entries(read(Odd, buffer)), Object.entries(value));
});

test('views, read and write agree: 300 generated layouts', (t) => {
  const random = seededRandom(t);
  for (let k = 0; k < 300; k++) {
    const layout = anyStruct(random) as Layout<object, object>;
    const at = 8 * below(random, 3);
    const buffer = new SharedArrayBuffer(sizeOf(layout) + 24);
    const value = anyValue(layout, random, at, buffer.byteLength);
    write(layout, buffer, at, value as object);
    const copy = new SharedArrayBuffer(buffer.byteLength);
    assign(layout, view(layout, copy, at), value);
    assert.deepEqual(new Uint8Array(copy), new Uint8Array(buffer));
    assertShows(layout, view(layout, copy, at), read(layout, copy, at));
  }
});

type Named = Record<string, unknown>;

/** Assigns every single value through the views. */
function assign(layout: Layout, to: unknown, value: unknown): void {
  const { shape } = layout;
  if (shape.kind === 'array') {
    const elements = to as Elements<unknown, unknown>;
    for (let i = 0; i < shape.length; i++) elements.set(i, (value as unknown[])[i]);
  } else if ('fields' in shape) {
    for (const [name, inner] of Object.entries(value as Named)) {
      const field = shape.fields.find((one) => one.name === name)!;
      if ('layout' in field && isComposite(field.layout))
        assign(field.layout, (to as Named)[name], inner);
      else (to as Named)[name] = inner;
    }
  } else if (shape.kind === 'atomic') (to as [unknown])[0] = value;
  else (to as Uint8Array).set(value as Uint8Array);
}

/** That a view shows what `read` has returned. */
function assertShows(layout: Layout, shown: unknown, value: unknown): void {
  const { shape } = layout;
  if (shape.kind === 'array') {
    const elements = [...(shown as Iterable<unknown>)];
    assert.equal(elements.length, shape.length);
    for (let i = 0; i < shape.length; i++)
      assertShows(shape.element, elements[i], (value as unknown[])[i]);
  } else if (shape.kind === 'struct' || shape.kind === 'union') {
    for (const { name, layout: inner } of shape.fields)
      if (name in (value as Named))
        assertShows(inner, (shown as Named)[name], (value as Named)[name]);
  } else if (shape.kind === 'bitfield') {
    for (const { name } of shape.fields)
      assert.equal((shown as Named)[name], (value as Named)[name]);
  } else assert.deepEqual(shape.kind === 'atomic' ? (shown as [unknown])[0] : shown, value);
}

function isComposite({ shape }: Layout): boolean {
  return ['array', 'bytes', 'atomic'].includes(shape.kind) || 'fields' in shape;
}
