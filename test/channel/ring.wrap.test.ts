// Every place of a small ring, and positions around 2^31 and 2^32: lengths, offsets and cursors that wrap.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ring, Segment } from '../../src/index.ts';
import { check, messageAt, random, seedOf } from './messages.ts';
import { AT, DATA, drain, pair, startAt } from './rings.ts';

test('every length at every offset of a ring of 64 bytes, on each of its paths', (t) => {
  const next = random(1);
  for (let offset = 0; offset < 64; offset += 8) {
    for (let length = 0; length <= 60; length++) {
      const { writer, reader, bytes } = pair(t, 64, startAt(offset));
      bytes.fill(0xaa, DATA);
      // By word windows in the later rounds, where length and offset allow it: 64 bytes on, the place is the same.
      const message = new Uint8Array(length);
      const target = new Uint8Array(length + 1);
      for (let round = 0; round < 4; round++) {
        for (let i = 0; i < length; i++) message[i] = next() * 256;
        target.fill(0xcc);
        writer.trySend(message);
        if (round === 3) assert.deepEqual(reader.tryReceive(), message);
        else assert.equal(reader.tryReceiveInto(target.subarray(0, length)), length);
        if (round < 3) assert.deepEqual(target.subarray(0, length), message);
        assert.equal(target[length], 0xcc);
        const used = (length + 4 + 7) & ~7;
        if (used < 64) skip(64 - used);
      }
      function skip(rest: number): void {
        writer.trySend(new Uint8Array(rest - 4));
        assert.equal(reader.tryReceive()?.length, rest - 4);
      }
    }
  }
});

test('a reused buffer and target at every offset, lengths of whole words', (t) => {
  for (let length = 0; length <= 60; length += 4) {
    const { writer, reader, bytes } = pair(t, 64);
    const canary = bytes.slice(0, 128);
    const message = new Uint8Array(length);
    const target = new Uint8Array(length);
    for (let round = 0; round < 64; round++) {
      message.fill(round + 1);
      assert.equal(writer.trySend(message), true);
      assert.equal(reader.tryReceiveInto(target), length);
      assert.deepEqual(target, message);
    }
    assert.deepEqual(bytes.slice(16, 128), canary.slice(16));
  }
});

for (const [what, start] of [
  ['2^31', 2 ** 31],
  ['2^32', 2 ** 32],
] as const) {
  test(`positions that pass ${what}: order, full, empty and room stay right`, (t) => {
    for (let before = 8; before <= 128; before += 8) {
      const { writer, reader, words } = pair(t, 64, startAt(start - before));
      let sent = 0;
      let taken = 0;
      for (let round = 0; round < 20; round++) {
        while (writer.trySend(Uint8Array.of(sent, 1, 2, 3, 4))) sent++;
        assert.equal(sent - taken, 4);
        for (const message of drain(reader)) {
          assert.deepEqual(message, Uint8Array.of(taken, 1, 2, 3, 4));
          taken++;
        }
      }
      assert.equal(sent, taken);
      assert.equal(words[AT.written], (start - before + sent * 16) | 0);
      assert.equal(words[AT.read], words[AT.written]);
    }
  });
}

test('a stream ends rightly when the last position is 0 again', async (t) => {
  const { writer, reader, words } = pair(t, 64, startAt(-16));
  writer.send(Uint8Array.of(1, 2, 3, 4, 5));
  assert.equal(words[AT.written], 0);
  writer.close();
  assert.equal(reader.receive()?.length, 5);
  assert.equal(reader.receive(), null);
  assert.equal(reader.ended, true);
  reader.close();
  assert.equal(await writer.finished(), true);
});

test('random lengths in rings of every size, in bursts, with canaries behind and in targets', (t) => {
  const seed = seedOf('random lengths', (line) => t.diagnostic(line));
  const next = random(seed);
  for (let capacity = 64; capacity <= 65_536; capacity *= 2) {
    using segment = Segment.anonymous(DATA + capacity + 56);
    const bytes = new Uint8Array(segment.buffer);
    bytes.fill(0xcc, DATA + capacity);
    startAt(Math.floor(next() * 2 ** 29) * 8)(new Int32Array(segment.buffer));
    const ring = new Ring(segment);
    assert.equal(ring.capacity, capacity);
    using writer = ring.writer();
    using reader = ring.reader();
    const { lengthMax } = writer;
    const target = new Uint8Array(lengthMax + 8);
    let sent = 0;
    let taken = 0;
    for (let burst = 0; burst < 200; burst++) {
      for (let left = next() * 8; left > 0; left--) {
        if (writer.trySend(messageAt(seed, sent, lengthMax))) sent++;
      }
      for (let left = next() * 8; left > 0 && taken < sent; left--) {
        if (next() < 0.5) {
          check(seed, taken, lengthMax, reader.tryReceive() as Uint8Array);
        } else {
          target.fill(0xcc);
          const length = reader.tryReceiveInto(target);
          check(seed, taken, lengthMax, target.subarray(0, length));
          assert.ok(target.subarray(length).every((byte) => byte === 0xcc));
        }
        taken++;
      }
    }
    for (const message of drain(reader)) check(seed, taken++, lengthMax, message);
    assert.equal(taken, sent);
    assert.ok(sent > 200, `capacity ${capacity}: ${sent} sent`);
    assert.ok(bytes.subarray(DATA + capacity).every((byte) => byte === 0xcc));
  }
});
