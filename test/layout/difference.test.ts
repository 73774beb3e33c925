// layoutDifferences: which member, both types, both offsets; what may be appended.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  enumeration,
  f32,
  f64,
  type Layout,
  layoutDifferences,
  offset,
  struct,
  u8,
  u16,
  u32,
  union,
  utf8,
} from '../../src/index.ts';

interface Case {
  readonly claim: string;
  readonly expected: Layout;
  readonly found: Layout;
  readonly says: readonly string[];
  /** All of them, or none. */
  readonly compatible: boolean;
}

const Old = struct({ id: u32, hp: u8 });

const Short = struct({ value: u32, next: offset((): Layout => Short) });
const Long = struct({ value: u32, next: offset((): Layout => Long), more: u8 });

const cases: Case[] = [
  {
    claim: 'the same',
    expected: Old,
    found: struct({ id: u32, hp: u8 }),
    says: [],
    compatible: true,
  },
  {
    claim: 'a member appended',
    expected: Old,
    found: struct({ id: u32, hp: u8, name: utf8(8) }),
    says: ['name: expected nothing, found utf8(8) at 5'],
    compatible: true,
  },
  {
    claim: 'a member that is not there yet',
    expected: struct({ id: u32, hp: u8, x: f64, y: f64 }),
    found: Old,
    says: ['x: expected f64 at 8, found nothing', 'y: expected f64 at 16, found nothing'],
    compatible: true,
  },
  {
    claim: 'different members appended to both lie upon one another',
    expected: struct({ id: u32, x: f64 }),
    found: struct({ id: u32, y: f64 }),
    says: ['x: expected f64 at 8, found nothing', 'y: expected nothing, found f64 at 8'],
    compatible: false,
  },
  {
    claim: 'another type, at another place, moves what is behind it',
    expected: struct({ id: u32, hp: u32, mana: u8 }),
    found: struct({ id: u32, hp: f64, mana: u8 }),
    says: ['hp: expected u32 at 4, found f64 at 8', 'mana: expected u8 at 8, found u8 at 16'],
    compatible: false,
  },
  {
    claim: 'another order',
    expected: struct({ a: u32, b: u32 }),
    found: struct({ b: u32, a: u32 }),
    says: ['a: expected u32 at 0, found u32 at 4', 'b: expected u32 at 4, found u32 at 0'],
    compatible: false,
  },
  {
    claim: 'a member in between, where there was room',
    expected: struct({ a: u8, b: u32 }),
    found: struct({ a: u8, n: u16, b: u32 }),
    says: ['n: expected nothing, found u16 at 2'],
    compatible: false,
  },
  {
    claim: 'another type inside',
    expected: struct({ n: u8, at: struct({ x: f32, y: f32 }) }),
    found: struct({ n: u8, at: struct({ x: f32, y: u32 }) }),
    says: ['at.y: expected f32 at 8, found u32 at 8'],
    compatible: false,
  },
  {
    claim: 'appended inside, into the padding: nothing else has moved',
    expected: struct({ at: struct({ x: f64, n: u8 }), z: u8 }),
    found: struct({ at: struct({ x: f64, n: u8, m: u8 }), z: u8 }),
    says: ['at.m: expected nothing, found u8 at 9'],
    compatible: true,
  },
  {
    claim: 'appended to the elements of an array, which are larger now',
    expected: struct({ list: array(struct({ x: u32 }), 2) }),
    found: struct({ list: array(struct({ x: u32, y: u32 }), 2) }),
    says: ['list[].y: expected nothing, found u32 at 4'],
    compatible: false,
  },
  {
    claim: 'an array of another length',
    expected: struct({ list: array(u8, 2) }),
    found: struct({ list: array(u8, 3) }),
    says: ['list: expected array(u8,2) at 0, found array(u8,3) at 0'],
    compatible: false,
  },
  {
    claim: 'another enumeration, another union',
    expected: struct({ s: enumeration(u8, { a: 0 }), u: union({ a: u8 }) }),
    found: struct({ s: enumeration(u8, { b: 0 }), u: union({ b: u8 }) }),
    says: [
      's: expected enumeration(u8){a=0} at 0, found enumeration(u8){b=0} at 0',
      'u: expected union{a:u8} at 1, found union{b:u8} at 1',
    ],
    compatible: false,
  },
  {
    claim: 'appended to a struct that points to itself',
    expected: struct({ head: offset(Short) }),
    found: struct({ head: offset(Long) }),
    says: ['head->more: expected nothing, found u8 at 16'],
    compatible: true,
  },
  {
    claim: 'a pointer to something else',
    expected: struct({ list: offset(u32) }),
    found: struct({ list: offset(f64) }),
    says: ['list->: expected u32 at 0, found f64 at 0'],
    compatible: false,
  },
  {
    claim: 'no struct at all',
    expected: u32,
    found: Old,
    says: ['the whole: expected u32 at 0, found struct{id:u32,hp:u8} at 0'],
    compatible: false,
  },
];

for (const { claim, expected, found, says, compatible } of cases) {
  test(claim, () => {
    const differences = layoutDifferences(expected, found);
    assert.deepEqual(
      differences.map(({ message }) => message),
      says,
    );
    for (const one of differences) assert.equal(one.compatible, compatible, one.message);
  });
}

test('a difference has its path, types and offsets', () => {
  const [difference] = layoutDifferences(struct({ hp: u8 }), struct({ n: u16, hp: u16 }));
  assert.deepEqual(difference, {
    path: 'hp',
    expected: { type: 'u8', offset: 0 },
    found: { type: 'u16', offset: 2 },
    compatible: false,
    message: 'hp: expected u8 at 0, found u16 at 2',
  });
});
