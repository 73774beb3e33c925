// The canonical text: there and back, its fingerprint, and texts that nobody has written.
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
  fingerprint,
  i8,
  type Layout,
  layoutText,
  offset,
  parseLayout,
  sizeOf,
  struct,
  u8,
  u32,
  union,
  utf8,
  view,
} from '../../src/index.ts';
import { fnv1a } from '../../src/layout/fingerprint.ts';
import { codeOf, seededRandom } from '../support/segments.ts';
import { anyStruct, below } from './generated.ts';

const Node = struct({ value: u32, next: offset((): Layout => Node) });
const Even = struct({ odd: offset((): Layout => Odd) });
const Odd = struct({ even: array(offset(Even), 2) });

const texts: [layout: Layout, text: string][] = [
  [u8, 'u8'],
  [struct({ n: atomic.u64 }), 'struct{n:atomic.u64}'],
  [array(array(f64, 3), 2), 'array(array(f64,3),2)'],
  [struct({ on: bool, name: utf8(5), raw: bytes(2) }), 'struct{on:bool,name:utf8(5),raw:bytes(2)}'],
  [union({ a: u8, b: f64 }), 'union{a:u8,b:f64}'],
  [bitfield(u32, { ready: 1, level: 31 }), 'bitfield(u32){ready:1,level:31}'],
  [enumeration(i8, { low: -128, high: 127 }), 'enumeration(i8){low=-128,high=127}'],
  [offset(u32), 'offset(u32)'],
  [Node, 'struct{value:u32,next:offset(^0)}'],
  [array(Node, 2), 'array(struct{value:u32,next:offset(^0)},2)'],
  [struct({ head: offset(Node) }), 'struct{head:offset(struct{value:u32,next:offset(^0)})}'],
  [Even, 'struct{odd:offset(struct{even:array(offset(^3),2)})}'],
];

for (const [layout, text] of texts) {
  test(`there and back: ${text}`, () => {
    assert.equal(layoutText(layout), text);
    const again = parseLayout(text);
    assert.equal(layoutText(again), text);
    assert.deepEqual([again.size, again.align], [layout.size, layout.align]);
  });
}

test('there and back: 500 generated layouts', (t) => {
  const random = seededRandom(t);
  for (let k = 0; k < 500; k++) {
    const layout = anyStruct(random, 3, true);
    const again = parseLayout(layoutText(layout));
    assert.equal(layoutText(again), layoutText(layout));
    assert.deepEqual([again.size, again.align], [layout.size, layout.align]);
    assert.equal(fingerprint(again), fingerprint(layout));
  }
});

test('a pointer to a layout around it points to that layout', () => {
  const node = parseLayout('struct{value:u32,next:offset(^0)}');
  const { shape } = node;
  assert.ok(shape.kind === 'struct' && shape.fields[1]?.layout.shape.kind === 'offset');
  assert.equal(shape.fields[1].layout.shape.target(), node);
  const buffer = new ArrayBuffer(32);
  const first = view(node as Layout<object, { next: number | null; value: number }>, buffer);
  first.next = 16;
  assert.equal(first.next, 16);
});

test('FNV-1a, as published', () => {
  assert.equal(fnv1a(''), 0xcbf29ce484222325n);
  assert.equal(fnv1a('a'), 0xaf63dc4c8601ec8cn);
  assert.equal(fnv1a('foobar'), 0x85944171f73967e8n);
});

test('another name, type, order or length is another fingerprint', () => {
  const layouts = [
    struct({ a: u8, b: u32 }),
    struct({ a: u8, c: u32 }),
    struct({ b: u32, a: u8 }),
    struct({ a: i8, b: u32 }),
    struct({ a: array(u8, 1), b: u32 }),
    struct({ a: array(u8, 2), b: u32 }),
    union({ a: u8, b: u32 }),
  ];
  assert.equal(new Set(layouts.map(fingerprint)).size, layouts.length);
});

test('a layout whose text would not end, or would be too long, is refused', () => {
  const endless = (): Layout => struct({ next: offset(endless) });
  assert.equal(
    codeOf(() => layoutText(endless())),
    'ERR_MEMSPAN_OUT_OF_RANGE',
  );
  const wide = Object.fromEntries(Array.from({ length: 9000 }, (_, k) => [`member_${k}`, u32]));
  assert.equal(
    codeOf(() => layoutText(struct(wide))),
    'ERR_MEMSPAN_OUT_OF_RANGE',
  );
});

const hostile: [text: string, says: RegExp][] = [
  ['', /character 0 there is its end instead of a layout/],
  ['u7', /character 0 there is "u7" instead of a layout/],
  ['U8', /instead of a layout/],
  ['u8 ', /character 2 there is " " instead of the end/],
  ['constructor', /instead of a layout/],
  ['__proto__', /instead of a layout/],
  ['atomic', /instead of "\."/],
  ['atomic.f64', /instead of the name of an integer/],
  ['utf8', /instead of "\("/],
  ['utf8(0)', /the length 0/],
  ['utf8(-1)', /the length -1/],
  ['utf8(1e3)', /instead of "\)"/],
  ['utf8(01)', /not in the canonical form/],
  ['bytes(9999999999999999)', /the length|larger than any memory/],
  ['bytes(99999999999999999999)', /instead of "\)"/],
  ['array(array(u64,2147483647),2147483647)', /larger than any memory/],
  ['array(u8,2', /its end instead of "\)"/],
  ['struct{}', /instead of a name/],
  ['struct{a:u8', /its end instead of "}"/],
  ['struct{a:u8,}', /instead of a name/],
  ['struct{a:u8,a:u8}', /"a" is there twice/],
  ['struct{__proto__:u8}', /is not an identifier/],
  ['struct{0:u8}', /is not an identifier/],
  ['struct{"]();process.exit()//:u8}', /instead of a name/],
  [`struct{${'a'.repeat(65)}:u8}`, /is not an identifier/],
  ['union{a:u8;b:u8}', /instead of "}"/],
  ['bitfield(i8){a:1}', /its base is one of/],
  ['bitfield(u8){a:9}', /more than the 8 of u8/],
  ['bitfield(u8){a:1,a:1}', /a name twice/],
  ['bitfield(u8){1:1}', /is not an identifier/],
  ['enumeration(f32){a=1}', /instead of u8/],
  ['enumeration(u8){a=256}', /is not an integer from 0 to 255/],
  ['enumeration(u8){a=-0}', /canonical form/],
  ['enumeration(u8){a=1,b=1}', /the same number/],
  ['offset(^0)', /instead of a layout around this one/],
  ['struct{a:offset(^1)}', /instead of a layout around this one/],
  ['struct{a:offset(^-1)}', /instead of a layout around this one|canonical form/],
  ['struct{a:offset(struct{b:offset(^)})}', /instead of a number/],
  ['offset('.repeat(40), /deeper than 32/],
  ['array('.repeat(10_000), /deeper than 32/],
  ['struct{a:'.repeat(7_000), /deeper than 32/],
  ['a'.repeat(70_000), /no text of at most 65536 characters/],
];

for (const [text, says] of hostile) {
  test(`refused: ${text.slice(0, 60)}`, () => {
    assert.throws(() => parseLayout(text), { code: 'ERR_MEMSPAN_CORRUPT', message: says });
  });
}

test('20,000 damaged texts: a layout or an error, and never anything else', (t) => {
  const random = seededRandom(t);
  const alphabet = 'u8i16f32,:={}()^-0129abool_struct';
  let parsed = 0;
  for (let k = 0; k < 20_000; k++) {
    const characters = [...layoutText(anyStruct(random, 1, true))];
    for (let n = 1 + below(random, 3); n > 0; n--) {
      const at = below(random, characters.length);
      const replacement = alphabet[below(random, alphabet.length)] as string;
      characters.splice(at, below(random, 3), ...(random() < 0.7 ? [replacement] : []));
    }
    const text = characters.join('');
    const code = codeOf(() => assert.equal(layoutText(parseLayout(text)), text));
    assert.ok(code === undefined || code === 'ERR_MEMSPAN_CORRUPT', `${code} for ${text}`);
    if (code === undefined) parsed += 1;
  }
  assert.ok(parsed > 0 && parsed < 20_000, `${parsed} are layouts`);
});

test('a text is data: names that are code in JavaScript are names', () => {
  const layout = parseLayout('struct{constructor:u8,toString:u8,process:u8,this:u8}');
  assert.equal(sizeOf(layout), 4);
  const buffer = new ArrayBuffer(4);
  Object.assign(view(layout, buffer), { constructor: 1, toString: 2, process: 3, this: 4 });
  assert.deepEqual(new Uint8Array(buffer), Uint8Array.of(1, 2, 3, 4));
});
