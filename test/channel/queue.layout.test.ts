// The words of a queue: positions and states as numbers, and docs/format.md about them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CAPACITY_MAX,
  CELLS_OFFSET,
  free,
  full,
  ID_SHIFT,
  KIND_MASK,
  Kind,
  kindOf,
  LAP_SHIFT,
  ownerOf,
  Positions,
  QueueCell,
  QueueWord,
  queueSize,
  reading,
  SHORT_LAP_MASK,
  Standing,
  strideOf,
  writing,
} from '../../src/channel/queue.layout.ts';
import { encode } from '../../src/channel/queue-options.ts';
import { ID_MASK } from '../../src/span/participant.layout.ts';
import { bits, fields, page, table } from '../support/format-page.ts';

const CAPACITIES = [1, 2, 3, 4, 5, 7, 8, 100, 1024, 2 ** 24 - 1, 2 ** 24];

test('zeros are a queue whose first cell is free, for the first lap', () => {
  const positions = new Positions(3);
  assert.equal(positions.index(0), 0);
  assert.equal(free(positions.lap(0)), 0);
});

test('positions go through all cells, lap by lap, and wrap', () => {
  for (const capacity of CAPACITIES) {
    const positions = new Positions(capacity);
    const laps = 2 ** (32 - positions.bits);
    const last = ((laps - 1) * 2 ** positions.bits + capacity - 1) | 0;
    assert.equal(positions.index(last), capacity - 1);
    assert.equal(positions.next(last), 0, `the end of the last lap of ${capacity}`);
    assert.equal(positions.distance(last, 0), 1);
    assert.equal(positions.distance(0, last), -1);
    assert.equal(positions.nextLap(positions.lap(last)), 0);
    for (const start of [0, last - Math.min(capacity, 3) + 1, 2 ** 31 - 2 ** positions.bits]) {
      let position = start | 0;
      for (let step = 1; step <= 3 * Math.min(capacity, 100); step++) {
        const next = positions.next(position);
        assert.equal(positions.index(next), (positions.index(position) + 1) % capacity);
        const isNextLap = positions.index(next) === 0;
        const lap = positions.lap(position);
        assert.equal(positions.lap(next), isNextLap ? positions.nextLap(lap) : lap);
        assert.equal(positions.distance(start | 0, next), step);
        assert.equal(positions.distance(next, start | 0), -step);
        position = next;
      }
      assert.equal(positions.distance(positions.lapBefore(position), position), capacity);
      assert.equal(positions.index(positions.lapBefore(position)), positions.index(position));
    }
  }
});

test('a state says its kind, its owner, and how it stands to a lap', () => {
  for (const capacity of CAPACITIES) {
    const positions = new Positions(capacity);
    const last = positions.nextLap(-2);
    for (const lap of [0, 1, 2, 5, last - 1, last]) {
      const next = positions.nextLap(lap);
      const before = positions.nextLap(lap - 2);
      const states = (of: number) => [free(of), writing(7, of), full(of), reading(ID_MASK, of)];
      const standings = (of: number) => states(of).map((state) => positions.standing(state, lap));
      const { free: isFree, writing: isWritten, full: isFull, reading: isRead } = Standing;
      assert.deepEqual(standings(lap), [isFree, isWritten, isFull, isRead]);
      assert.deepEqual(standings(next), Array(4).fill(Standing.after));
      assert.deepEqual(standings(before), Array(4).fill(Standing.before));
      assert.deepEqual(standings(positions.nextLap(next)), Array(4).fill(Standing.nonsense));
      assert.deepEqual(states(lap).map(kindOf), [Kind.free, Kind.writing, Kind.full, Kind.reading]);
      assert.deepEqual([writing(7, lap), reading(ID_MASK, lap), reading(0, lap)].map(ownerOf), [
        7,
        ID_MASK,
        0,
      ]);
    }
    // A lap that there is not.
    if (positions.bits > 2) {
      assert.equal(positions.standing(free(last + 1), 0), Standing.nonsense);
    }
  }
});

test('cells are multiples of 64 bytes', () => {
  assert.deepEqual([0, 1, 40, 41, 64, 104, 105].map(strideOf), [64, 64, 64, 128, 128, 128, 192]);
  assert.equal(queueSize(3, 64), 512 + 3 * 128);
});

test('the words of a queue and of its cells are where docs/format.md says', () => {
  const rows = fields('Queue', CELLS_OFFSET);
  const words = Object.entries(rows).map(([name, { offset }]) => [name, offset / 4]);
  assert.deepEqual(Object.fromEntries(words), QueueWord);
  const cell = table('Queue', 'cell').map(({ cell = '', offset }) => [cell, Number(offset)]);
  assert.deepEqual(Object.fromEntries(cell), QueueCell);
  assert.deepEqual(bits('Queue', 'state bits'), {
    KIND: KIND_MASK,
    LAP: 2 ** 32 - 2 ** LAP_SHIFT,
    SHORT_LAP: SHORT_LAP_MASK << LAP_SHIFT,
    OWNER: 2 ** 32 - 2 ** ID_SHIFT,
  });
  const kinds = table('Queue', 'state bits').find(({ name }) => name === 'KIND');
  assert.equal(
    kinds?.contents,
    Object.entries(Kind)
      .map(([name, number]) => `${number} ${name.toUpperCase()}`)
      .join(', '),
  );
  assert.ok(page.includes(`1 to ${CAPACITY_MAX.toLocaleString('en')}`));
  const options = table('Kinds', 'kind').find(({ name }) => name === 'queue')?.options;
  assert.equal(options, `${encode({ delivery: 'at-most-once' })}: atMostOnce`);
});
