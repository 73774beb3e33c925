// What a lock's word says to who looks from outside: every combination of bits, for each kind, against the tables of src/sync/*.layout.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LockKind, ownerIn, readLockWord } from '../../src/inspect/lock-word.ts';

const ID = (3 << 12) | 2;
const [BIT_28, BIT_29, BIT_30, BIT_31] = [28, 29, 30, 31].map((bit) => 1 << bit) as [
  number,
  number,
  number,
  number,
];

/** Bits 30, 29; the owner: none, alive, dead. Bits 28 and 31 change no state. */
const table: Record<LockKind, Record<string, [none: string, alive: string, dead: string]>> = {
  mutex: {
    '00': ['free', 'held', 'abandoned'],
    '01': ['free', 'coming', 'free'],
    '10': ['over', 'over', 'over'],
    '11': ['over', 'over', 'over'],
  },
  rwlock: {
    '00': ['free', 'held', 'abandoned'],
    '01': ['free', 'coming', 'free'],
    '10': ['over', 'over', 'over'],
    '11': ['over', 'over', 'over'],
  },
  once: {
    '00': ['free', 'held', 'abandoned'],
    // Never set by memspan.
    '01': ['free', 'held', 'abandoned'],
    '10': ['over', 'over', 'over'],
    '11': ['over', 'over', 'over'],
  },
};

for (const [kind, rows] of Object.entries(table) as [LockKind, (typeof table)[LockKind]][]) {
  test(`the word of a ${kind} is read as its table has it, whatever its other bits are`, () => {
    let words = 0;
    for (const [bits, states] of Object.entries(rows)) {
      for (const [i, expected] of states.entries()) {
        for (const rest of [0, BIT_28, BIT_31, BIT_28 | BIT_31]) {
          const [over, coming] = [bits[0] === '1' ? BIT_30 : 0, bits[1] === '1' ? BIT_29 : 0];
          const word = over | coming | rest | (i === 0 ? 0 : ID);
          const found = readLockWord(kind, word, i === 1);
          assert.deepEqual(
            found,
            { state: expected, dataDamaged: (rest & BIT_28) !== 0, marked: (rest & BIT_31) !== 0 },
            `0x${(word >>> 0).toString(16)}`,
          );
          assert.equal(ownerIn(word), i === 0 ? 0 : ID);
          words += 1;
        }
      }
    }
    assert.equal(words, 48);
  });
}
