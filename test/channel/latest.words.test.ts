// The bytes of a newest value, written by hand: what a writer leaves that dies at any point, sequences at their turns, and what
// nobody but somebody hostile writes.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Latest, type LatestReader, type Message, Span } from '../../src/index.ts';
import { codeOf, seededRandom, uniqueName } from '../support/segments.ts';

/** Words (docs/format.md). */
const SEAT = 0;
const ENDED = 1;
const PUBLISHED = 32;
const HALF = 33;
const MARK = 34;
const FIRST = 64;
/** Of a buffer for up to 8 bytes. */
const STRIDE = 16;

type Values = Latest<Uint8Array, Message, Uint8Array>;

interface Stage {
  readonly span: Span;
  readonly latest: Values;
  /** The object's. */
  readonly words: Int32Array;
}

function stage(t: TestContext, buffers = 2): Stage {
  const span = Span.create(uniqueName(), { lifetime: 'last-close' });
  t.after(() => span.close());
  const latest = span.latest('x', { size: 8, buffers });
  const { view } = span.attachment('test');
  const [entry] = view.entries();
  assert.ok(entry !== undefined);
  const words = new Int32Array(view.segment.buffer, entry.offset, entry.length / 4);
  assert.equal(words.length, FIRST + buffers * STRIDE);
  return { span, latest, words };
}

/** An id that nobody alive has. */
const DEAD = (7 << 12) | 3;

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString();
}

/** As if so many had been published; the buffer that is due then has the value. */
function pretend({ words, latest }: Stage, sequence: number, value: string): void {
  const half = Math.floor(sequence / 2 ** 31);
  words[PUBLISHED] = sequence | 0;
  words[HALF] = half | 0;
  const at = FIRST + (sequence % latest.buffers) * STRIDE;
  words[at] = value.length;
  words[at + 2] = sequence | 0;
  words[at + 3] = Math.floor(sequence / 2 ** 32);
  Buffer.from(words.buffer, words.byteOffset + 4 * (at + 4)).write(value);
}

test('what lies where', (t) => {
  const { latest, words, span } = stage(t);
  const writer = latest.writer();
  assert.equal(words[SEAT], span.attachment('test').id);
  writer.publish('abc');
  writer.publish('defgh');
  assert.equal(words[PUBLISHED], 2);
  assert.equal(words[HALF], 0);
  const [one, two] = [FIRST + STRIDE, FIRST];
  assert.deepEqual([...words.subarray(one, one + 4)], [3, 0, 3, 0]);
  assert.deepEqual([...words.subarray(two, two + 4)], [5, 0, 8, 0]);
  assert.equal(Buffer.from(words.buffer, words.byteOffset + 4 * (two + 4), 5).toString(), 'defgh');
  writer.close();
  assert.deepEqual([words[SEAT], words[ENDED]], [0, 1]);
  using _next = latest.writer();
  assert.equal(words[ENDED], 0);
  assert.equal(words[MARK], 0, 'nobody has waited');
});

test('reading writes nothing', (t) => {
  const { latest, words } = stage(t);
  latest.writer().publish('abc');
  const before = words.slice();
  const reader = latest.reader();
  for (let i = 0; i < 3; i++) {
    latest.read();
    latest.readInto(new Uint8Array(8));
    reader.tryReceive();
    void latest.counters;
  }
  reader.close();
  assert.deepEqual(words.slice(), before);
});

test('a writer that died half-way: the value before stays, and the next writer goes on from it', (t) => {
  for (const half of ['seat taken', 'filling', 'filled', 'closing']) {
    const made = stage(t);
    const { latest, words } = made;
    pretend(made, 5, 'five');
    words[SEAT] = DEAD;
    const next = FIRST;
    if (half !== 'seat taken') words.fill(-1, next + 4, next + 5);
    if (half === 'filled') words.set([8, 0, 99, 99], next);
    if (half === 'closing') words[ENDED] = 1;
    assert.equal(text(latest.read()), 'five', half);
    const reader = latest.reader();
    assert.equal(text(reader.receive()), 'five', half);
    const end = codeOf(() => reader.receive({ timeoutMs: 0 }));
    assert.equal(end, half === 'closing' ? undefined : 'ERR_MEMSPAN_PEER_DIED', half);
    assert.equal(reader.ended, half === 'closing', half);
    const writer = latest.writer();
    assert.equal(writer.sequence, 5);
    writer.publish('six');
    assert.equal(text(reader.receive()), 'six', half);
    assert.equal(reader.missed, 0);
    assert.deepEqual(latest.counters, { sent: 6, bytes: 5 + 3 }, half);
  }
});

for (const turn of [2 ** 31, 2 ** 32, 2 ** 32 + 2 ** 31, 2 ** 33, 2 ** 52]) {
  for (const buffers of [2, 4]) {
    test(`over ${turn} values, ${buffers} buffers: nothing goes back, and what was missed is exact`, (t) => {
      const made = stage(t, buffers);
      const { latest, words } = made;
      pretend(made, turn - 3, 'before');
      const [one, other] = [latest.reader(), latest.reader()];
      assert.equal(text(one.tryReceive()), 'before');
      assert.equal(text(other.tryReceive()), 'before');
      const writer = latest.writer();
      for (let n = turn - 2; n < turn + 3; n++) {
        writer.publish(`${n}`.slice(-8));
        assert.equal(latest.sequence, n);
        assert.equal(text(latest.read()), `${n}`.slice(-8));
        assert.equal(text(one.tryReceive()), `${n}`.slice(-8));
        assert.equal(one.sequence, n);
        assert.equal(latest.counters.sent, n);
      }
      assert.equal(text(other.tryReceive()), `${turn + 2}`.slice(-8));
      assert.deepEqual([one.missed, other.missed], [0, 4]);
      assert.equal(words[HALF], Math.floor(turn / 2 ** 31) | 0);
    });
  }
}

test('killed between the two words of a sequence: it is the same, and the next writer sets it right', (t) => {
  for (const turn of [2 ** 31, 2 ** 32, 2 ** 33 + 2 ** 31]) {
    const made = stage(t);
    const { latest, words } = made;
    pretend(made, turn, 'turn');
    words[HALF] = Math.floor(turn / 2 ** 31) - 1;
    words[SEAT] = DEAD;
    assert.equal(latest.sequence, turn);
    assert.equal(text(latest.read()), 'turn');
    const reader = latest.reader();
    assert.equal(text(reader.tryReceive()), 'turn');
    const writer = latest.writer();
    assert.equal(words[HALF], Math.floor(turn / 2 ** 31));
    writer.publish('next');
    assert.equal(text(reader.tryReceive()), 'next');
    assert.equal(reader.sequence, turn + 1);
    writer.close();
  }
});

test('bytes are counted beyond 2^32', (t) => {
  const made = stage(t);
  const { latest, words } = made;
  pretend(made, 2, 'two');
  words[FIRST + 2] = -1;
  words[FIRST + 3] = 5;
  assert.equal(latest.counters.bytes, 6 * 2 ** 32 - 1);
  latest.writer().publish('abc');
  assert.equal(latest.counters.bytes, 6 * 2 ** 32 + 2);
});

test('a length that cannot be is damage, and is told as that', (t) => {
  for (const length of [9, -1, 2 ** 31 - 1, -(2 ** 31)]) {
    const made = stage(t);
    const { latest, words } = made;
    const reader = latest.reader();
    pretend(made, 2, 'two');
    words[FIRST] = length;
    const damaged = { code: 'ERR_MEMSPAN_CORRUPT' };
    assert.throws(() => latest.read(), damaged);
    assert.throws(() => latest.readInto(new Uint8Array(8)), damaged);
    assert.throws(() => reader.tryReceive(), damaged);
    assert.throws(() => reader.receive({ timeoutMs: 0 }), damaged);
    assert.throws(() => latest.counters, damaged);
    const writer = latest.writer();
    assert.equal(writer.claim().bytes.length, 8, 'prefilled with what there is room for');
    writer.close();
  }
});

test('a sequence that goes back is damage to a reader that has seen more', (t) => {
  const made = stage(t);
  const { latest } = made;
  pretend(made, 6, 'six');
  const reader = latest.reader();
  assert.equal(text(reader.tryReceive()), 'six');
  pretend(made, 4, 'four');
  assert.throws(() => reader.tryReceive(), { code: 'ERR_MEMSPAN_CORRUPT' });
  assert.equal(text(latest.read()), 'four');
  pretend(made, 0, '');
  assert.throws(() => reader.receive({ timeoutMs: 0 }), { code: 'ERR_MEMSPAN_CORRUPT' });
  assert.equal(latest.read(), null);
  pretend(made, 8, 'eight');
  assert.equal(text(reader.tryReceive()), 'eight');
});

test('a directory entry with options that nobody has is damage', (t) => {
  const { span } = stage(t);
  const { view } = span.attachment('test');
  const options = view.entryAt(0) + 3;
  for (const bits of [0, -1, 8 << 4, (8 << 4) | 15, (8 << 4) | 2, (9000 << 4) | 1]) {
    view.words[options] = bits;
    assert.throws(() => span.latest('x'), { code: 'ERR_MEMSPAN_CORRUPT' }, `${bits}`);
    assert.throws(() => span.latest('x', { size: 8 }), { code: 'ERR_MEMSPAN_CORRUPT' }, `${bits}`);
  }
});

test('whatever somebody writes there, nothing but damage comes of it', async (t) => {
  const random = seededRandom(t);
  const made = stage(t, 4);
  const { latest, words } = made;
  const anything = (): number => {
    const some = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 8, DEAD, 5];
    return random() < 0.5
      ? (some[Math.floor(random() * some.length)] as number)
      : random() * 2 ** 32;
  };
  const allowed = [undefined, 'ERR_MEMSPAN_CORRUPT', 'ERR_MEMSPAN_PEER_DIED', 'ERR_MEMSPAN_BUSY'];
  const isAllowed = (act: () => unknown): void => {
    const code = codeOf(act);
    assert.ok(allowed.includes(code), code);
  };
  let reader: LatestReader<Uint8Array> = latest.reader();
  const pending: Promise<unknown>[] = [];
  for (let round = 0; round < 2000; round++) {
    const at = [SEAT, ENDED, PUBLISHED, HALF, MARK, FIRST + Math.floor(random() * 64)];
    for (const index of at) if (random() < 0.3) words[index] = anything();
    isAllowed(() => latest.read());
    isAllowed(() => latest.sequence);
    isAllowed(() => latest.counters);
    isAllowed(() => reader.tryReceive());
    isAllowed(() => reader.receive({ timeoutMs: 0 }));
    isAllowed(() => {
      using writer = latest.writer();
      writer.publish('abc');
      writer.claim().commit();
    });
    if (round % 100 === 0) {
      pending.push(reader.receiveAsync({ timeoutMs: 1 }).catch(({ code }) => code));
      reader = latest.reader();
    }
  }
  for (const code of await Promise.all(pending)) {
    assert.ok(typeof code !== 'string' || allowed.includes(code), `${code}`);
  }
});
