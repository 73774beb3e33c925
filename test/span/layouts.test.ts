// The layouts of named objects: what is stored with them, who may open them, and what is said to who may not. Also when
// the entry, or the text, says anything at all.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  array,
  f64,
  fingerprint,
  type Layout,
  layoutText,
  MemspanError,
  offset,
  Span,
  struct,
  u8,
  u32,
} from '../../src/index.ts';
import { fnv1a } from '../../src/layout/fingerprint.ts';
import { Entry } from '../../src/span/directory.layout.ts';
import { openObject } from '../../src/span/directory.ts';
import type { ObjectEntry } from '../../src/span/view.ts';
import { codeOf } from '../support/segments.ts';

const Player = struct({ id: u32, hp: u8 });

/** As a channel would: of any length, and of `kind` 33. */
function open(span: Span, name: string, length: number, layout?: Layout): ObjectEntry {
  return openObject(span.attachment('test'), {
    operation: 'test',
    kind: 33,
    name,
    length,
    options: 0,
    describeOptions: String,
    layout,
  });
}

/** The same, if a longer one with appended members will do. */
function openExtensible(span: Span, name: string, layout: Layout): ObjectEntry {
  return openObject(span.attachment('test'), {
    operation: 'test',
    kind: 9,
    name,
    length: layout.size,
    options: 0,
    describeOptions: String,
    layout,
    extensible: true,
  });
}

function errorOf(act: () => unknown): MemspanError {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof MemspanError, String(error));
    return error;
  }
  return assert.fail('nothing was thrown');
}

test('the layout of an object is stored with it, whatever its length', () => {
  using span = Span.anonymous();
  for (const length of [1, 64, 1001]) {
    const name = `o-${length}`;
    const made = open(span, name, length, Player);
    assert.equal(made.layout?.fingerprint, fingerprint(Player));
    assert.deepEqual(open(span, name, length, struct({ id: u32, hp: u8 })), made);
    const { layout, size } = span.object(name) ?? {};
    assert.equal(layoutText(layout as Layout), 'struct{id:u32,hp:u8}');
    assert.equal(size, length);
  }
  open(span, 'plain', 8);
  assert.equal(span.object('plain')?.layout, undefined);
});

test('the text is behind the bytes, and the next object behind the text', () => {
  using span = Span.anonymous();
  const Long = struct(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`n${i}`, u8])));
  const first = open(span, 'a', 30, Long);
  const text = layoutText(Long);
  assert.deepEqual(first.layout, {
    fingerprint: fnv1a(text),
    offset: first.offset + 32,
    length: text.length,
  });
  const second = open(span, 'b', 30, Player);
  assert.equal(second.offset, Math.ceil((first.offset + 32 + text.length) / 64) * 64);
  new Uint8Array(span.segment.buffer, first.offset, 30).fill(255);
  new Uint8Array(span.segment.buffer, second.offset, 30).fill(255);
  assert.equal(layoutText(span.object('a')?.layout as Layout), text);
});

test('another layout: the first member that differs, both types, both offsets', () => {
  using span = Span.anonymous();
  open(span, 'p', 64, Player);
  const error = errorOf(() => open(span, 'p', 64, struct({ id: u32, hp: f64, mana: u8 })));
  assert.equal(error.code, 'ERR_MEMSPAN_LAYOUT_MISMATCH');
  assert.match(error.message, /'\/p': .*hp: expected f64 at 8, found u8 at 4 \(and 1 more\)/);
  assert.deepEqual(error.expected, { path: 'hp', type: 'f64', offset: 8 });
  assert.deepEqual(error.found, { path: 'hp', type: 'u8', offset: 4 });
});

test('with a layout and without one are two things', () => {
  using span = Span.anonymous();
  open(span, 'with', 8, Player);
  open(span, 'without', 8);
  const none = errorOf(() => open(span, 'with', 8));
  assert.equal(none.code, 'ERR_MEMSPAN_LAYOUT_MISMATCH');
  assert.match(none.message, /it has the layout struct\{id:u32,hp:u8\}, not no layout/);
  const some = errorOf(() => open(span, 'without', 8, Player));
  assert.match(some.message, /it has no layout, not the layout struct\{id:u32,hp:u8\}/);
});

test('appended members: who knows fewer is let in, who knows more is not; messages are all the same', () => {
  const More = struct({ id: u32, hp: u8, at: array(f64, 2) });
  using span = Span.anonymous();
  openExtensible(span, 'more', More);
  assert.equal(openExtensible(span, 'more', Player).length, 24);
  openExtensible(span, 'less', Player);
  const error = errorOf(() => openExtensible(span, 'less', More));
  assert.equal(error.code, 'ERR_MEMSPAN_LAYOUT_MISMATCH');
  assert.match(error.message, /at: expected array\(f64,2\) at 8, found nothing/);
  assert.deepEqual(
    [error.expected, error.found],
    [{ path: 'at', type: 'array(f64,2)', offset: 8 }, undefined],
  );
  // In what were padding bytes: another one might have something else there.
  assert.equal(
    codeOf(() => openExtensible(span, 'less', struct({ id: u32, hp: u8, mp: u8 }))),
    'ERR_MEMSPAN_LAYOUT_MISMATCH',
  );
  open(span, 'channel', 64, More);
  assert.equal(
    codeOf(() => open(span, 'channel', 64, Player)),
    'ERR_MEMSPAN_LAYOUT_MISMATCH',
  );
});

test('a text for which there is no room, or that there cannot be, makes no object', () => {
  using span = Span.anonymous({ size: 65_536, participants: 1, objects: 2 });
  const left = span.size - (open(span, 'a', 4).offset + 64);
  const error = errorOf(() => open(span, 'b', left, Player));
  assert.equal(error.code, 'ERR_MEMSPAN_NO_SPACE');
  assert.deepEqual([error.expected, error.found], [left + 20, left]);
  const names = Array.from({ length: 3000 }, (_, i) => [
    `a-long-name-of-a-member-${i}`.replaceAll('-', '_'),
    u32,
  ]);
  const Huge = struct(Object.fromEntries(names));
  assert.equal(
    codeOf(() => open(span, 'b', 4, Huge)),
    'ERR_MEMSPAN_OUT_OF_RANGE',
  );
  assert.equal(span.objects().length, 1);
  open(span, 'b', left - 20, Player);
});

interface Stage {
  readonly span: Span;
  readonly words: Int32Array;
  /** The entry's first word. */
  readonly at: number;
  /** Where the text is. */
  readonly from: number;
}

/** A span with one object that has a layout. */
function stage(t: TestContext, layout: Layout = Player): Stage {
  const span = Span.anonymous({ size: 65_536, participants: 1, objects: 4 });
  t.after(() => span.close());
  const made = open(span, 'p', 8, layout);
  const words = new Int32Array(span.segment.buffer);
  const at = span.attachment('test').view.entryAt(made.index);
  return { span, words, at, from: made.layout?.offset as number };
}

function setText({ words, at, from }: Stage, text: string, hash = fnv1a(text)): void {
  new Uint8Array(words.buffer).set(new TextEncoder().encode(text), from);
  words[at + Entry.layoutLength] = text.length;
  words[at + Entry.fingerprint] = Number(BigInt.asIntN(32, hash));
  words[at + Entry.fingerprint + 1] = Number(BigInt.asIntN(32, hash >> 32n));
}

test('a text that cannot be where the entry says: the entry is damaged', (t) => {
  const places: readonly [offset: number, high: number, length: number][] = [
    [0, 0, 20],
    [-4, 0, 20],
    [-4, -1, 20],
    [4, 0, 20],
    [Number.NaN, 0, 65_537],
    [Number.NaN, 0, -1],
    [Number.NaN, 0, 0x7fff_ffff],
    [Number.NaN, 1, 20],
    [Number.NaN, 0, 65_536],
  ];
  for (const [offset, high, length] of places) {
    const { span, words, at, from } = stage(t);
    words[at + Entry.layoutOffset] = Number.isNaN(offset) ? from : offset;
    words[at + Entry.layoutOffset + 1] = high;
    words[at + Entry.layoutLength] = length;
    const where = `${offset} ${high} ${length}`;
    assert.equal(
      codeOf(() => open(span, 'p', 8, Player)),
      'ERR_MEMSPAN_CORRUPT',
      where,
    );
    assert.equal(
      codeOf(() => span.objects()),
      'ERR_MEMSPAN_CORRUPT',
      where,
    );
    assert.equal(
      codeOf(() => open(span, 'other', 8)),
      'ERR_MEMSPAN_CORRUPT',
      where,
    );
  }
});

test('a text that is not the fingerprint’s, or no layout: only who needs it is told', (t) => {
  const texts: readonly [text: string, hash?: bigint][] = [
    ['struct{id:u32,hp:i8}', fingerprint(Player)],
    ['struct{id:u32,hp:u8}', fingerprint(Player) ^ 1n],
    ['struct{id:u32,hp:u8}', fingerprint(Player) ^ (1n << 63n)],
    ['struct{id:u32,hp:u9}'],
    ['struct{'],
    ['\0'.repeat(20)],
    ['ÿ\u{10ffff}'],
    ['array('.repeat(200)],
  ];
  for (const [text, hash] of texts) {
    const made = stage(t);
    const { span } = made;
    setText(made, text, hash);
    for (const layout of [Player, struct({ id: u32 })]) {
      assert.equal(
        codeOf(() => open(span, 'p', 8, layout)),
        'ERR_MEMSPAN_CORRUPT',
        text,
      );
    }
    const [object] = span.objects();
    assert.equal(object?.name, 'p');
    assert.equal(
      codeOf(() => object?.layout),
      'ERR_MEMSPAN_CORRUPT',
      text,
    );
    open(span, 'other', 8, Player);
  }
});

test('a text whose parts are too long for texts of their own is another layout all the same', (t) => {
  // Each inner pointer back to the whole is the whole again, in a text of its own.
  const pointers = Array.from({ length: 300 }, (_, i) => `p${i}:offset(^1)`).join(',');
  const text = `struct{a:struct{${pointers}},b:bytes(30000)}`;
  const made = stage(t);
  setText(made, text);
  const mine = struct({ a: struct({ p0: offset(u8) }), b: u8 });
  assert.equal(
    codeOf(() => open(made.span, 'p', 8, mine)),
    'ERR_MEMSPAN_LAYOUT_MISMATCH',
  );
});

test('two layouts that point in circles are compared in no time, however many ways there are', () => {
  // 30 pairs of structs, and two ways on from each: without a note of what has been seen, a billion ways.
  const A: Layout = struct({ l: offset((): Layout => B), r: offset((): Layout => B), n: u8 });
  const B: Layout = struct({ l: offset((): Layout => A), r: offset((): Layout => A), n: u8 });
  const ring: Layout[] = Array.from({ length: 15 }, (_, i) =>
    struct({
      l: offset((): Layout => ring[(i + 1) % 15] as Layout),
      r: offset((): Layout => ring[i % 3] as Layout),
      n: u32,
    }),
  );
  using span = Span.anonymous();
  open(span, 'ring', 8, A);
  assert.equal(
    codeOf(() => open(span, 'ring', 8, ring[0])),
    'ERR_MEMSPAN_LAYOUT_MISMATCH',
  );
});
