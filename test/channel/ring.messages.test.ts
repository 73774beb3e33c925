// What goes in comes out: every kind of message and of target, and the limits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '../../src/index.ts';
import { AT, code, DATA, drain, fill, pair } from './rings.ts';

const LENGTH_MAX = 1020;

function pattern(length: number, salt = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7 + salt + 1);
}

test('messages of 0, 1, odd and longest length arrive as they were sent, each as a copy', (t) => {
  const { writer, reader, bytes } = pair(t, 1024);
  assert.equal(writer.lengthMax, LENGTH_MAX);
  for (const length of [0, 1, 2, 3, 4, 5, 63, 64, 65, 127, 128, 129, 1019, LENGTH_MAX]) {
    const sent = pattern(length);
    assert.equal(writer.trySend(sent), true);
    const got = reader.tryReceive() as Uint8Array;
    assert.deepEqual(got, pattern(length));
    assert.equal(got.byteLength, length);
    assert.ok(got.buffer instanceof ArrayBuffer);
    bytes.fill(0, DATA);
    assert.deepEqual(got, pattern(length));
  }
});

test('a message over lengthMax is a RangeError with both numbers, however it is sent', async (t) => {
  const { writer, reader } = pair(t, 1024);
  const wanted = { name: 'RangeError', ...code('OUT_OF_RANGE'), message: /1021 bytes.* 1020/ };
  const message = pattern(LENGTH_MAX + 1);
  assert.throws(() => writer.trySend(message), wanted);
  assert.throws(() => writer.send(message), wanted);
  await assert.rejects(writer.sendAsync(message), wanted);
  fill(writer);
  assert.throws(() => writer.trySend(message), wanted);
  assert.equal(drain(reader).length, 128);
});

test('a message of 4 GiB and a little is refused, not cut to the little', (t) => {
  const { writer, reader, bytes } = pair(t, 64);
  for (const length of [2 ** 32 - 4, 2 ** 32, 2 ** 32 + 5]) {
    // A length like this needs no memory to be refused; a real array of it may not fit into a CI machine.
    const message = Object.defineProperty(new Uint8Array(8), 'length', { value: length });
    assert.throws(() => writer.trySend(message), { name: 'RangeError' });
  }
  assert.equal(reader.tryReceive(), null);
  assert.ok(bytes.subarray(DATA).every((byte) => byte === 0));
});

test('text is sent as UTF-8', (t) => {
  const { writer, reader } = pair(t, 1024);
  for (const text of ['', 'x', 'grüße', '漢字', '🦔', '\0\ud800']) {
    writer.trySend(text);
    assert.deepEqual(Buffer.from(reader.tryReceive()!), Buffer.from(text));
  }
  assert.throws(() => writer.trySend('é'.repeat(511)), { message: /1022 bytes/ });
});

test('Buffers, and views with any offset, over plain, shared and resizable memory', (t) => {
  const { writer, reader } = pair(t, 1024);
  const whole = pattern(300);
  const shared = new Uint8Array(new SharedArrayBuffer(300));
  shared.set(whole);
  for (let offset = 0; offset < 9; offset++) {
    for (const length of [0, 1, 7, 8, 16, 64, 100]) {
      const wanted = whole.slice(offset, offset + length);
      const messages: Message[] = [
        Buffer.from(wanted),
        whole.subarray(offset, offset + length),
        shared.subarray(offset, offset + length),
        new (class Special extends Uint8Array {})(wanted),
      ];
      for (const message of messages) {
        writer.trySend(message);
        assert.deepEqual(reader.tryReceive(), wanted);
      }
    }
  }
});

test('what is neither bytes nor text is a TypeError, and nothing is sent', async (t) => {
  const { writer, reader } = pair(t);
  const wrong = [
    undefined,
    null,
    1,
    {},
    [1, 2],
    new Uint16Array(4),
    new DataView(new ArrayBuffer(8)),
  ];
  for (const message of wrong as unknown as Message[]) {
    const wanted = { name: 'TypeError', ...code('INVALID_ARGUMENT') };
    assert.throws(() => writer.trySend(message), wanted);
    assert.throws(() => writer.send(message), wanted);
    await assert.rejects(writer.sendAsync(message), wanted);
    assert.throws(() => reader.tryReceiveInto(message as Uint8Array), wanted);
  }
  assert.equal(reader.tryReceive(), null);
});

for (const length of [4, 8, 60, 64, 124, 128, 132, 6, 65]) {
  test(`one buffer of ${length} bytes sent again and again with changing contents, into one target`, (t) => {
    const { writer, reader } = pair(t, 512);
    const message = new Uint8Array(length);
    const target = new Uint8Array(length);
    for (let round = 0; round < 300; round++) {
      message.set(pattern(length, round));
      assert.equal(writer.trySend(message), true);
      if (round % 3 === 0) continue;
      while (reader.tryReceiveInto(target) >= 0) {}
      assert.deepEqual(target, message);
    }
  });
}

test('a view into the middle of a buffer, sent again and again: its neighbours are left alone', (t) => {
  const { writer, reader } = pair(t, 512);
  for (const [offset, length] of [
    [4, 64],
    [8, 12],
    [3, 64],
    [4, 63],
  ] as const) {
    const around = new Uint8Array(100).fill(0xcc);
    const message = new Uint8Array(100);
    const [target, source] = [around, message].map((a) => a.subarray(offset, offset + length));
    for (let round = 0; round < 20; round++) {
      source!.set(pattern(length, round));
      writer.trySend(source!);
      assert.equal(reader.tryReceiveInto(target!), length);
      assert.deepEqual(target, source);
    }
    assert.ok(around.subarray(0, offset).every((byte) => byte === 0xcc));
    assert.ok(around.subarray(offset + length).every((byte) => byte === 0xcc));
  }
});

test('a target longer than the message keeps its rest', (t) => {
  const { writer, reader } = pair(t, 512);
  const target = new Uint8Array(64);
  for (const length of [0, 1, 4, 8, 13, 60, 63, 64, 8, 8, 4]) {
    target.fill(0xcc);
    writer.trySend(pattern(length));
    assert.equal(reader.tryReceiveInto(target), length);
    assert.deepEqual(target.subarray(0, length), pattern(length));
    assert.ok(target.subarray(length).every((byte) => byte === 0xcc));
  }
  assert.equal(reader.tryReceiveInto(target), -1);
});

test('a target shorter than the message is a RangeError with both numbers, and nothing is taken', (t) => {
  const { writer, reader, words } = pair(t, 512);
  const small = new Uint8Array(8);
  for (let round = 0; round < 3; round++) {
    writer.trySend(pattern(8));
    reader.tryReceiveInto(small);
  }
  writer.trySend(pattern(9));
  small.fill(0xcc);
  const before = words[AT.read];
  const wanted = { name: 'RangeError', message: /9 bytes.* 8/ };
  for (let again = 0; again < 3; again++) {
    assert.throws(() => reader.tryReceiveInto(small), wanted);
    assert.throws(() => reader.receiveInto(small), wanted);
  }
  assert.equal(words[AT.read], before);
  assert.ok(small.every((byte) => byte === 0xcc));
  assert.deepEqual(reader.tryReceive(), pattern(9));
});

test('a view that grows with its buffer is sent as long as it is', (t) => {
  const { writer, reader } = pair(t, 512);
  const resizable = Reflect.construct(ArrayBuffer, [64, { maxByteLength: 256 }]) as ArrayBuffer & {
    resize(length: number): void;
  };
  const growable = Reflect.construct(SharedArrayBuffer, [
    64,
    { maxByteLength: 256 },
  ]) as SharedArrayBuffer & { grow(length: number): void };
  for (const view of [new Uint8Array(resizable), new Uint8Array(growable)]) {
    for (let round = 0; round < 4; round++) {
      writer.trySend(view);
      reader.tryReceive();
    }
    if (view.buffer === resizable) resizable.resize(96);
    else growable.grow(96);
    view.set(pattern(96));
    assert.equal(view.length, 96);
    writer.trySend(view);
    assert.deepEqual(reader.tryReceive(), pattern(96));
    reader.tryReceiveInto(view);
  }
});

test('a buffer that was transferred away is an empty message, and no target', (t) => {
  const { writer, reader } = pair(t, 512);
  const message = new Uint8Array(8);
  const target = new Uint8Array(8);
  for (let round = 0; round < 4; round++) {
    writer.trySend(message);
    reader.tryReceiveInto(target);
  }
  structuredClone([message, target], { transfer: [message.buffer, target.buffer] });
  writer.trySend(message);
  assert.deepEqual(reader.tryReceive(), new Uint8Array(0));
  writer.trySend(pattern(4));
  assert.throws(() => reader.tryReceiveInto(target), { name: 'RangeError' });
});

test('a full ring takes no more until one is taken, then exactly one', (t) => {
  const { writer, reader } = pair(t, 64);
  assert.equal(fill(writer), 8);
  assert.equal(writer.trySend(''), false);
  for (let i = 0; i < 20; i++) {
    assert.equal(reader.tryReceive()?.length, 1);
    assert.equal(writer.trySend('x'), true);
    assert.equal(writer.trySend('x'), false);
  }
  assert.equal(drain(reader).length, 8);
  assert.equal(writer.trySend(pattern(60)), true);
  assert.equal(writer.trySend(''), false);
});
