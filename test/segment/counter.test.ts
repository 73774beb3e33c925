// The first program of every textbook (P1): several processes add to one counter. Atomics count every step,
// a plain ++ loses some; over a named segment and over one that has no name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forkWith, Segment } from '../../src/index.ts';
import { leadChild, type Puppet, puppetPath, startChild, startWorker } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';

const ADDS = 1_000_000;
const COUNTER = 0;
const READY = 1;
const GO = 2;

/** Words are far apart: what is measured is the counter, not the line it shares. */
const wordOf = (index: number): number => index * 32;

test('a parent, a child and a worker add a million each to a named counter: three million', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 4096 });
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.words = new Int32Array(memspan.Segment.open(name).buffer);
  }, name);
  await assertExact(segment, child);
  assert.equal(segment.unlink(), true);
});

test('the same over an anonymous segment that the child inherits', async () => {
  using segment = Segment.anonymous(4096);
  const child = await leadChild(
    forkWith(puppetPath, { share: { counter: segment }, serialization: 'advanced' }),
  );
  await child.run(({ memspan, kept }) => {
    kept.words = new Int32Array(memspan.inherited('counter').buffer);
  });
  await assertExact(segment, child);
});

test('with ++ in place of Atomics.add, updates are lost', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 4096 });
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.words = new Int32Array(memspan.Segment.open(name).buffer);
  }, name);
  const worker = await workerOn(segment);
  // Mostly in the first run; where three threads share one processor it takes more of them.
  let total = 3 * ADDS;
  for (let run = 0; run < 500 && total === 3 * ADDS; run++) {
    total = await count(segment, [child, worker], plainly);
  }
  segment.unlink();
  assert.ok(total < 3 * ADDS, '500 runs and nothing lost');
});

async function assertExact(segment: Segment, child: Puppet): Promise<void> {
  const worker = await workerOn(segment);
  assert.equal(await count(segment, [child, worker], atomically), 3 * ADDS);
}

async function workerOn(segment: Segment): Promise<Puppet> {
  const worker = await startWorker();
  await worker.run(({ kept }, buffer) => {
    kept.words = new Int32Array(buffer);
  }, segment.buffer);
  return worker;
}

type Add = (words: Int32Array, word: number, times: number) => void;

function atomically(words: Int32Array, word: number, times: number): void {
  for (let i = 0; i < times; i++) Atomics.add(words, word, 1);
}

function plainly(words: Int32Array, word: number, times: number): void {
  for (let i = 0; i < times; i++) words[word]!++;
}

/** All start together; the sum that they arrive at. */
async function count(segment: Segment, others: Puppet[], add: Add): Promise<number> {
  const words = new Int32Array(segment.buffer);
  words.fill(0);
  const atEnd = others.map((puppet) =>
    puppet.run(
      ({ kept: { words } }, add, counter, ready, go, times) => {
        Atomics.add(words, ready, 1);
        while (Atomics.load(words, go) === 0);
        new Function(`return ${add}`)()(words, counter, times);
      },
      String(add),
      wordOf(COUNTER),
      wordOf(READY),
      wordOf(GO),
      ADDS,
    ),
  );
  await until(() => words[wordOf(READY)] === others.length, 'the others to be ready');
  Atomics.store(words, wordOf(GO), 1);
  add(words, wordOf(COUNTER), ADDS);
  await Promise.all(atEnd);
  return words[wordOf(COUNTER)] as number;
}
