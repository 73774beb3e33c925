// A broadcast's words, written by hand: numbers that wrap, readers that were away for longer than any of them lasts, what the dead
// have left in seats, and values that nobody writes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SEATS, SeatWord, Word } from '../../src/channel/broadcast.layout.ts';
import type { Overflow } from '../../src/index.ts';
import { codeOf, seededRandom } from '../support/segments.ts';
import { type Stage, stage, text } from './broadcast-stage.ts';

const CAPACITY = 64;
const LAP = 2 ** 30;

/** As if so many messages of so many bytes in all had been sent: the ring is empty. */
function pretend({ words, data }: Stage, bytes: number, messages: number): void {
  words[Word.written] = bytes | 0;
  words[Word.oldest] = bytes | 0;
  words[Word.byteLaps] = Math.floor(bytes / LAP);
  words[Word.messageLaps] = Math.floor(messages / LAP);
  words[data + ((bytes & (CAPACITY - 1)) + 4) / 4] = messages | 0;
}

const WRAPS = [LAP, 2 * LAP, 4 * LAP, 8 * LAP, 2 ** 40].map((at) => at - 16);

for (const overflow of ['block', 'drop-oldest'] as const) {
  test(`all numbers go on beyond where they wrap (${overflow})`, (t) => {
    for (const bytes of WRAPS) {
      for (const messages of [2 ** 31 - 1, 2 ** 32 - 1, 3 * LAP - 1, 2 ** 45 - 1]) {
        const it = stage(t, { capacity: CAPACITY, overflow });
        pretend(it, bytes, messages);
        using writer = it.broadcast.writer();
        using reader = it.broadcast.reader();
        assert.equal(it.broadcast.counters.sent, messages);
        const taken: (string | null)[] = [];
        for (let i = 0; i < 20; i++) {
          assert.equal(writer.trySend(`${i}`), true);
          if (overflow === 'block' || i % 7 === 0) taken.push(...reader.readBatch(9).map(text));
          assert.equal(it.broadcast.counters.sent, messages + i + 1);
        }
        taken.push(...reader.readBatch(9).map(text));
        const dropped = ['0', '5', '6', '7', '12', '13', '14', '17', '18', '19'];
        const all = Array.from({ length: 20 }, (_, i) => `${i}`);
        assert.deepEqual(taken, overflow === 'block' ? all : dropped);
        assert.equal(reader.missed, 20 - taken.length);
      }
    }
  });
}

test("'drop-oldest': one who was away while everything wrapped knows exactly what it has missed", (t) => {
  for (const laps of [1, 2, 3, 4, 5, 7, 8, 4096]) {
    for (const more of [0, 16, CAPACITY]) {
      const it = stage(t, { capacity: CAPACITY, overflow: 'drop-oldest' });
      using first = it.broadcast.writer();
      using reader = it.broadcast.reader();
      first.send('taken');
      assert.equal(text(reader.tryReceive()), 'taken');
      first.close();
      // So many bytes and messages later, at a position that may look like the reader's.
      const messages = laps * LAP + 12345;
      pretend(it, 16 + laps * LAP + more, messages);
      using writer = it.broadcast.writer();
      if (more === 0) assert.equal(reader.tryReceive(), null);
      writer.send('next');
      assert.equal(text(reader.tryReceive()), 'next', `${laps} laps and ${more}`);
      assert.equal(reader.missed, messages - 1);
      assert.equal(reader.lastMissed, messages - 1);
      assert.equal(reader.tryReceive(), null);
    }
  }
});

test("'block': what the dead have left in a seat gates nobody", (t) => {
  const it = stage(t, { capacity: CAPACITY, readers: 2 });
  using writer = it.broadcast.writer();
  const seat = (SEATS + 128) / 4;
  const dead = (9 << 12) | 40;
  for (const cursor of [0, 1, 2, 3, 16 | 1, -16 | 1, (2 ** 30) | 1, -1]) {
    for (const owner of [0, dead, -1, 4095]) {
      it.words[seat + SeatWord.owner] = owner;
      it.words[seat + SeatWord.cursor] = cursor;
      it.words[seat + SeatWord.ready] = owner;
      for (let i = 0; i < 9; i++) assert.equal(writer.trySend('12345678'), true);
      assert.equal(writer.readers, 0);
      assert.deepEqual(it.broadcast.counters.readers, []);
    }
  }
});

test('values that nobody writes: an error or a result, no crash, no hang', (t) => {
  const random = seededRandom(t);
  const known = new Set(['ERR_MEMSPAN_CORRUPT', 'ERR_MEMSPAN_BUSY', 'ERR_MEMSPAN_LIMIT']);
  for (const told of ['ERR_MEMSPAN_PEER_DIED', 'ERR_MEMSPAN_WOULD_BLOCK']) known.add(told);
  const codes = new Map<string | undefined, number>();
  const attempt = (act: () => unknown): void => {
    const code = codeOf(act);
    codes.set(code, (codes.get(code) ?? 0) + 1);
    assert.ok(code === undefined || known.has(code), code);
  };
  const SPECIAL = [0, 1, 2, 3, 7, 8, -1, -8, 2 ** 31, 2 ** 31 - 8, 56, 48, 64, 4097];
  for (let round = 0; round < 80; round++) {
    const overflow: Overflow = round % 2 ? 'block' : 'drop-oldest';
    const it = stage(t, { capacity: CAPACITY, overflow, readers: 2 });
    const writer = it.broadcast.writer();
    const reader = it.broadcast.reader();
    for (let turn = 0; turn < 30; turn++) {
      const end = it.data + CAPACITY / 4;
      const at = turn % 3 === 0 ? Math.floor(random() * end) : 32 + Math.floor(random() * 4);
      const value = SPECIAL[Math.floor(random() * SPECIAL.length)] as number;
      it.words[turn % 5 === 0 ? it.data + Math.floor(random() * 16) : at] = value;
      attempt(() => writer.trySend('0123456789'.slice(Math.floor(random() * 10))));
      attempt(() => writer.send('x', { timeoutMs: 0 }));
      attempt(() => reader.tryReceive());
      attempt(() => reader.readBatch(5));
      attempt(() => reader.receive({ timeoutMs: 0 }));
      attempt(() => void it.broadcast.counters);
      attempt(() => it.broadcast.reader().close());
      if (turn % 10 === 0) attempt(() => it.broadcast.writer().close());
    }
    attempt(() => writer.close());
    attempt(() => reader.close());
    it.span.close();
  }
  t.diagnostic(JSON.stringify([...codes]));
  assert.ok((codes.get('ERR_MEMSPAN_CORRUPT') ?? 0) > 0);
});
