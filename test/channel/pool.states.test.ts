// Every state that a chunk's and a seat's word can have, written by hand: who may do what, and what it is after that.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '../support/segments.ts';
import {
  LOANED,
  PUBLISHED,
  pending,
  REPAIR,
  type Stage,
  stage,
  stateAt,
  taken,
  Word,
} from './pools.ts';

type Owners = Stage['owners'];

interface ChunkRow {
  readonly what: string;
  readonly state: (owners: Owners) => number;
  /** The word of seat 0. */
  readonly seat?: (owners: Owners) => number;
  /** Whether it can be loaned, or what tryLoan throws. */
  readonly loan: boolean | string;
}

const CHUNKS: readonly ChunkRow[] = [
  { what: 'new', state: () => 0, loan: true },
  { what: 'released by all', state: () => PUBLISHED, loan: true },
  { what: 'loaned by the living', state: ({ alive }) => LOANED + alive, loan: false },
  { what: 'loaned by oneself', state: ({ self }) => LOANED + self, loan: false },
  { what: 'loaned by the dead', state: ({ dead }) => LOANED + dead, loan: true },
  { what: 'loaned by an impossible id', state: () => LOANED + 0xfff, loan: true },
  ...(['pending', 'taken'] as const).flatMap((bits): ChunkRow[] => {
    const state = (): number => PUBLISHED + (bits === 'pending' ? pending(0) : taken(0));
    return [
      { what: `${bits}, reader lives`, state, seat: ({ alive }) => alive, loan: false },
      { what: `${bits}, own reader`, state, seat: ({ self }) => self, loan: false },
      { what: `${bits}, reader is dead`, state, seat: ({ dead }) => dead, loan: true },
      { what: `${bits}, seat is empty`, state, seat: () => 0, loan: true },
      { what: `${bits}, in repair`, state, seat: ({ alive }) => REPAIR + alive, loan: false },
      { what: `${bits}, repairer died`, state, seat: ({ dead }) => REPAIR + dead, loan: true },
      {
        what: `${bits}, own repair cut short`,
        state,
        seat: ({ self }) => REPAIR + self,
        loan: true,
      },
      { what: `${bits}, seat is rubbish`, state, seat: () => 0xffff_ffff, loan: true },
    ];
  }),
  { what: 'a bit of no seat', state: () => PUBLISHED + pending(3), loan: 'ERR_MEMSPAN_CORRUPT' },
  { what: 'loaned and published', state: () => 0xc000_0000, loan: 'ERR_MEMSPAN_CORRUPT' },
  { what: 'neither', state: ({ alive }) => alive, loan: 'ERR_MEMSPAN_CORRUPT' },
];

for (const { what, state, seat, loan } of CHUNKS) {
  test(`a chunk that is ${what}: ${loan === true ? 'loaned' : loan || 'not loaned'}`, (t) => {
    const { pool, words, owners } = stage(t, { chunks: 1, chunkSize: 8, readers: 3 });
    const writer = pool.writer();
    words[stateAt(0)] = state(owners);
    words[Word.readers] = seat?.(owners) ?? 0;
    if (typeof loan === 'string') {
      assert.equal(
        codeOf(() => writer.tryLoan()),
        loan,
      );
      return;
    }
    const found = writer.tryLoan();
    assert.equal(found !== null, loan);
    assert.equal(words[stateAt(0)], loan ? LOANED + owners.self : state(owners));
    const wasHeld = seat !== undefined && !loan;
    assert.equal(words[Word.readers], wasHeld ? seat(owners) : 0, 'a seat of nobody is freed');
    found?.abort();
    assert.equal(words[stateAt(0)], loan ? 0 : state(owners));
  });
}

interface SeatRow {
  readonly what: string;
  readonly word: (owners: Owners) => number;
  /** Whether a new reader can have it. */
  readonly taken: boolean;
  /** Whether what is published goes to it. */
  readonly gets: boolean;
}

const SEATS: readonly SeatRow[] = [
  { what: 'empty', word: () => 0, taken: true, gets: false },
  { what: "a living reader's", word: ({ alive }) => alive, taken: false, gets: true },
  { what: 'its own', word: ({ self }) => self, taken: false, gets: true },
  // The writer has seen that it is dead.
  { what: "a dead reader's", word: ({ dead }) => dead, taken: true, gets: false },
  { what: 'in repair by the dead', word: ({ dead }) => REPAIR + dead, taken: true, gets: false },
  { what: 'rubbish', word: () => 0xffff_ffff, taken: true, gets: false },
];

for (const { what, word, taken: isTaken, gets } of SEATS) {
  test(`a seat that is ${what}: ${isTaken ? 'taken, without its messages' : 'left alone'}`, (t) => {
    const { pool, words, owners } = stage(t, { chunks: 2, chunkSize: 8, readers: 1 });
    const bits = PUBLISHED + pending(0);
    words.set([word(owners)], Word.readers);
    words.set([bits], stateAt(0));
    words.set([PUBLISHED + taken(0)], stateAt(1));
    if (!isTaken) {
      assert.equal(
        codeOf(() => pool.reader()),
        'ERR_MEMSPAN_LIMIT',
      );
      assert.deepEqual([words[Word.readers], words[stateAt(0)]], [word(owners), bits]);
      return;
    }
    using reader = pool.reader();
    assert.equal(words[Word.readers], owners.self);
    assert.deepEqual([words[stateAt(0)], words[stateAt(1)]], [PUBLISHED, PUBLISHED]);
    assert.equal(reader.tryTake(), null);
    assert.equal(pool.counters.free, 2);
  });

  test(`a seat that is ${what}: ${gets ? 'gets' : 'does not get'} what is published`, (t) => {
    const { pool, words, owners } = stage(t, { chunks: 1, chunkSize: 8, readers: 1 });
    words.set([word(owners)], Word.readers);
    const loan = pool.writer().loan();
    assert.equal(loan.publish(), gets ? 1 : 0);
    assert.equal(words[stateAt(0)], gets ? PUBLISHED + pending(0) : PUBLISHED);
  });
}

test('a seat in repair by somebody alive is waited for: nothing goes to it, no chunk of it is taken', (t) => {
  const { pool, words, owners, die } = stage(t, { chunks: 1, chunkSize: 8, readers: 1 });
  const writer = pool.writer();
  words.set([REPAIR + owners.alive], Word.readers);
  assert.equal(writer.loan().publish(), 0);
  words.set([PUBLISHED + taken(0)], stateAt(0));
  assert.equal(writer.loan({ timeoutMs: 5 }), null);
  assert.deepEqual(
    [words[Word.readers], words[stateAt(0)]],
    [REPAIR + owners.alive, PUBLISHED + taken(0)],
  );
  die();
  assert.ok(writer.loan({ timeoutMs: 5 }) !== null);
  assert.deepEqual([words[Word.readers], words[stateAt(0)]], [0, LOANED + owners.self]);
});

test('a message is the earliest that is pending, also where sequences wrap', (t) => {
  const { pool, words } = stage(t, { chunks: 4, chunkSize: 8, readers: 2 });
  using writer = pool.writer();
  words[Word.sent] = 0xffff_fffe;
  using other = pool.reader();
  using reader = pool.reader();
  for (const byte of [1, 2, 3, 4]) writer.send(new Uint8Array([byte]));
  // Another place for each, as if other chunks had been free.
  const chunk = (at: number): number[] => [...words.subarray(stateAt(at), stateAt(at) + 3)];
  const [first, second, third, fourth] = [0, 1, 2, 3].map(chunk) as [
    number[],
    number[],
    number[],
    number[],
  ];
  for (const [at, found] of [third, first, fourth, second].entries()) words.set(found, stateAt(at));
  const sequences = [0, 1, 2, 3].map(() => {
    using taken = reader.tryTake();
    return taken?.sequence;
  });
  assert.deepEqual(sequences, [0xffff_fffe, 0xffff_ffff, 0, 1]);
  assert.equal(reader.tryTake(), null);
  assert.equal(pool.counters.published, 4, 'the other reader has not');
  assert.equal(other.readBatch(9).length, 4);
  assert.equal(pool.counters.free, 4);
});

test('what is written over is reported by who had it', (t) => {
  const { pool, words } = stage(t, { chunks: 2, chunkSize: 8, readers: 1 });
  using writer = pool.writer();
  using reader = pool.reader();
  const loan = writer.loan();
  words[stateAt(0)] = 0;
  assert.equal(
    codeOf(() => loan.publish()),
    'ERR_MEMSPAN_CORRUPT',
  );
  writer.loan().publish();
  words[stateAt(0) + 2] = 9;
  assert.equal(
    codeOf(() => reader.tryTake()),
    'ERR_MEMSPAN_CORRUPT',
  );
  assert.equal(pool.counters.free, 2, 'it is not stuck');
  words[stateAt(0) + 2] = 0xffff_ffff;
  words[stateAt(0)] = PUBLISHED + pending(0);
  assert.equal(
    codeOf(() => reader.take()),
    'ERR_MEMSPAN_CORRUPT',
  );
});
