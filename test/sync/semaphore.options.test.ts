// What a semaphore is made as: options, agreed upon by all who open it, also when the first one dies while it says
// them; by name, embedded, found; and what becomes of it when the span is closed or cut short.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import {
  find,
  type MemspanError,
  type Permit,
  Semaphore,
  type SemaphoreOptions,
  Span,
} from '../../src/index.ts';
import type { Tools } from '../support/puppets.ts';
import { codeOf, shmPath, uniqueName } from '../support/segments.ts';
import { deed, ENDS, endAt, startVictim } from '../support/victims.ts';
import { stage } from './semaphore-stage.ts';

const TYPE = { name: 'TypeError', code: 'ERR_MEMSPAN_INVALID_ARGUMENT' };
const RANGE = { name: 'RangeError', code: 'ERR_MEMSPAN_OUT_OF_RANGE' };
const MISMATCH = 'ERR_MEMSPAN_OPTIONS_MISMATCH';

test('options that cannot be are refused', () => {
  using span = Span.anonymous();
  const wrong = [null, 3, 'three', {}, { initial: '3' }, { initial: 1, max: '1' }];
  for (const options of [...wrong, { initial: 1, undo: 1 }] as SemaphoreOptions[]) {
    assert.throws(() => span.semaphore('x', options), TYPE, JSON.stringify(options));
    assert.throws(() => Semaphore.sizeOf(options), TYPE);
    assert.throws(() => Semaphore.at(span, 0, options), TYPE);
  }
  const outside: SemaphoreOptions[] = [
    { initial: -1 },
    { initial: 0.5 },
    { initial: Number.NaN },
    { initial: 2, max: 1 },
    { initial: 0, max: 0 },
    { initial: 0, max: 2 ** 31 },
    { initial: 2 ** 31 },
    { initial: 0, undo: true },
    { initial: 1, max: 2, undo: true },
    { initial: 4097, undo: true },
  ];
  for (const options of outside) {
    assert.throws(() => span.semaphore('x', options), RANGE, JSON.stringify(options));
  }
  const { byteOffset } = span.bytes('few', { size: 12 });
  assert.throws(() => Semaphore.at(span, byteOffset + 4, { initial: 1 }), RANGE);
  assert.throws(() => Semaphore.at(span, byteOffset, { initial: 1, undo: true }), RANGE);
  assert.deepEqual(
    span.objects().map(({ kind }) => kind),
    ['bytes'],
  );
  const semaphore = span.semaphore('x', { initial: 1 });
  assert.throws(() => semaphore.acquire({ timeoutMs: -1 }), RANGE);
  assert.throws(() => semaphore.acquire(1 as never), TYPE);
});

test('the least and the most there can be', () => {
  using span = Span.anonymous();
  const least = span.semaphore('least', { initial: 0, max: 1 });
  assert.deepEqual([least.value, least.tryAcquire()], [0, null]);
  const most = span.semaphore('most', { initial: 2 ** 31 - 1 });
  assert.deepEqual([most.initial, most.max, most.value], Array(3).fill(2 ** 31 - 1));
  assert.equal(
    codeOf(() => most.release()),
    'ERR_MEMSPAN_OVERFLOW',
  );
  most.tryAcquire()?.release();
  assert.equal(most.value, most.max);
  const posted = span.semaphore('posted', { initial: 0 });
  posted.release(posted.max);
  assert.equal(posted.value, 2 ** 31 - 1);
  const owned = span.semaphore('owned', { initial: 4096, undo: true });
  for (let i = 0; i < 4096; i++) assert.notEqual(owned.tryAcquire(), null);
  assert.deepEqual([owned.value, owned.tryAcquire()], [0, null]);
  owned.release(4096);
  assert.equal(owned.value, 4096);
});

test('all who open it mean the same; who says nothing gets what is there', (t) => {
  const name = uniqueName();
  using span = Span.create(name, { objects: 4 });
  t.after(() => Span.unlink(name));
  assert.throws(() => span.semaphore('x'), { code: 'ERR_MEMSPAN_NOT_FOUND' });
  for (const never of [undefined, '', Symbol('x')] as unknown as string[]) {
    assert.throws(() => span.semaphore(never), { code: 'ERR_MEMSPAN_INVALID_NAME' });
  }
  span.semaphore('x', { initial: 2, max: 3 });
  span.semaphore('x', { initial: 2, max: 3, undo: false });
  const there = span.semaphore('x');
  assert.deepEqual([there.initial, there.max, there.undo], [2, 3, false]);
  for (const expected of [
    { initial: 1, max: 3, undo: false },
    { initial: 2, max: 2, undo: false },
    { initial: 2, max: 2, undo: true },
  ]) {
    assert.throws(
      () => span.semaphore('x', expected),
      (error: MemspanError) => {
        assert.equal(error.code, MISMATCH);
        assert.deepEqual(error.found, { initial: 2, max: 3, undo: false });
        assert.deepEqual(error.expected, expected);
        return true;
      },
    );
  }
  assert.throws(() => span.mutex('x'), { code: MISMATCH });
  span.mutex('m');
  assert.throws(() => span.semaphore('m', { initial: 1 }), { code: MISMATCH });
  const [found] = find({ kind: 'semaphore', name: `${name}/*` });
  assert.equal(found?.fullName, `${name}/x`);
  const opened = found?.open() as Semaphore;
  assert.ok(opened instanceof Semaphore);
  assert.deepEqual([opened.fullName, opened.value], [`${name}/x`, 2]);
  opened.span.close();
});

test('embedded in other bytes, zeros at first, it is as good as by name', () => {
  using span = Span.anonymous();
  for (const undo of [false, true]) {
    const options: SemaphoreOptions = { initial: 2, undo };
    const size = Semaphore.sizeOf(options);
    assert.equal(size, undo ? 20 : 12);
    const { byteOffset } = span.bytes(`some ${undo}`, { size: size + 8 });
    const semaphore = Semaphore.at(span, byteOffset + 8, options);
    assert.equal(semaphore.name, `some ${undo}+8`);
    const again = Semaphore.at(span, byteOffset + 8, options);
    const permit = semaphore.acquire();
    assert.deepEqual([semaphore.value, again.value], [1, 1]);
    permit.release();
    assert.equal(again.value, 2);
    assert.throws(() => Semaphore.at(span, byteOffset + 8, { initial: 1, undo }), {
      code: MISMATCH,
    });
  }
});

test('permits end with their block, and say what they are', async () => {
  using span = Span.anonymous();
  const semaphore = span.semaphore('x', { initial: 1 });
  {
    using permit = semaphore.acquire();
    assert.deepEqual([permit.semaphore, permit.held, semaphore.value], [semaphore, true, 0]);
    using none = semaphore.acquire({ timeoutMs: 0 });
    assert.equal(none, null);
  }
  assert.equal(semaphore.value, 1);
  {
    using permit: Permit = await semaphore.acquireAsync();
    assert.ok(permit.held);
    using late: Permit | null = await semaphore.acquireAsync({ timeoutMs: 1 });
    assert.equal(late, null);
  }
  assert.equal(semaphore.value, 1);
});

test('of two who say different things at once, the one that is refused changes nothing', (t) => {
  const it = stage(t, { initial: 1, max: 5 });
  // The first one has said `max`, and is paused.
  it.words.set([0, 0, 5]);
  assert.throws(() => it.span.semaphore('x'), { code: 'ERR_MEMSPAN_NOT_FOUND' });
  assert.throws(
    () => it.span.semaphore('x', { initial: 7, max: 9 }),
    (error: MemspanError) => {
      assert.equal(error.code, MISMATCH);
      assert.deepEqual(error.found, { max: 5, undo: false });
      return true;
    },
  );
  assert.deepEqual([...it.words.subarray(0, 3)], [0, 0, 5]);
  assert.equal(it.span.semaphore('x', { initial: 4, max: 5 }).initial, 4);
  assert.equal(it.span.semaphore('x').initial, 4);
});

for (const end of ENDS) {
  test(`who makes it ends by ${end} while it says the options: the next one makes it`, async () => {
    const steps = ['semaphore-before-options', 'semaphore-max-said', 'semaphore-said'];
    using span = Span.create(uniqueName(), { lifetime: 'last-close' });
    const make = ({ memspan }: Tools, name: string, step: string): unknown =>
      memspan.Span.join(name).semaphore(step, { initial: 2, max: 3 });
    const deeds = steps.map((step) => deed(step, make, span.name as string, step));
    await endAt(await startVictim(end), deeds, end);
    for (const step of steps) {
      const semaphore = span.semaphore(step, { initial: 2, max: 3 });
      assert.equal(semaphore.value, 2, step);
      semaphore.release();
      assert.equal(semaphore.value, 3, step);
    }
  });
}

test('closed, and cut short: every call says so, and what was held can be released', async () => {
  for (const undo of [false, true]) {
    for (const code of ['ERR_MEMSPAN_CLOSED', 'ERR_MEMSPAN_TRUNCATED']) {
      const name = uniqueName();
      const span = Span.create(name, { lifetime: 'until-unlinked' });
      const semaphore = span.semaphore('x', { initial: 2, undo });
      const permits = [semaphore.acquire(), semaphore.acquire()];
      const waiting = semaphore.acquireAsync();
      const elapsing = semaphore.acquireAsync({ timeoutMs: 60_000 });
      const abort = new AbortController();
      const aborting = semaphore.acquireAsync({ signal: abort.signal });
      if (code === 'ERR_MEMSPAN_CLOSED') span.close();
      else fs.truncateSync(shmPath(name));
      abort.abort();
      for (const act of [
        () => semaphore.acquire(),
        () => semaphore.acquire({ timeoutMs: 0 }),
        () => semaphore.tryAcquire(),
        () => semaphore.release(),
        () => semaphore.release(2),
        () => semaphore.value,
      ]) {
        assert.equal(codeOf(act), code, `${act}`);
      }
      await assert.rejects(semaphore.acquireAsync(), { code });
      await assert.rejects(waiting, { code });
      await assert.rejects(elapsing, { code });
      await assert.rejects(aborting, (error: MemspanError) =>
        code === 'ERR_MEMSPAN_CLOSED' ? error.code === code : error.name === 'AbortError',
      );
      for (const permit of permits) {
        permit.release();
        assert.equal(permit.held, false);
      }
      Span.unlink(name);
      span.close();
    }
  }
});

test('a release that comes upon memory that was cut short says nothing else but that', () => {
  for (const [undo, code] of [
    [false, 'ERR_MEMSPAN_TRUNCATED'],
    [true, undefined],
  ] as const) {
    const name = uniqueName();
    const span = Span.create(name, { lifetime: 'until-unlinked' });
    const semaphore = span.semaphore('x', { initial: 1, max: 1, undo });
    const permit = semaphore.acquire();
    fs.truncateSync(shmPath(name));
    assert.equal(
      codeOf(() => permit.release()),
      code,
    );
    assert.equal(
      codeOf(() => semaphore.value),
      'ERR_MEMSPAN_TRUNCATED',
    );
    Span.unlink(name);
    span.close();
  }
});
