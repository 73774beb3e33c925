// Half-states of slots and directory entries, written by hand as a death would leave them, or as no death could; and
// what who comes next makes of them.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { find, Segment, Span, type Stale } from '../../src/index.ts';
import { startChild } from '../support/puppets.ts';
import { codeOf, uniqueName } from '../support/segments.ts';

const ATTACHED = 0x1000_0000;
const READY = 0x4000_0000;

// docs/format.md, for 2 participants and 4 objects.
const WAITS = 4096;
const SLOTS = 4160;
const DIRECTORY = SLOTS + 2 * 2048;
const OBJECTS = 12_288;
const SHAPE = { participants: 2, objects: 4, size: OBJECTS + 4096 };

const idOf = (slot: number, epoch: number): number => (epoch << 12) | (slot + 1);

interface Bytes {
  readonly name: string;
  readonly segment: Segment;
  get(offset: number): number;
  set(offset: number, value: number): void;
  /** Makes that id alive, until the test is over or it is released. */
  live(id: number): { release(): void };
}

/** A span to which nobody is attached, and its bytes. */
function stage(t: TestContext, prepare: (span: Span) => void = () => {}): Bytes {
  const name = uniqueName();
  {
    using span = Span.create(name, SHAPE);
    prepare(span);
  }
  const segment = Segment.open(name);
  const view = new DataView(segment.buffer);
  t.after(() => {
    segment.close();
    Span.unlink(name);
  });
  return {
    name,
    segment,
    get: (offset) => view.getUint32(offset, true),
    set: (offset, value) => view.setUint32(offset, value, true),
    live: (id) => {
      const lifeline = segment.lifeline(id);
      assert.ok(lifeline !== null);
      t.after(() => lifeline.release());
      return lifeline;
    },
  };
}

/** Somebody has the first slot, and is behind the gate, as everybody alive is. */
function comeIn(t: TestContext, bytes: Bytes): void {
  bytes.set(slot(0), idOf(0, 5) | ATTACHED);
  bytes.live(idOf(0, 5));
  const gate = bytes.segment.lifeline(0, { shared: true });
  t.after(() => gate?.release());
}

const DEAD = idOf(1, 9);
const slot = (index: number): number => SLOTS + 2048 * index;
const entry = (index: number): number => DIRECTORY + 256 * index;

interface SlotRow {
  readonly what: string;
  readonly identity: number;
  readonly alive?: boolean;
  /** The id that the slot has next; undefined: it is taken. */
  readonly next?: number;
  readonly recovered?: boolean;
}

const SLOT_ROWS: readonly SlotRow[] = [
  { what: 'nothing', identity: 0, next: idOf(1, 1) },
  { what: 'an id whose owner has left', identity: DEAD, next: idOf(1, 10) },
  { what: 'an id that is being filled in', identity: DEAD, alive: true },
  { what: 'an attached id', identity: DEAD | ATTACHED, alive: true },
  {
    what: 'an attached id whose owner has died',
    identity: DEAD | ATTACHED,
    next: idOf(1, 10),
    recovered: true,
  },
  { what: 'the last epoch', identity: idOf(1, 0xffff), next: idOf(1, 0) },
  { what: "another slot's id", identity: idOf(0, 9), next: idOf(1, 1) },
  { what: "another slot's id, attached", identity: idOf(0, 9) | ATTACHED, next: idOf(1, 1) },
  { what: 'a slot that is not there', identity: idOf(7, 9) | ATTACHED, next: idOf(1, 1) },
  { what: 'bits that mean nothing', identity: 0xe000_0000 + DEAD, next: idOf(1, 10) },
  {
    what: 'bits that mean nothing, attached',
    identity: 0xe000_0000 + (DEAD | ATTACHED),
    next: idOf(1, 10),
  },
];

for (const { what, identity, alive = false, next, recovered = false } of SLOT_ROWS) {
  test(`a slot with ${what}: ${next === undefined ? 'taken' : 'free'}`, (t) => {
    const bytes = stage(t);
    bytes.set(slot(1), identity);
    if (alive) {
      bytes.live(DEAD);
      comeIn(t, bytes);
    } else {
      // The other slot is not free either, so that it has to be this one.
      bytes.set(slot(0), idOf(0, 5));
      bytes.live(idOf(0, 5));
    }
    if (next === undefined) {
      assert.equal(
        codeOf(() => Span.join(bytes.name)),
        'ERR_MEMSPAN_LIMIT',
      );
      assert.equal(bytes.get(slot(1)), identity >>> 0);
      return;
    }
    const span = Span.join(bytes.name);
    assert.equal(span.recovered, recovered);
    assert.equal(bytes.get(slot(1)), (next | ATTACHED) >>> 0);
    assert.equal(bytes.get(WAITS + 4), (((next >>> 12) & 0xffff) << 16) >>> 0);
    assert.deepEqual(
      span.threads().map(({ alive, pid }) => [alive, pid]),
      [[true, process.pid]],
    );
    span.close();
    assert.equal(bytes.get(slot(1)), next);
  });
}

test('a slot that somebody dead has: what `stale` says is done, and only while nobody is there', (t) => {
  const outcomes: Record<Stale, string | undefined> = {
    recover: undefined,
    fail: 'ERR_MEMSPAN_STALE',
    reset: undefined,
  };
  for (const [stale, code] of Object.entries(outcomes)) {
    const bytes = stage(t);
    bytes.set(slot(1), DEAD | ATTACHED);
    assert.equal(
      codeOf(() => Span.open(bytes.name, { ...SHAPE, stale: stale as Stale }).close()),
      code,
    );
    assert.equal(bytes.segment.isLinked, stale !== 'reset');
    const gone = stage(t);
    gone.set(slot(1), DEAD | ATTACHED);
    comeIn(t, gone);
    using span = Span.join(gone.name, { stale: stale as Stale });
    assert.equal(span.recovered, false, 'somebody is there who may go on with it');
  }
});

test('cells of the dead are not seen; those of the living are, as far as they can be', (t) => {
  const bytes = stage(t, (span) => span.mutex('x'));
  bytes.set(slot(1), DEAD | ATTACHED);
  bytes.set(WAITS + 4, ((DEAD >>> 12) << 16) | 0xffff);
  for (const [index, object] of [OBJECTS / 4, 0, 0xffff_ffff].entries()) {
    bytes.set(slot(1) + 512 + 16 * index, 0x181);
    bytes.set(slot(1) + 512 + 16 * index + 8, object);
  }
  const waits = () => find({ kind: 'thread', name: `${bytes.name}/*` })[0]?.waitingOn;
  assert.deepEqual(waits(), []);
  const lifeline = bytes.live(DEAD);
  assert.deepEqual(
    waits()?.map(({ name, blocking }) => [name, blocking]),
    [
      ['x', true],
      ['@0', true],
      ['@17179869180', true],
    ],
  );
  bytes.set(WAITS + 4, ((DEAD >>> 12) << 16) | 1);
  assert.equal(waits()?.length, 1);
  bytes.set(WAITS + 4, (8 << 16) | 1);
  assert.deepEqual(waits(), [], "another epoch's");
  lifeline.release();
});

test('a thread that attached at no time attached in 1970', (t) => {
  for (const time of [Number.NaN, Number.POSITIVE_INFINITY, 1e300, -1e300]) {
    const bytes = stage(t);
    bytes.set(slot(1), DEAD | ATTACHED);
    new DataView(bytes.segment.buffer).setFloat64(slot(1) + 24, time, true);
    const [thread] = find({ kind: 'thread', name: `${bytes.name}/*` });
    assert.equal(thread?.attachedAt.toISOString(), '1970-01-01T00:00:00.000Z');
  }
});

test('an entry that somebody dead was filling is filled anew, whatever is in it', (t) => {
  const bytes = stage(t, (span) => span.mutex('x'));
  for (const claim of [DEAD, 0xffff_ffff, 0x7fff_ffff, 5, READY | 5]) {
    new Uint8Array(bytes.segment.buffer).fill(0xee, entry(1), entry(2));
    new Uint8Array(bytes.segment.buffer).fill(0xee, OBJECTS + 64, OBJECTS + 4096);
    bytes.set(entry(1), claim);
    using span = Span.join(bytes.name);
    assert.deepEqual(
      span.objects().map(({ name }) => name),
      ['x'],
    );
    assert.ok(span.bytes('made', { size: 100 }).every((byte) => byte === 0));
    assert.equal(bytes.get(entry(1)), READY);
    assert.deepEqual(
      span.objects().map(({ name }) => name),
      ['x', 'made'],
    );
  }
});

test('an entry that somebody alive is filling is waited for, until that one dies', async (t) => {
  const bytes = stage(t, (span) => span.mutex('x'));
  const id = idOf(0, 900);
  const holder = await startChild();
  await holder.run(
    ({ memspan, kept }, name, id) => {
      kept.segment = memspan.Segment.open(name);
      // It is let go of when nobody has the object any more.
      Object.assign(kept, { lifeline: kept.segment.lifeline(id) });
    },
    bytes.name,
    id,
  );
  bytes.set(entry(1), id);
  const maker = await startChild();
  await maker.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.join(name);
  }, bytes.name);
  let isMade = false;
  const made = maker
    .run(({ kept }) => kept.span.bytes('made', { size: 8 }).length)
    .finally(() => {
      isMade = true;
    });
  // By the time that another child has started and ended, it has come to the entry.
  await (await startChild()).kill();
  assert.equal(isMade, false);
  assert.equal(bytes.get(entry(1)), id);
  await holder.kill();
  assert.equal(await made, 8);
  assert.equal(bytes.get(entry(1)), READY);
});

test('an entry that is not READY although others follow is ERR_MEMSPAN_CORRUPT, and is left out by find', (t) => {
  for (const state of [0, DEAD, 0x7fff_ffff]) {
    const bytes = stage(t, (span) => {
      for (const name of ['a', 'b', 'c']) span.bytes(name, { size: 8 }).fill(1);
    });
    bytes.set(entry(1), state);
    using span = Span.join(bytes.name);
    for (const act of [() => span.objects(), () => span.mutex('new'), () => span.object('c')]) {
      assert.equal(codeOf(act), 'ERR_MEMSPAN_CORRUPT');
    }
    const memory = new Uint8Array(bytes.segment.buffer, OBJECTS + 128, 8);
    assert.deepEqual(memory.slice(), new Uint8Array(8).fill(1), 'nobody was given its bytes');
    const found = find({ kind: 'bytes', name: `${bytes.name}/*` });
    assert.deepEqual(
      found.map(({ name }) => name),
      ['a', 'c'],
    );
  }
});

test('an object that does not begin at a multiple of 64 is ERR_MEMSPAN_CORRUPT, for whoever opens it', (t) => {
  const makers: readonly ((span: Span) => unknown)[] = [
    (span) => span.bytes('o', { size: 16 }),
    (span) => span.mutex('o'),
    (span) => span.ring('o', { capacity: 64 }).writer(),
    (span) => span.queue('o', { capacity: 4, messageMax: 8 }).writer(),
  ];
  for (const open of makers) {
    const bytes = stage(t, open);
    const offset = bytes.get(entry(0) + 16);
    // Zeros: a fresh object, but for its place.
    for (const by of [4, 8, 2052]) {
      bytes.set(entry(0) + 16, offset + by);
      using span = Span.join(bytes.name);
      assert.equal(
        codeOf(() => open(span)),
        'ERR_MEMSPAN_CORRUPT',
      );
    }
  }
});

test('the entry of a name is found again, whatever characters the name has', (t) => {
  const names = ['\uFEFFx', 'x', 'x\uFEFF', '\uFFFD', '*', '?', 'ä/ö', '\u{1F512}'.repeat(48)];
  const name = uniqueName();
  using span = Span.create(name, { ...SHAPE, objects: names.length });
  t.after(() => Span.unlink(name));
  for (const each of names) span.bytes(each, { size: 8 }).fill(1);
  for (const each of names) assert.equal(span.bytes(each, { size: 8 })[0], 1);
  assert.deepEqual(
    span.objects().map(({ name }) => name),
    names,
  );
});
