// Infer and ViewOf: the types that TypeScript sees are those that read, write and view have.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  atomic,
  bitfield,
  bool,
  bytes,
  type Elements,
  enumeration,
  f32,
  f64,
  type Infer,
  i64,
  type Layout,
  type NumberElements,
  offset,
  read,
  struct,
  u8,
  u32,
  u64,
  union,
  utf8,
  type ViewOf,
  view,
  write,
} from '../../src/index.ts';
import { same } from './types.ts';

const State = enumeration(u8, { idle: 0, busy: 1 });
const Flags = bitfield(u32, { ready: 1, level: 3 });
const Point = struct({ x: f64, y: f64 });
const Everything = struct({
  id: u32,
  big: i64,
  on: bool,
  name: utf8(8),
  raw: bytes(4),
  pos: array(f64, 3),
  path: array(Point, 2),
  state: State,
  flags: Flags,
  either: union({ f: f32, u: u64 }),
  next: offset((): Layout => Everything),
  count: atomic.i32,
  total: atomic.u64,
});

interface Plain {
  id: number;
  big: bigint;
  on: boolean;
  name: string;
  raw: Uint8Array;
  pos: number[];
  path: { x: number; y: number }[];
  state: 'idle' | 'busy';
  flags: { ready: number; level: number };
  either: { f?: number; u?: bigint };
  next: number | null;
  count: number;
  total: bigint;
}

test('Infer is the plain type', () => {
  same<Infer<typeof u8>, number>(true);
  same<Infer<typeof u64>, bigint>(true);
  same<Infer<typeof State>, 'idle' | 'busy'>(true);
  same<Infer<typeof Everything>['flags'], Plain['flags']>(true);
  same<Infer<typeof Everything>['either'], Plain['either']>(true);
  same<Infer<typeof Everything>, Plain>(true);
  same<Infer<typeof Everything>, { id: number }>(false);
});

test('ViewOf is what is in place', () => {
  type View = ViewOf<typeof Everything>;
  same<View['id'], number>(true);
  same<View['name'], string>(true);
  same<View['raw'], Uint8Array>(true);
  same<View['pos'], NumberElements<number>>(true);
  same<View['path'], Elements<ViewOf<typeof Point>, Infer<typeof Point>>>(true);
  same<View['state'], 'idle' | 'busy'>(true);
  same<View['next'], number | null>(true);
  same<View['count'], Int32Array>(true);
  same<View['total'], BigUint64Array>(true);
});

test('what has members itself cannot be assigned, to the compiler and in fact', () => {
  const everything = view(Everything, new SharedArrayBuffer(Everything.size));
  everything.id = 1;
  assert.throws(() => {
    // @ts-expect-error it is read-only
    everything.pos = [1, 2, 3];
  }, TypeError);
  assert.throws(() => {
    // @ts-expect-error a single value has no view
    view(u8, new ArrayBuffer(1));
  }, TypeError);
});

test('wrong values and members do not compile, and are refused', () => {
  const memory = new ArrayBuffer(Point.size);
  // @ts-expect-error y is missing
  assert.throws(() => write(Point, memory, 0, { x: 1 }), TypeError);
  // @ts-expect-error not one of the names
  assert.throws(() => write(State, memory, 0, 'gone'), RangeError);
  // @ts-expect-error a bigint
  assert.throws(() => write(u64, memory, 0, 1), TypeError);
  const point: { x: number; y: number } = read(Point, memory);
  assert.deepEqual(point, { x: 0, y: 0 });
});
