// span.view: a named value of a layout, the same in every process; what may be appended; and what hostile entries make of it.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  array,
  atomic,
  bytes,
  f64,
  find,
  i64,
  type Layout,
  layoutText,
  type NumberElements,
  Span,
  struct,
  u8,
  u32,
  utf8,
  type ViewOf,
} from '../../src/index.ts';
import { fnv1a } from '../../src/layout/fingerprint.ts';
import { Entry } from '../../src/span/directory.layout.ts';
import { same } from '../layout/types.ts';
import { startChild, startWorker } from '../support/puppets.ts';
import { codeOf, uniqueName } from '../support/segments.ts';

const Player = struct({ id: u32, name: utf8(12), at: array(f64, 2), hits: atomic.i32 });

test('a record is zeros at first, and the same memory for everybody', async () => {
  const name = uniqueName();
  using span = Span.create(name);
  const player = span.view('player', Player);
  assert.deepEqual([player.id, player.name, [...player.at], player.hits[0]], [0, '', [0, 0], 0]);
  player.name = 'Grendel';
  const peers = await Promise.all([startChild(), startWorker()]);
  for (const [i, peer] of peers.entries()) {
    const seen = await peer.run(
      ({ memspan, kept }, name, i) => {
        const { array, atomic, f64, struct, u32, utf8 } = memspan;
        const Player = struct({ id: u32, name: utf8(12), at: array(f64, 2), hits: atomic.i32 });
        kept.span = memspan.Span.join(name);
        const player = kept.span.view('player', Player);
        player.at.set(i, i + 0.5);
        Atomics.add(player.hits, 0, 1);
        return player.name;
      },
      name,
      i,
    );
    assert.equal(seen, 'Grendel');
  }
  assert.deepEqual([[...player.at], player.hits[0]], [[0.5, 1.5], 2]);
  span.unlink();
});

test('who has no source opens it by the text that is stored with it', () => {
  const name = uniqueName();
  using span = Span.create(name);
  span.view('player', Player).id = 7;
  const [found] = find({ kind: 'record', name: `${name}/*` });
  assert.equal(found?.fullName, `${name}/player`);
  const opened = span.object('player')?.open() as ViewOf<typeof Player>;
  assert.equal(opened.id, 7);
  assert.equal(layoutText(span.object('player')?.layout as Layout), layoutText(Player));
  span.unlink();
});

test('the view has the types of its layout', () => {
  using span = Span.anonymous();
  const player = span.view('player', Player);
  same<typeof player, ViewOf<typeof Player>>(true);
  same<(typeof player)['at'], NumberElements<number>>(true);
  assert.throws(() => {
    // @ts-expect-error a single value has nothing in place
    span.view('n', u32);
  }, TypeError);
  assert.equal(span.object('n'), undefined);
});

test('arrays, bytes and words for Atomics are records as well', () => {
  using span = Span.anonymous();
  const list = span.view('list', array(struct({ n: u32 }), 1000));
  list.get(999).n = 5;
  assert.equal(span.view('list', array(struct({ n: u32 }), 1000)).get(999).n, 5);
  span.view('raw', bytes(5)).set([1, 2, 3, 4, 5]);
  assert.deepEqual([...span.view('raw', bytes(5))], [1, 2, 3, 4, 5]);
  assert.equal(Atomics.add(span.view('count', atomic.i64), 0, 2n), 0n);
  assert.equal(span.view('count', atomic.i64)[0], 2n);
});

test('what is no name, no layout, or no record', () => {
  using span = Span.anonymous();
  span.bytes('bytes', { size: Player.size });
  for (const wrong of [undefined, null, 'u8', {}, Player.shape]) {
    assert.throws(() => span.view('x', wrong as never), TypeError);
  }
  assert.throws(() => span.view(7 as never, Player), TypeError);
  assert.equal(
    codeOf(() => span.view('bytes', Player)),
    'ERR_MEMSPAN_OPTIONS_MISMATCH',
  );
  span.view('player', Player);
  assert.equal(
    codeOf(() => span.bytes('player', { size: Player.size })),
    'ERR_MEMSPAN_OPTIONS_MISMATCH',
  );
  assert.equal(
    codeOf(() => span.view('big', array(u8, 2 ** 40))),
    'ERR_MEMSPAN_NO_SPACE',
  );
});

test('who knows fewer members works with those; who knows more, or others, is told which', () => {
  using span = Span.anonymous();
  const more = span.view('more', struct({ id: u32, hp: u32, mana: i64 }));
  more.mana = -1n;
  const fewer = span.view('more', struct({ id: u32, hp: u32 }));
  fewer.hp = 9;
  assert.deepEqual([more.hp, more.mana], [9, -1n]);
  assert.throws(() => span.view('more', struct({ id: u32, hp: f64 })), {
    code: 'ERR_MEMSPAN_LAYOUT_MISMATCH',
    message: /hp: expected f64 at 8, found u32 at 4 \(and 1 more\)/,
  });
  assert.throws(() => span.view('more', struct({ id: u32, hp: u32, mana: i64, x: u8 })), {
    code: 'ERR_MEMSPAN_LAYOUT_MISMATCH',
    message: /x: expected u8 at 16, found nothing/,
  });
});

interface Stage {
  readonly span: Span;
  /** Changes a word of the record's entry. */
  set(index: number, value: number): void;
  setText(text: string): void;
}

function stage(t: TestContext): Stage {
  const span = Span.anonymous({ size: 65_536, participants: 1, objects: 4 });
  t.after(() => span.close());
  span.view('r', Player);
  const { view } = span.attachment('test');
  const [entry] = view.entries();
  const at = view.entryAt(0);
  const set = (index: number, value: number): void => {
    view.words[at + index] = value;
  };
  return {
    span,
    set,
    setText(text) {
      const { offset, length } = entry as { offset: number; length: number };
      const from = Math.ceil((offset + length) / 4) * 4;
      new Uint8Array(view.words.buffer).set(new TextEncoder().encode(text), from);
      set(Entry.layoutLength, text.length);
      set(Entry.fingerprint, Number(BigInt.asIntN(32, fnv1a(text))));
      set(Entry.fingerprint + 1, Number(BigInt.asIntN(32, fnv1a(text) >> 32n)));
    },
  };
}

test('a record without a layout, or with one that it cannot have, is damaged', (t) => {
  const none = stage(t);
  none.set(Entry.layoutLength, 0);
  assert.equal(
    codeOf(() => none.span.object('r')?.open()),
    'ERR_MEMSPAN_CORRUPT',
  );
  assert.equal(
    codeOf(() => none.span.view('r', Player)),
    'ERR_MEMSPAN_LAYOUT_MISMATCH',
  );
  for (const text of ['u32', 'utf8(48)', 'struct{', 'array(u8,70000)']) {
    const made = stage(t);
    made.setText(text);
    assert.equal(
      codeOf(() => made.span.object('r')?.open()),
      'ERR_MEMSPAN_CORRUPT',
      text,
    );
  }
});

test('a record that is shorter than its layout, or not aligned, is damaged', (t) => {
  const short = stage(t);
  short.set(Entry.length, Player.size - 4);
  short.set(
    Entry.layoutOffset,
    short.span.attachment('test').view.geometry.objectsOffset + Player.size - 4,
  );
  short.setText(layoutText(Player));
  const { span } = short;
  const { offset } = [...span.attachment('test').view.entries()][0] as { offset: number };
  new Uint8Array(span.segment.buffer).set(
    new TextEncoder().encode(layoutText(Player)),
    offset + Player.size - 4,
  );
  for (const open of [() => span.view('r', Player), () => span.object('r')?.open()]) {
    assert.equal(codeOf(open), 'ERR_MEMSPAN_CORRUPT');
  }
  const shifted = stage(t);
  const base = shifted.span.attachment('test').view.geometry.objectsOffset;
  shifted.set(Entry.offset, base + 4);
  shifted.set(Entry.layoutOffset, base + 4 + Player.size);
  new Uint8Array(shifted.span.segment.buffer).set(
    new TextEncoder().encode(layoutText(Player)),
    base + 4 + Player.size,
  );
  assert.equal(
    codeOf(() => shifted.span.view('r', Player)),
    'ERR_MEMSPAN_CORRUPT',
  );
});

test('when its span is closed, a view reads zeros', () => {
  const span = Span.anonymous();
  const player = span.view('player', Player);
  player.id = 7;
  span.close();
  assert.equal(player.id, 0);
});
