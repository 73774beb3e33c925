// Named objects when many want to make the same ones: each is made once, in one place, of zeros, apart from the others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Span } from '../../src/index.ts';
import { startChild, startWorker, type Tools } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';

const COUNT = 40;
const ROUNDS = 3;

/** Starts a second thread in the child, that does the same. */
async function join({ memspan, kept, Worker }: Tools, name: string, puppet: string): Promise<void> {
  kept.span = memspan.Span.join(name);
  const worker = new Worker(new URL(puppet));
  const answers: ((value: unknown) => void)[] = [];
  worker.on('message', ({ id, value, error }) => answers[id]?.(error ?? value));
  await new Promise((resolve) => {
    answers[0] = resolve;
  });
  const hooks = globalThis as { second?: (text: string, ...args: unknown[]) => Promise<unknown> };
  hooks.second = (text, ...args) =>
    new Promise((resolve) => {
      const id = answers.push(resolve) - 1;
      worker.postMessage({ id, text, args });
    });
  await hooks.second('({ memspan, kept }, name) => { kept.span = memspan.Span.join(name); }', name);
}

type Made = [name: string, offset: number, wasZero: boolean];

/**
 * Makes all objects in an order of its own, from that time on, and adds one to each byte: a byte is 0 before, or what
 * others have added.
 */
async function makeAll(
  tools: Tools,
  text: string,
  order: readonly number[],
  round: number,
  at: number,
): Promise<Made[][]> {
  const make = new Function(`return (${text})`)() as (...args: unknown[]) => Made[];
  const { second } = globalThis as unknown as {
    second: (text: string, ...args: unknown[]) => Promise<Made[]>;
  };
  const other = second(text, order, round, at);
  return [make(tools, order, round, at), await other];
}

function makeInOrder({ kept }: Tools, order: number[], round: number, at: number): Made[] {
  while (Date.now() < at);
  return order.map((i) => {
    const name = `object-${round}-${i}`;
    const bytes = kept.span.bytes(name, { size: 4 * (1 + (i % 30)) });
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    // Sixteen threads add theirs; whoever fills them with zeros a second time takes some of it back.
    let wasSane = true;
    for (let word = 0; word < words.length; word++) {
      const before = Atomics.add(words, word, 1);
      if (before < 0 || before >= 16) wasSane = false;
    }
    return [name, bytes.byteOffset, wasSane];
  });
}

test('8 processes with 2 threads each race to make the same 40 objects', async () => {
  const name = uniqueName();
  using span = Span.create(name, { objects: COUNT * ROUNDS });
  const children = await Promise.all(Array.from({ length: 8 }, () => startChild()));
  const puppet = new URL('../fixtures/segment/puppet.js', import.meta.url).href;
  await Promise.all(children.map((child) => child.run(join, name, puppet)));
  assert.equal(span.threads().length, 17);
  for (let round = 0; round < ROUNDS; round++) {
    const at = Date.now() + 20;
    const made = await Promise.all(
      children.map((child, i) => {
        // The same order in half of them; the others begin elsewhere.
        const order = Array.from({ length: COUNT }, (_, k) => (i % 2 ? k : (k * 7 + i) % COUNT));
        return child.run(makeAll, makeInOrder.toString(), order, round, at);
      }),
    );
    const offsets = new Map<string, number>();
    for (const [object, offset, wasSane] of made.flat(2)) {
      assert.equal(offset, offsets.get(object) ?? offset, `${object} is in one place`);
      assert.ok(wasSane, `${object} was of zeros at first`);
      offsets.set(object, offset);
    }
    assert.equal(offsets.size, COUNT);
  }
  const objects = span.objects();
  assert.equal(objects.length, COUNT * ROUNDS);
  let end = 0;
  for (const { name: object, size } of objects) {
    const bytes = span.bytes(object, { size });
    assert.ok(bytes.byteOffset >= end, `${object} overlaps the one before`);
    end = bytes.byteOffset + size;
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, size / 4);
    assert.ok(
      words.every((word) => word === 16),
      `${object}: ${words}`,
    );
  }
  span.unlink();
});

test('of two kinds that race for one name, one wins and the other is told', async () => {
  const name = uniqueName();
  using span = Span.create(name);
  const workers = await Promise.all([startWorker(), startWorker()]);
  for (const worker of workers) {
    await worker.run(({ memspan, kept }, name) => {
      kept.span = memspan.Span.join(name);
    }, name);
  }
  const [mutexes, bytes] = workers as [(typeof workers)[0], (typeof workers)[0]];
  const at = Date.now() + 20;
  const outcomes = await Promise.all([
    mutexes.run(({ kept }, at) => {
      while (Date.now() < at);
      return Array.from({ length: 50 }, (_, i) => {
        try {
          return kept.span.mutex(`x-${i}`).name;
        } catch (error) {
          return (error as { code: string }).code;
        }
      });
    }, at),
    bytes.run(({ kept }, at) => {
      while (Date.now() < at);
      return Array.from({ length: 50 }, (_, i) => {
        try {
          return kept.span.bytes(`x-${i}`, { size: 4 }) && `x-${i}`;
        } catch (error) {
          return (error as { code: string }).code;
        }
      });
    }, at),
  ]);
  for (let i = 0; i < 50; i++) {
    const pair = outcomes.map((each) => each[i]).sort();
    assert.deepEqual(pair, ['ERR_MEMSPAN_OPTIONS_MISMATCH', `x-${i}`]);
  }
  span.unlink();
});

test('a view of an object is as long as the object, and the objects are found with their sizes', () => {
  using span = Span.anonymous();
  assert.equal(span.object('none'), undefined);
  for (const size of [1, 63, 64, 65, 1000]) {
    const bytes = span.bytes(`b-${size}`, { size });
    assert.equal(bytes.length, size);
    assert.equal(bytes.byteOffset % 64, 0);
    bytes.fill(255);
  }
  span.mutex('m');
  assert.deepEqual(
    span.objects().map(({ kind, name, fullName, size }) => [kind, name, fullName, size]),
    [
      ...[1, 63, 64, 65, 1000].map((size) => ['bytes', `b-${size}`, `/b-${size}`, size]),
      ['mutex', 'm', '/m', span.object('m')?.size],
    ],
  );
  assert.deepEqual(
    span.objects('b-6?').map(({ name }) => name),
    ['b-63', 'b-64', 'b-65'],
  );
  assert.deepEqual(span.object('b-63')?.open(), span.bytes('b-63', { size: 63 }));
});
