// The sleep protocol's price and promise: no system call while both ends are awake, one wake-up per sleep, and
// every operation on the cursors as ring-end.ts says. The operations are seen where src/word makes them.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { native } from '../../src/binding.ts';
import { AT, DATA, drain, FLAG, fill, isPending, pair } from './rings.ts';

/** What happens to shared words from now on, in order: `['load written', 'exchange written', 'wake written']`. */
function watch(t: TestContext): string[] {
  const seen: string[] = [];
  const nameOf = (index: number) =>
    Object.entries(AT).find(([, at]) => at === index)?.[0] ?? String(index);
  const note = (what: string, index: number) => void seen.push(`${what} ${nameOf(index)}`);
  const { load, compareExchange } = Atomics;
  t.mock.method(Atomics, 'load', (words: Int32Array, index: number) => {
    note('load', index);
    return load(words, index);
  });
  t.mock.method(Atomics, 'store', () => assert.fail('cursors are changed by compare-exchange'));
  t.mock.method(
    Atomics,
    'compareExchange',
    (words: Int32Array, index: number, expected: number, replacement: number) => {
      const found = compareExchange(words, index, expected, replacement);
      note(found === expected ? 'exchange' : 'fail', index);
      return found;
    },
  );
  for (const name of ['wait', 'waitAsync', 'notify'] as const) {
    const original = native[name] as (...args: unknown[]) => number;
    const what = { wait: 'sleep', waitAsync: 'sleep', notify: 'wake' }[name];
    t.mock.method(native, name, (...args: unknown[]) => {
      note(what, args[1] as number);
      return original(...args);
    });
  }
  return seen;
}

function taken(seen: string[]): string[] {
  return seen.splice(0);
}

test('a message costs one exchange, and taking it one; no system call while both are awake', (t) => {
  const { writer, reader } = pair(t, 1024);
  const message = new Uint8Array(20);
  const target = new Uint8Array(20);
  writer.send(message);
  reader.receive();
  const seen = watch(t);
  for (let i = 0; i < 10; i++) writer.send(message);
  assert.deepEqual(taken(seen), new Array(10).fill('exchange written'));
  for (let i = 0; i < 10; i++) reader.tryReceiveInto(target);
  assert.deepEqual(taken(seen), ['load written', ...new Array(10).fill('exchange read')]);
});

test('an end looks at the other cursor only when the ring looks empty or full', (t) => {
  const { writer, reader } = pair(t);
  const seen = watch(t);
  fill(writer);
  const looks = ['load read', 'load read'];
  assert.deepEqual(
    taken(seen).filter((what) => what.startsWith('load')),
    looks,
  );
  drain(reader);
  assert.deepEqual(
    taken(seen).filter((what) => what.startsWith('load')),
    ['load written', 'load written'],
  );
});

test('a reader that sleeps is woken by one message, once', async (t) => {
  const { writer, reader, words } = pair(t);
  const call = reader.receiveAsync();
  assert.ok(await isPending(call));
  assert.equal(words[AT.written], FLAG.sleeps);
  const seen = watch(t);
  writer.send('a');
  writer.send('b');
  assert.deepEqual(taken(seen), [
    'load read',
    'fail written',
    'load written',
    'exchange written',
    'wake written',
    'exchange written',
  ]);
  assert.equal(words[AT.written], 16);
  assert.deepEqual(await call, Uint8Array.of(97));
});

test('a writer that sleeps is woken by the first room, once', async (t) => {
  const { writer, reader, words } = pair(t);
  fill(writer);
  const call = writer.sendAsync('x');
  assert.ok(await isPending(call));
  assert.equal(words[AT.read], FLAG.sleeps);
  const seen = watch(t);
  reader.tryReceive();
  reader.tryReceive();
  assert.deepEqual(taken(seen), [
    'load written',
    'fail read',
    'load read',
    'exchange read',
    'wake read',
    'exchange read',
  ]);
  assert.equal(await call, true);
});

test('going to sleep: look, set the flag in what was seen, sleep on that; nothing in between', (t) => {
  const { reader, words } = pair(t);
  const seen = watch(t);
  assert.equal(reader.receive({ timeoutMs: 90 }), null);
  const order = taken(seen).filter((what, i, all) => what !== all[i - 1]);
  assert.deepEqual(order, [
    'load written',
    'exchange written',
    'sleep written',
    'load written',
    'load writer',
    'load written',
    'load writer',
  ]);
  assert.equal(words[AT.written], FLAG.sleeps);
});

test('a flag that one left who gave up costs the other one needless wake-up, once', (t) => {
  const { writer, reader } = pair(t);
  reader.receive({ timeoutMs: 50 });
  const seen = watch(t);
  for (let i = 0; i < 5; i++) writer.send('x');
  assert.equal(taken(seen).filter((what) => what.startsWith('wake')).length, 1);
  assert.equal(reader.receive({ timeoutMs: 1 })?.length, 1);
  assert.equal(taken(seen).filter((what) => what.startsWith('sleep')).length, 0);
});

test('a word that changes between the look and the flag: no sleep', (t) => {
  const { writer, reader } = pair(t);
  const seen = watch(t);
  const { compareExchange } = Atomics;
  let isFirst = true;
  t.mock.method(Atomics, 'compareExchange', (...args: Parameters<typeof compareExchange>) => {
    if (isFirst) {
      isFirst = false;
      writer.send('late');
    }
    return compareExchange(...args);
  });
  assert.equal(reader.receive()?.length, 4);
  assert.equal(taken(seen).filter((what) => what.startsWith('sleep')).length, 0);
});

test('a word that changes between the flag and the sleep: the kernel refuses the sleep', (t) => {
  const { writer, reader } = pair(t);
  const { wait } = native;
  const outcomes: number[] = [];
  t.mock.method(native, 'wait', (...args: Parameters<typeof wait>) => {
    if (outcomes.length === 0) writer.send('late');
    outcomes.push(wait(...args));
    return outcomes.at(-1);
  });
  assert.equal(reader.receive()?.length, 4);
  const notEqual = 2;
  assert.deepEqual(outcomes, [notEqual]);
});

test('closing sets its flag in one cursor or two, and wakes whoever sleeps there', async (t) => {
  const { writer, reader, words, bytes } = pair(t);
  const received = reader.receiveAsync();
  const finished = writer.finished();
  assert.ok(await isPending(Promise.race([received, finished])));
  // finished() asks for no wake-up by messages that are taken.
  assert.deepEqual([words[AT.written], words[AT.read]], [FLAG.sleeps, 0]);
  writer.close();
  assert.deepEqual([words[AT.written], words[AT.read]], [FLAG.closed, 0]);
  assert.equal(await received, null);
  reader.close();
  assert.deepEqual([words[AT.written], words[AT.read]], [FLAG.closed | FLAG.refused, FLAG.closed]);
  assert.equal(await finished, true);
  assert.ok(bytes.subarray(DATA).every((byte) => byte === 0));
});
