// Whatever somebody hostile writes into a queue: an error or a message, never a crash, a write elsewhere, or an endless loop.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { free, full } from '../../src/channel/queue.layout.ts';
import { codeOf, seededRandom } from '../support/segments.ts';
import { bench, drain, textOf } from './queues.ts';

test('positions of no cell, and positions that do not go with the cells, are told', () => {
  for (const word of ['tail', 'head'] as const) {
    using b = bench({ capacity: 5, messageMax: 8 });
    using writer = b.queue.writer();
    using reader = b.queue.reader();
    // Three bits for five cells.
    b.words[b.word(word)] = 7;
    const act = (): unknown => (word === 'tail' ? writer.trySend('x') : reader.tryReceive());
    assert.equal(codeOf(act), 'ERR_MEMSPAN_CORRUPT');
    b.words[b.word(word)] = 0x7fff_fff8;
    assert.equal(codeOf(act), 'ERR_MEMSPAN_CORRUPT', `${word} far away`);
  }
});

test('a length of no message is dropped, told, and nobody comes upon it again', () => {
  for (const length of [-1, 9, 0x7fff_ffff, -0x8000_0000]) {
    using b = bench({ capacity: 2, messageMax: 8 });
    using writer = b.queue.writer();
    using reader = b.queue.reader();
    for (const act of [() => reader.tryReceive(), () => reader.take(), () => reader.receive()]) {
      writer.send('a');
      writer.send('b');
      const cell = b.words[b.cell(0)] === full((b.words[b.word('head')] as number) >>> 2) ? 0 : 1;
      b.words[b.cell(cell) + 1] = length;
      assert.equal(codeOf(act), 'ERR_MEMSPAN_CORRUPT', `${length}`);
      assert.deepEqual(drain(b.queue), ['b']);
    }
    assert.equal(b.queue.counters.dropped, 3);
  }
});

test('who is robbed of a cell is told', () => {
  using b = bench({ capacity: 2, messageMax: 8 });
  using writer = b.queue.writer();
  const claim = writer.claim();
  b.words[b.cell(0)] = free(7);
  assert.equal(
    codeOf(() => claim.commit()),
    'ERR_MEMSPAN_CORRUPT',
  );
});

test('facts that are no queue of that size are told', () => {
  for (const [word, value] of [
    ['capacity', 3],
    ['capacity', -1],
    ['messageMax', 2000],
    ['messageMax', -5],
  ] as const) {
    using b = bench({ capacity: 2, messageMax: 8 });
    b.words[b.word(word)] = value;
    assert.equal(
      codeOf(() => b.span.queue('q')),
      'ERR_MEMSPAN_CORRUPT',
    );
  }
});

test('counters of garbage are numbers of what there can be', () => {
  using b = bench({ capacity: 4, messageMax: 8 });
  b.words.fill(-1, b.word('highWater'), b.word('redelivered') + 1);
  b.words[b.word('head')] = 12345;
  for (let i = 0; i < 4; i++) b.words.fill(-1, b.cell(i), b.cell(i) + 6);
  for (const [name, value] of Object.entries(b.queue.counters)) {
    assert.ok(Number.isSafeInteger(value) && value >= 0, `${name}: ${value}`);
  }
  assert.ok(b.queue.counters.depth <= 4);
});

test('random words: every call ends, and nothing beside the queue is written', (t) => {
  const random = seededRandom(t);
  const any = (most: number): number => Math.floor(random() * most);
  for (let round = 0; round < 150; round++) {
    const capacity = 1 + any(6);
    using b = bench({
      capacity,
      messageMax: 8,
      delivery: any(2) ? 'at-least-once' : 'at-most-once',
    });
    const canary = b.span.bytes('canary', { size: 64 }).fill(0xa5);
    using writer = b.queue.writer();
    using reader = b.queue.reader();
    for (let i = 0; i < any(capacity + 1); i++) writer.trySend('ok');
    const places = [b.word('tail'), b.word('head'), b.word('notice')];
    for (let i = 0; i < capacity; i++) places.push(b.cell(i), b.cell(i) + 1);
    for (let i = 0; i <= any(4); i++) {
      const small = any(16);
      b.words[places[any(places.length)] as number] = any(2) ? small : any(2 ** 32) | 0;
    }
    for (let i = 0; i < 12; i++) {
      const code = codeOf(() => {
        const kind = any(4);
        if (kind === 0) writer.trySend('12345678');
        else if (kind === 1) assert.ok((textOf(reader.tryReceive()) ?? '').length <= 8);
        else if (kind === 2) reader.tryTake()?.abort();
        else writer.tryClaim()?.abort();
      });
      const known = [undefined, 'ERR_MEMSPAN_CORRUPT', 'ERR_MEMSPAN_PEER_CLOSED'];
      assert.ok(known.includes(code), code);
    }
    assert.ok(canary.every((byte) => byte === 0xa5));
  }
});
