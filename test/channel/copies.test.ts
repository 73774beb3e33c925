// Received messages are copies that stay as they are, also where they share a buffer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Span } from '../../src/index.ts';
import { uniqueName } from '../support/segments.ts';

const LENGTHS = [0, 1, 64, 65, 66, 100, 1000, 1024, 4095, 4096, 4097, 9000];

function patterned(length: number, salt: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + salt) & 255);
}

test('what was received stays as it is while more is sent and received, in channels of each kind', () => {
  using span = Span.create(uniqueName(), { size: 2 ** 21 });
  span.unlink();
  const ring = span.ring('ring', { capacity: 2 ** 16 });
  const ringWriter = ring.writer();
  const ringReader = ring.reader();
  const queue = span.queue('queue', { capacity: 4, messageMax: 9000 });
  const queueWriter = queue.writer();
  const queueReader = queue.reader();
  const broadcast = span.broadcast('broadcast', { capacity: 2 ** 16 });
  const broadcastWriter = broadcast.writer();
  const broadcastReader = broadcast.reader();
  const latest = span.latest('latest', { size: 1024 });
  const latestWriter = latest.writer();
  const kept: { bytes: Uint8Array; expected: Uint8Array }[] = [];
  const keep = (bytes: Uint8Array | null | undefined, expected: Uint8Array): void => {
    assert.ok(bytes instanceof Uint8Array);
    assert.equal(bytes.byteOffset % 8, 0);
    kept.push({ bytes, expected });
  };
  for (let round = 0; round < 30; round++) {
    for (const [i, length] of LENGTHS.entries()) {
      const message = patterned(length, 13 * round + i);
      ringWriter.send(message);
      keep(ringReader.receive(), message);
      queueWriter.send(message);
      keep(queueReader.receive(), message);
      broadcastWriter.send(message);
      keep(broadcastReader.receive(), message);
    }
    const value = patterned(1024, round);
    latestWriter.publish(value);
    keep(latest.read(), value);
  }
  for (const { bytes, expected } of kept) assert.deepEqual(bytes, expected);
  assert.ok(
    kept.some(({ bytes }) => bytes.buffer.byteLength > bytes.length),
    'some share a buffer',
  );
});

test('a message of its own buffer can be transferred, one that shares it stays', () => {
  using span = Span.create(uniqueName(), { size: 2 ** 20 });
  span.unlink();
  const ring = span.ring('ring', { capacity: 2 ** 16 });
  const writer = ring.writer();
  const reader = ring.reader();
  const receive = (length: number): Uint8Array<ArrayBuffer> => {
    writer.send(patterned(length, 1));
    return reader.receive() as Uint8Array<ArrayBuffer>;
  };
  const short = receive(64);
  assert.equal(structuredClone(short, { transfer: [short.buffer] }).length, 64);
  assert.equal(short.length, 0);
  const long = receive(5000);
  assert.equal(structuredClone(long, { transfer: [long.buffer] }).length, 5000);
  const shared = receive(1000);
  // Node 20 copies what is marked, later ones throw.
  try {
    assert.deepEqual(structuredClone(shared, { transfer: [shared.buffer] }), shared);
  } catch (error) {
    assert.equal((error as Error).name, 'DataCloneError');
  }
  assert.deepEqual(shared, patterned(1000, 1));
  const own = shared.slice();
  assert.deepEqual(structuredClone(own, { transfer: [own.buffer] }), patterned(1000, 1));
});
