// Half-states of a queue, written by hand: what was begun by somebody who lives is waited for, by the dead finished or undone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { free, full, reading, writing } from '../../src/channel/queue.layout.ts';
import type { Delivery } from '../../src/index.ts';
import { type Bench, bench, checkConserved, DEAD, drain, textOf } from './queues.ts';

/** Another participant, which lives. */
const alive = ({ span }: Bench): number => {
  const { view, id } = span.attachment('test');
  // The slot behind ours: its lifeline is taken by hand.
  const other = ((id & 0xfff) + 1) | (9 << 12);
  const lifeline = view.segment.lifeline(other);
  assert.notEqual(lifeline, null);
  return other;
};

const DELIVERIES: readonly Delivery[] = ['at-least-once', 'at-most-once'];

for (const delivery of DELIVERIES) {
  const make = (): Bench => bench({ capacity: 2, messageMax: 8, delivery });
  const isAtLeastOnce = delivery === 'at-least-once';

  test(`${delivery}: a claim of the dead at the head is passed over, before and after tail has`, () => {
    for (const isTold of [false, true]) {
      using b = make();
      b.words[b.cell(0)] = writing(DEAD, 0);
      if (isTold) b.words[b.word('tail')] = b.positions.next(0);
      using writer = b.queue.writer();
      assert.ok(writer.trySend('a'));
      assert.deepEqual(drain(b.queue), ['a']);
      assert.equal(b.words[b.cell(0)], free(1));
      assert.equal(b.queue.counters.skipped, 1);
      checkConserved(b.queue);
    }
  });

  test(`${delivery}: a claim of somebody alive holds up what is behind it`, () => {
    using b = make();
    b.words[b.cell(0)] = writing(alive(b), 0);
    using writer = b.queue.writer();
    using reader = b.queue.reader();
    assert.ok(writer.trySend('b'));
    assert.equal(reader.tryReceive(), null);
    assert.equal(reader.receive({ timeoutMs: 5 }), null);
    assert.equal(writer.trySend('c'), false, 'nor is there room');
    b.words[b.cell(0)] = full(0);
    assert.deepEqual(drain(b.queue), ['', 'b']);
  });

  test(`${delivery}: a full queue of claims of the dead has room again`, () => {
    using b = make();
    b.words[b.cell(0)] = writing(DEAD, 0);
    b.words[b.cell(1)] = writing(DEAD, 0);
    using writer = b.queue.writer();
    assert.ok(writer.trySend('a'));
    assert.ok(writer.trySend('b'));
    assert.equal(writer.trySend('c'), false);
    assert.deepEqual(drain(b.queue), ['a', 'b']);
    assert.equal(b.queue.counters.skipped, 2);
  });

  test(`${delivery}: what a dead reader had taken ${isAtLeastOnce ? 'is delivered again, first' : 'is dropped'}`, () => {
    for (const isTold of [false, true]) {
      using b = make();
      using writer = b.queue.writer();
      writer.send('a');
      writer.send('b');
      b.words[b.cell(0)] = reading(DEAD, 0);
      if (isTold) b.words[b.word('head')] = b.positions.next(0);
      using reader = b.queue.reader();
      const taken = [reader.tryTake(), reader.tryTake()].map((loan) => {
        const text = loan && textOf(loan.copy());
        loan?.release();
        return [text, loan?.redelivered];
      });
      const expected = isAtLeastOnce
        ? [
            ['a', true],
            ['b', false],
          ]
        : [
            ['b', false],
            [null, undefined],
          ];
      assert.deepEqual(taken, expected);
      const { dropped, redelivered } = b.queue.counters;
      assert.deepEqual([dropped, redelivered], isAtLeastOnce ? [0, 1] : [1, 0]);
      checkConserved(b.queue);
    }
  });

  test(`${delivery}: what somebody alive has taken is let be, and is in the way of writers only`, () => {
    using b = make();
    using writer = b.queue.writer();
    using reader = b.queue.reader();
    writer.send('a');
    writer.send('b');
    b.words[b.cell(0)] = reading(alive(b), 0);
    assert.equal(textOf(reader.tryReceive()), 'b');
    assert.equal(reader.tryReceive(), null);
    assert.equal(writer.trySend('c'), false);
    b.words[b.cell(0)] = free(1);
    assert.ok(writer.trySend('c'));
    assert.equal(textOf(reader.tryReceive()), 'c');
  });

  test(`${delivery}: a writer that finds the cell of a dead reader in its way`, () => {
    using b = make();
    using writer = b.queue.writer();
    using reader = b.queue.reader();
    writer.send('a');
    writer.send('b');
    // The reader has looked: nobody had died.
    assert.equal(textOf(reader.tryReceive()), 'a');
    b.words[b.cell(1)] = reading(DEAD, 0);
    b.words[b.word('head')] = b.positions.next(b.positions.next(0));
    writer.send('c');
    assert.equal(writer.trySend('d'), !isAtLeastOnce);
    if (isAtLeastOnce) assert.equal(textOf(reader.tryReceive()), 'b', 'it is told to look');
    assert.equal(textOf(reader.tryReceive()), 'c');
    checkConserved(b.queue);
  });

  test(`${delivery}: what was given back is delivered again, whatever becomes of who gave it`, () => {
    using b = make();
    using writer = b.queue.writer();
    writer.send('a');
    writer.send('b');
    b.words[b.cell(0)] = reading(0, 0);
    b.words[b.word('head')] = b.positions.next(0);
    assert.deepEqual(drain(b.queue), ['a', 'b']);
    assert.equal(b.queue.counters.redelivered, 1);
  });

  test(`${delivery}: an abandoned claim is passed over without asking anybody`, () => {
    using b = make();
    b.words[b.cell(0)] = writing(0, 0);
    b.words[b.cell(1)] = writing(0, 0);
    using reader = b.queue.reader();
    assert.equal(reader.tryReceive(), null);
    using writer = b.queue.writer();
    assert.ok(writer.trySend('a'));
    assert.equal(textOf(reader.tryReceive()), 'a');
  });

  test(`${delivery}: everything goes on where positions and laps wrap`, () => {
    for (const capacity of [1, 2, 3, 5]) {
      using b = bench({ capacity, messageMax: 8, delivery });
      const { positions, words } = b;
      const lap = 2 ** (32 - positions.bits) - 2;
      const start = (lap * 2 ** positions.bits) | 0;
      words[b.word('tail')] = start;
      words[b.word('head')] = start;
      for (let index = 0; index < capacity; index++) words[b.cell(index)] = free(lap);
      using writer = b.queue.writer();
      using reader = b.queue.reader();
      let taken = 0;
      for (let i = 0; i < 5 * capacity; i++) {
        if (!writer.trySend(`${i}`)) {
          assert.equal(b.queue.counters.depth, capacity);
          const loan = reader.tryTake();
          assert.equal(textOf(loan?.copy() ?? null), `${taken}`);
          if (taken % 2 === 0) loan?.release();
          else {
            loan?.abort();
            assert.equal(textOf(reader.tryReceive()), `${taken}`);
          }
          taken++;
          assert.ok(writer.trySend(`${i}`), `room for ${i} of ${capacity}`);
        }
      }
      assert.deepEqual(
        drain(b.queue),
        Array.from({ length: capacity }, (_, i) => `${taken + i}`),
      );
      checkConserved(b.queue);
    }
  });

  test(`${delivery}: a gap that tail has passed is passed by head`, () => {
    using b = make();
    b.words[b.word('tail')] = b.positions.next(0);
    using writer = b.queue.writer();
    assert.ok(writer.trySend('a'));
    assert.deepEqual(drain(b.queue), ['a']);
    assert.equal(b.queue.counters.skipped, 1);
  });
}
