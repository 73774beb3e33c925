// A condition's word, written by hand: what every method makes of it, at rest and while somebody waits.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Condition, type Mutex, Span } from '../../src/index.ts';
import { startChild } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';

const WAITERS = 0x8000_0000;

/** No flags, a mark that nobody needs, notifications that nobody waits for, and everything at once. */
const WORDS = [0, 1, 7, 0xf_ffff, 0x10_0000, 0x7ff0_0000, 0x7fff_ffff].flatMap((word) => [
  word,
  (word | WAITERS) >>> 0,
]);

interface Stage {
  readonly span: Span;
  readonly mutex: Mutex;
  readonly condition: Condition;
  readonly word: Uint32Array;
}

function stage(t: TestContext): Stage {
  const span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const { buffer, byteOffset } = span.bytes('here', { size: 8 });
  t.after(() => span.close());
  return {
    span,
    mutex: span.mutex('m'),
    condition: Condition.at(span, byteOffset),
    word: new Uint32Array(buffer, byteOffset, 1),
  };
}

const shown = (word: number): string => `0x${word.toString(16)}`;

test('where nobody waits, nobody is notified, whatever the word says', (t) => {
  const { condition, word } = stage(t);
  for (const each of WORDS) {
    word[0] = each;
    assert.equal(condition.waiters, 0, shown(each));
    assert.equal(condition.notifyOne(), false, shown(each));
    assert.equal(condition.notifyAll(), 0, shown(each));
    assert.equal(word[0], each, shown(each));
  }
});

test('what was left in the word is not for who comes then, blocking or not, and is gone afterwards', async (t) => {
  const { condition, mutex, word } = stage(t);
  using guard = mutex.lock();
  for (const each of WORDS) {
    word[0] = each;
    assert.equal(condition.wait(guard, { timeoutMs: 1 }), null, shown(each));
    assert.equal(word[0], 0, shown(each));
    word[0] = each;
    assert.equal(await condition.waitAsync(guard, { timeoutMs: 1 }), null, shown(each));
    assert.equal(word[0], 0, shown(each));
    word[0] = each;
    const waits = condition.waitAsync(guard);
    assert.equal(condition.waiters, 1, shown(each));
    assert.equal(condition.notifyAll(), 1, shown(each));
    assert.equal(await waits, true, shown(each));
    assert.equal(word[0], 0, shown(each));
  }
});

test('while somebody waits, a word that somebody else has written lets it go on or not, and ends in order', async (t) => {
  const { condition, mutex, word } = stage(t);
  using guard = mutex.lock();
  for (const each of WORDS) {
    const isSeen = (each & 0xf_ffff) !== 0 || each >= WAITERS;
    const waits = condition.waitAsync(guard, { timeoutMs: isSeen ? 20_000 : 120 });
    word[0] = each;
    condition.notifyOne();
    const value = await waits;
    if (isSeen) assert.equal(value, true, shown(each));
    else assert.equal(value, null, `${shown(each)}: a notifier could not see that anybody waits`);
    assert.equal(guard.held, true);
    assert.equal(word[0], 0, shown(each));
  }
});

test('a peer that writes whatever it likes all the time: no crash, no hang, the mutex held each time', async (t) => {
  const { span, condition, mutex, word } = stage(t);
  const rival = await startChild();
  const writing = rival.run(async ({ memspan }, name) => {
    const span = memspan.Span.join(name);
    const { buffer, byteOffset } = span.bytes('here', { size: 8 });
    const words = new Int32Array(buffer, byteOffset, 2);
    let turns = 0;
    for (; Atomics.load(words, 1) === 0; turns++) {
      Atomics.store(words, 0, (Math.random() * 2 ** 32) | 0);
      if (turns % 1000 === 0) await new Promise(setImmediate);
    }
    span.close();
    return turns;
  }, span.name as string);
  const guard = mutex.lock();
  await until(() => word[0] !== 0, 'the rival');
  for (const end = performance.now() + 400; performance.now() < end; ) {
    condition.wait(guard, { timeoutMs: 1 });
    assert.equal(guard.held, true);
    const waits = condition.waitAsync(guard, { timeoutMs: 1 });
    condition.notifyOne();
    condition.notifyAll();
    assert.ok(condition.waiters <= 1);
    await waits;
    assert.equal(guard.held, true);
  }
  Atomics.store(new Int32Array(word.buffer, word.byteOffset, 2), 1, 1);
  assert.ok((await writing) > 0);
  word[0] = 0;
  assert.equal(condition.wait(guard, { timeoutMs: 1 }), null);
  guard.release();
  assert.deepEqual(
    span.threads().flatMap(({ waitingOn }) => waitingOn),
    [],
  );
});

test('cells of the living that say they wait, and do not, take notifications along; who waits is not passed over', async (t) => {
  const { span, condition, mutex } = stage(t);
  const liar = await startChild();
  await liar.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.join(name);
    const { byteOffset } = kept.span.bytes('here', { size: 8 });
    const words = new Int32Array(kept.span.segment.buffer);
    // docs/format.md: the slot is found by its pid; three cells, whose tickets go round.
    const [waits = 0, slots = 0] = [words[10], words[11]].map((offset) => (offset as number) / 4);
    for (let slot = 0; slot < (words[8] as number); slot++) {
      const at = slots + 512 * slot;
      if (words[at + 1] !== process.pid) continue;
      for (const [cell, ticket] of [0, 0x60000000, 0xc0000000].entries()) {
        words.set([0x104, ticket, byteOffset / 4, 0], at + 128 + 4 * cell);
      }
      words[waits + slot] = ((words[at] as number) << 4) & 0xffff0000;
      words[waits + slot] = (words[waits + slot] as number) | 3;
    }
  }, span.name as string);
  using guard = mutex.lock();
  const waits = condition.waitAsync(guard);
  await until(() => condition.waiters === 4, 'the lies to be seen');
  assert.equal(condition.notifyAll(), 4);
  assert.equal(await waits, true);
  await liar.kill();
  assert.equal(condition.wait(guard, { timeoutMs: 1 }), null);
  assert.equal(condition.waiters, 0);
});
