// A semaphore's words, written by hand: every value with the mark and without, waited for and not; with undo, every
// owner in every permit; and what each of its methods makes of that.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemspanError, Permit, Span } from '../../src/index.ts';
import { codeOf } from '../support/segments.ts';
import { COUNT, type Owner, type Stage, stage, WAITERS } from './semaphore-stage.ts';

const INITIAL = 3;
const MAX = 5;
const OVERFLOW = 'ERR_MEMSPAN_OVERFLOW';
const NOT_HELD = 'ERR_MEMSPAN_NOT_HELD';

/** Every value that memspan writes, and some that it does not. */
const VALUES = [0, 1, 2, 3, 4, 5, 6, COUNT];
const countOf = (value: number): number => (value - INITIAL) & COUNT;

type Ask = (stage: Stage) => Permit | null | Promise<Permit | null>;
const asks: Record<string, Ask> = {
  tryAcquire: ({ semaphore }) => semaphore.tryAcquire(),
  'acquire({timeoutMs: 0})': ({ semaphore }) => semaphore.acquire({ timeoutMs: 0 }),
  'acquireAsync({timeoutMs: 1})': ({ semaphore }) => semaphore.acquireAsync({ timeoutMs: 1 }),
};

for (const [method, ask] of Object.entries(asks)) {
  test(`what ${method} makes of every word`, async (t) => {
    const it = stage(t, { initial: INITIAL, max: MAX });
    for (const value of VALUES) {
      for (const mark of [0, WAITERS]) {
        for (const waits of [false, true]) {
          const what = `${value}${mark ? ', marked' : ''}${waits ? ', waited for' : ''}`;
          it.setWaiter(waits);
          it.words[0] = countOf(value) + mark;
          // Who waits and has not marked the word yet is not in line for who asks without a cell.
          const isFree = value > (waits && mark !== 0 ? 1 : 0);
          const permit = await ask(it);
          assert.equal(permit !== null, isFree, what);
          assert.equal((it.words[0] as number) & COUNT, countOf(isFree ? value - 1 : value), what);
          it.setWaiter(false);
          if (permit === null || value > MAX) continue;
          permit.release();
          assert.equal(permit.held, false);
          permit.release();
          assert.equal(it.words[0], countOf(value), `${what}: without a mark that nobody needs`);
        }
      }
    }
  });
}

test('what release makes of every word', (t) => {
  const it = stage(t, { initial: INITIAL, max: MAX });
  for (const value of VALUES) {
    for (const mark of [0, WAITERS]) {
      for (const count of [1, 2, 5, 6, Number.MAX_SAFE_INTEGER]) {
        const what = `${value}${mark ? ', marked' : ''}, ${count} more`;
        it.words[0] = countOf(value) + mark;
        assert.equal(it.semaphore.value, value, what);
        const fits = value + count <= MAX;
        const code = codeOf(() => it.semaphore.release(count));
        assert.equal(code, fits ? undefined : OVERFLOW, what);
        assert.equal(it.semaphore.value, fits ? value + count : value, what);
        if (fits) assert.equal((it.words[0] as number) & WAITERS, 0, `${what}: nobody waits`);
      }
    }
  }
});

test('who releases rings whom it is the turn of, and leaves the mark', (t) => {
  const it = stage(t, { initial: INITIAL, max: MAX });
  it.setWaiter(true);
  it.words[0] = countOf(0) + WAITERS;
  const all = new Uint32Array(it.span.segment.buffer);
  const bell = (4160 + 3 * 2048 + 64) / 4;
  const before = all[bell] as number;
  it.semaphore.release();
  assert.equal(all[bell], before + 1);
  assert.equal(it.words[0], countOf(1) + WAITERS);
  assert.equal(it.semaphore.tryAcquire(), null, 'that one is somebody else’s');
  it.setWaiter(false);
});

const OWNERS: readonly Owner[] = ['nobody', 'dead', 'alive', 'self'];

for (const [method, ask] of Object.entries(asks)) {
  test(`with undo: what ${method} makes of every owner of every permit`, async (t) => {
    const it = stage(t, { initial: 2, undo: true });
    for (const first of OWNERS) {
      for (const second of OWNERS) {
        for (const mark of [0, WAITERS]) {
          for (const waits of [false, true]) {
            const what = `${first}, ${second}${mark ? ', marked' : ''}${waits ? ', waited for' : ''}`;
            it.setWaiter(waits);
            it.words[0] = 7 + mark;
            it.words.set([it.owners[first], it.owners[second]], 3);
            const free = [first, second].filter((each) => each === 'nobody' || each === 'dead');
            assert.equal(it.semaphore.value, free.length, what);
            assert.equal(
              codeOf(() => it.semaphore.release()),
              NOT_HELD,
              what,
            );
            const permit = await ask(it);
            assert.equal(permit !== null, free.length > (waits && mark !== 0 ? 1 : 0), what);
            it.setWaiter(false);
            if (permit === null) continue;
            assert.equal(it.semaphore.value, free.length - 1, what);
            assert.equal((it.words[0] as number) & COUNT, 8, `${what}: it was counted`);
            permit.release();
            assert.equal(it.words[0], 8, `${what}: without a mark that nobody needs`);
            assert.equal(it.semaphore.value, free.length, what);
          }
        }
      }
    }
  });
}

test('with undo: a permit that somebody has written over is not given back', (t) => {
  const it = stage(t, { initial: 1, undo: true });
  const permit = it.semaphore.acquire();
  assert.equal(it.words[3], it.owners.self);
  it.words[3] = it.owners.alive;
  assert.throws(() => permit.release(), { code: NOT_HELD });
  assert.equal(permit.held, false);
  assert.equal(it.words[3], it.owners.alive);
});

test('with undo: release gives back the earliest, and all or none', (t) => {
  const it = stage(t, { initial: 3, undo: true });
  const permits = [it.semaphore.acquire(), it.semaphore.acquire(), it.semaphore.acquire()];
  const held = () => permits.map((permit) => permit.held);
  assert.throws(() => it.semaphore.release(4), { code: NOT_HELD, expected: 4, found: 3 });
  assert.deepEqual(held(), [true, true, true]);
  it.semaphore.release();
  assert.deepEqual(held(), [false, true, true]);
  it.semaphore.release(2);
  assert.deepEqual([it.semaphore.value, ...held()], [3, false, false, false]);
  assert.throws(() => it.semaphore.release(), { code: NOT_HELD });
});

// With steps: what happens in the midst of a call.
for (const undo of [false, true]) {
  test(`a mark that is taken away while somebody comes is put back (${undo ? 'undo' : 'plain'})`, async (t) => {
    const steps = new URL('../../steps/index.js', import.meta.url).href;
    const { Span: SteppedSpan } = (await import(steps)) as { Span: typeof Span };
    const hooks = globalThis as { memspanStep?: (step: string) => void };
    const it = stage(t, { initial: 2, max: 2, undo }, SteppedSpan);
    t.after(() => {
      delete hooks.memspanStep;
    });
    const permit = it.semaphore.acquire();
    it.words[0] = (it.words[0] as number) + WAITERS;
    const seen: string[] = [];
    hooks.memspanStep = (step) => {
      if (!step.endsWith('-unmarked')) return;
      seen.push(step);
      it.setWaiter(true);
    };
    permit.release();
    assert.equal(seen.length, 1);
    // That one slept because of the mark, and because of others that were before it: it must be rung when they leave.
    assert.notEqual((it.words[0] as number) & WAITERS, 0);
    it.setWaiter(false);
  });
}

test('errors say what was expected', (t) => {
  const it = stage(t, { initial: 1, max: 1 });
  assert.throws(
    () => it.semaphore.release(),
    (error: MemspanError) => error.code === OVERFLOW && error.expected === 1,
  );
  for (const count of [0, -1, 0.5, Number.NaN]) {
    assert.throws(() => it.semaphore.release(count), RangeError);
  }
  assert.throws(() => it.semaphore.release('1' as unknown as number), TypeError);
});
