// Shared words that no ring would write: whatever they hold, an end gives ERR_MEMSPAN_CORRUPT or works on; it never
// hangs, never leaves its memory, and does not trust at the second look what it refused at the first.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { MemspanError, notify, Ring, type RingReader, Segment } from '../../src/index.ts';
import { random, seedOf } from './messages.ts';
import { AT, code, DATA, FLAG, isPending, pair, type Stage, stage, startAt } from './rings.ts';

const HOSTILE = [0, -1, 0x7fffffff, -0x80000000, 8, 15, 64, 72, 128, 0x40000000, -8, -64];

/** What a reader at position 0 of a ring of 64 zero bytes must make of the writer's cursor. */
function readable(cursor: number): number | 'corrupt' {
  const available = (cursor & ~7) | 0;
  return available >= 0 && available <= 64 ? available / 8 : 'corrupt';
}

function takeAll(reader: RingReader): number | 'corrupt' {
  for (let count = 0; ; count++) {
    try {
      const message = reader.tryReceive();
      if (message === null) return count;
      assert.equal(message.length, 0);
    } catch (error) {
      assert.equal((error as MemspanError).code, 'ERR_MEMSPAN_CORRUPT');
      return 'corrupt';
    }
  }
}

for (const value of HOSTILE) {
  test(`the writer's cursor says ${value}`, async (t) => {
    const { words, reader, writer } = pair(t);
    words[AT.written] = value;
    const expected = readable(value);
    if (expected === 'corrupt') {
      for (let look = 0; look < 3; look++) assert.equal(takeAll(reader), 'corrupt');
      assert.throws(() => reader.receive(), code('CORRUPT'));
      await assert.rejects(reader.receiveAsync(), code('CORRUPT'));
    } else {
      assert.equal(takeAll(reader), expected);
      assert.equal(reader.ended, (value & FLAG.closed) !== 0);
      assert.equal(reader.receive({ timeoutMs: 1 }), null);
      assert.equal(await reader.receiveAsync({ timeoutMs: 1 }), null);
    }
    // Its own writer goes on only from where it was. A flag that the reader may set is none of its business.
    if ((value & ~FLAG.sleeps) === 0) assert.equal(writer.trySend('x'), true);
    else assert.throws(() => writer.trySend('x'), code('CORRUPT'));
  });

  test(`the reader's cursor says ${value}`, async (t) => {
    const { words, writer } = pair(t);
    words[AT.read] = value;
    const used = -(value & ~7) | 0;
    if (used < 0 || used > 64) {
      for (let look = 0; look < 3; look++) {
        assert.throws(() => writer.trySend('x'), code('CORRUPT'));
      }
      assert.throws(() => writer.send('x'), code('CORRUPT'));
      await assert.rejects(writer.sendAsync('x'), code('CORRUPT'));
    } else {
      assert.equal(writer.trySend('x'), used < 64);
      assert.equal(writer.send('x', { timeoutMs: 0 }), used < 56 ? true : null);
    }
  });

  test(`the reader's cursor says ${value} under its reader`, (t) => {
    const { words, reader, writer } = pair(t);
    writer.send('x');
    words[AT.read] = value;
    if ((value & ~FLAG.sleeps) === 0) assert.equal(reader.tryReceive()?.length, 1);
    else assert.throws(() => reader.tryReceive(), code('CORRUPT'));
  });
}

test('a length that reaches beyond what is published is ERR_MEMSPAN_CORRUPT, and stays so', (t) => {
  for (const published of [8, 16, 64]) {
    for (const length of [published - 3, 61, 64, 0x7fffffff, -1, -5, -0x80000000]) {
      const { reader } = pair(t, 64, (words) => {
        words[AT.written] = published;
        words[DATA / 4] = length;
      });
      const target = new Uint8Array(1024);
      assert.throws(() => reader.tryReceive(), code('CORRUPT'));
      assert.throws(() => reader.tryReceiveInto(target), code('CORRUPT'));
      assert.throws(() => reader.receive(), code('CORRUPT'));
      assert.deepEqual(target, new Uint8Array(1024));
    }
    const { reader } = pair(t, 64, (words) => {
      words[AT.written] = published;
      words[DATA / 4] = published - 4;
    });
    assert.equal(reader.tryReceive()?.length, published - 4);
  }
});

test('an end that was attached with another word than 1 is ERR_MEMSPAN_CORRUPT', (t) => {
  for (const value of [2, 4, -1, 0x7fffffff, -0x80000000]) {
    const made = stage(t, 64, (words) => words.fill(value, AT.writer, AT.reader + 1));
    assert.throws(() => made.ring.writer(), code('CORRUPT'));
    assert.throws(() => made.ring.reader(), code('CORRUPT'));
    assert.equal(made.segment.isHeld(0) || made.segment.isHeld(1), false);
  }
});

test('an end that waits for a peer whose word is not 0 or 1 gets ERR_MEMSPAN_CORRUPT', async (t) => {
  for (const value of [2, -1]) {
    const { words, ring } = stage(t);
    using reader = ring.reader();
    words[AT.writer] = value;
    assert.throws(() => reader.receive(), code('CORRUPT'));
    await assert.rejects(reader.receiveAsync(), code('CORRUPT'));
  }
});

test('an attached end without a lifeline is dead, whoever wrote that', async (t) => {
  const { words, ring } = stage(t);
  using reader = ring.reader();
  assert.equal(reader.receive({ timeoutMs: 1 }), null);
  words[AT.writer] = 1;
  assert.throws(() => reader.receive(), code('PEER_DIED'));
  await assert.rejects(reader.receiveAsync(), code('PEER_DIED'));
});

for (const wakes of [true, false]) {
  test(`a cursor that becomes hostile during a wait, ${wakes ? 'with' : 'without'} a wake-up`, async (t) => {
    const { words, reader } = pair(t);
    const call = reader.receiveAsync();
    assert.ok(await isPending(call));
    words[AT.written] = -64;
    if (wakes) notify(words, AT.written);
    await assert.rejects(call, code('CORRUPT'));
  });
}

test('a cursor that another thread makes hostile while this one is blocked', (t) => {
  const { words, reader, writer, segment } = pair(t);
  const go = new Int32Array(new SharedArrayBuffer(8));
  const source = `
    const { buffer, go, at, value } = require('node:worker_threads').workerData;
    Atomics.wait(go, 0, 0);
    Atomics.wait(go, 1, 0, 5);
    Atomics.store(new Int32Array(buffer), at, value);`;
  const poke = (at: number, value: number): void => {
    Atomics.store(go, 0, 0);
    new Worker(source, { eval: true, workerData: { buffer: segment.buffer, go, at, value } });
    Atomics.store(go, 0, 1);
    Atomics.notify(go, 0);
  };
  poke(AT.written, 0x7ffffff8);
  assert.throws(() => reader.receive(), code('CORRUPT'));
  words[AT.written] = 0;
  while (writer.trySend('')) {}
  poke(AT.read, 0x7ffffff8);
  assert.throws(() => writer.send('x'), code('CORRUPT'));
});

test('random words: every outcome is a legal one, and no byte outside the ring changes', (t) => {
  const seed = seedOf('random words', (line) => t.diagnostic(line));
  const next = random(seed);
  using segment = Segment.anonymous(DATA + 64 + 60);
  const words = new Int32Array(segment.buffer);
  const interesting = () =>
    HOSTILE[Math.floor(next() * HOSTILE.length)]! ^ (next() < 0.3 ? next() * 32 : 0);
  const legal = (act: () => unknown): void => {
    try {
      const found = act();
      if (found instanceof Uint8Array) assert.ok(found.length <= 60);
    } catch (error) {
      assert.ok(error instanceof MemspanError, `seed ${seed}: ${error}`);
      assert.match(error.code, /_(CORRUPT|PEER_CLOSED|PEER_DIED)$/, `seed ${seed}`);
    }
  };
  for (let round = 0; round < 1500; round++) {
    words.fill(0);
    words.fill(0x5a5a5a5a, (DATA + 64) / 4);
    const early = next() < 0.5;
    if (early) scribble();
    const ring = new Ring(segment);
    using writer = ring.writer();
    using reader = ring.reader();
    for (let step = 0; step < 6; step++) {
      if (next() < 0.4) scribble();
      legal(() => writer.trySend(new Uint8Array(next() * 61)));
      legal(() => reader.tryReceive());
      legal(() => reader.tryReceiveInto(new Uint8Array(60)));
      if (step === 5) legal(() => reader.receive({ timeoutMs: 0 }));
    }
    assert.ok(words.subarray((DATA + 64) / 4).every((word) => word === 0x5a5a5a5a));
  }
  function scribble(): void {
    if (next() < 0.5) words[AT.written] = interesting();
    if (next() < 0.5) words[AT.read] = interesting();
    words[DATA / 4 + Math.floor(next() * 16)] = interesting();
  }
});

test('a ring whose two cursors agree anywhere is an empty ring', (t) => {
  const next = random(seedOf('anywhere', (line) => t.diagnostic(line)));
  for (const position of [...HOSTILE, ...Array.from({ length: 50 }, () => next() * 2 ** 32)]) {
    const { writer, reader }: Stage & ReturnType<typeof pair> = pair(t, 64, startAt(position & ~7));
    assert.equal(reader.tryReceive(), null);
    writer.send('abc');
    assert.deepEqual(reader.tryReceive(), new Uint8Array([97, 98, 99]));
  }
});
