// docs/format.md is true about the words of what is in src/sync.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PARTICIPANTS_MAX } from '../../src/span/header.layout.ts';
import { CELLS } from '../../src/span/participant.layout.ts';
import * as barrier from '../../src/sync/barrier.layout.ts';
import * as condition from '../../src/sync/condition.layout.ts';
import * as event from '../../src/sync/event.layout.ts';
import * as mutex from '../../src/sync/mutex.layout.ts';
import { DONE } from '../../src/sync/once.layout.ts';
import * as rwlock from '../../src/sync/rwlock.layout.ts';
import * as semaphore from '../../src/sync/semaphore.layout.ts';
import { lengthOf } from '../../src/sync/semaphore-options.ts';
import { bits, page, table } from '../support/format-page.ts';

test('the bits of a mutex and of a reader-writer lock mean what the page says', () => {
  const { OWNER, DIED, GRANTED, UNRECOVERABLE, WAITERS } = mutex;
  const flags = { OWNER, DIED, GRANTED, UNRECOVERABLE, WAITERS: WAITERS >>> 0 };
  assert.deepEqual(bits('Mutex'), flags);
  const { BARRED, RWLOCK_SIZE, ...rwFlags } = rwlock;
  assert.deepEqual(bits('RwLock'), { ...rwFlags, WAITERS: rwFlags.WAITERS >>> 0 });
  assert.equal(BARRED, rwlock.OWNER | rwlock.DIED | rwlock.UNRECOVERABLE);
});

test('the bits of a barrier and of an initialisation mean what the page says', () => {
  assert.deepEqual(bits('Barrier'), {
    COUNT: barrier.COUNT_MASK,
    GENERATION: barrier.GENERATION_MASK * 2 ** barrier.GENERATION_SHIFT,
    BROKEN: barrier.BROKEN >>> 0,
  });
  assert.deepEqual(bits('Once'), { DONE });
  assert.ok(page.includes(`the number of parties: 1 to ${barrier.PARTIES_MAX}`));
  for (const parties of [1, 7]) assert.equal(barrier.barrierSize(parties), 4 + 4 * parties);
});

test('the words of a semaphore are where the page says, and mean that', () => {
  const { COUNT, WAITERS, SemaphoreWord, SEMAPHORE_SIZE } = semaphore;
  assert.deepEqual(bits('Semaphore'), { COUNT, WAITERS: WAITERS >>> 0 });
  const rows = table('Semaphore', 'offset').map(({ name, offset }) => [name, Number(offset) / 4]);
  assert.deepEqual(Object.fromEntries(rows), SemaphoreWord);
  assert.equal(SEMAPHORE_SIZE, 4 * SemaphoreWord.permits);
  const facts = { initial: 7, max: 7 };
  assert.equal(lengthOf({ ...facts, undo: false }), 12);
  assert.equal(lengthOf({ ...facts, undo: true }), 12 + 4 * 7);
});

test('the bits of a condition and of an event mean what the page says', () => {
  const { NOTIFICATIONS, ARRIVALS } = condition;
  assert.deepEqual(bits('Condition'), {
    NOTIFICATIONS,
    ARRIVALS,
    WAITERS: condition.WAITERS >>> 0,
  });
  const { GENERATION, SET } = event;
  assert.deepEqual(bits('Event'), { GENERATION, SET, WAITERS: event.WAITERS >>> 0 });
  const sizes = table('Kinds', 'kind').map(({ name, length }) => [name, Number(length)]);
  const { condition: conditionSize, event: eventSize } = Object.fromEntries(sizes);
  assert.equal(conditionSize, condition.CONDITION_SIZE);
  assert.equal(eventSize, event.EVENT_SIZE);
  // As many cells as there can be.
  assert.ok(NOTIFICATIONS >= PARTICIPANTS_MAX * CELLS);
});
