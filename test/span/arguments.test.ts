// Arguments that cannot work: each is refused with a TypeError or a RangeError and a code, before any system call; nothing
// is made, nothing stays open.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { find, Mutex, Segment, Span, type SpanOptions } from '../../src/index.ts';
import { leftovers, uniqueName } from '../support/segments.ts';

const TYPE = { name: 'TypeError', code: 'ERR_MEMSPAN_INVALID_ARGUMENT' };
const RANGE = { name: 'RangeError', code: 'ERR_MEMSPAN_OUT_OF_RANGE' };
const NAME = { name: 'TypeError', code: 'ERR_MEMSPAN_INVALID_NAME' };

type Refusal = typeof TYPE;

/** Every way to get a span that takes all options, one of them wrong. */
const ways: Record<string, (name: string, options: SpanOptions) => unknown> = {
  open: (name, options) => Span.open(name, options),
  create: (name, options) => Span.create(name, options),
  join: (name, options) => Span.join(name, options),
  anonymous: (_, options) => Span.anonymous(options),
};

const misuse: [key: string, value: unknown, refusal: Refusal][] = [
  ...['1000000', 10n, null, true, {}].map((v) => ['size', v, TYPE] as [string, unknown, Refusal]),
  ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53].map(
    (v) => ['size', v, RANGE] as [string, unknown, Refusal],
  ),
  ...['3', null, 3n, []].map((v) => ['participants', v, TYPE] as [string, unknown, Refusal]),
  ...[0, -1, 4095, 2.5, Number.NaN].map(
    (v) => ['participants', v, RANGE] as [string, unknown, Refusal],
  ),
  ...['3', null, 3n].map((v) => ['objects', v, TYPE] as [string, unknown, Refusal]),
  ...[0, -1, 65_537, 0.5].map((v) => ['objects', v, RANGE] as [string, unknown, Refusal]),
  ['mode', '600', TYPE],
  ['mode', null, TYPE],
  ['mode', 0o1000, RANGE],
  ['mode', -1, RANGE],
  ['stale', 'ignore', TYPE],
  ['stale', null, TYPE],
  ['stale', true, TYPE],
  ['lifetime', 'forever', TYPE],
  ['lifetime', 1, TYPE],
  ['as', '', TYPE],
  ['as', 5, TYPE],
  ['as', null, TYPE],
  ['as', 'nul\0', TYPE],
  ['as', 'half \ud800 pair', TYPE],
  ['as', 'x'.repeat(65), RANGE],
  ['as', 'é'.repeat(33), RANGE],
  ['allowOwner', 'root', TYPE],
  ['allowOwner', [1, 'x'], TYPE],
];

for (const [way, call] of Object.entries(ways)) {
  test(`Span.${way} refuses options that cannot be, whether the span is there or not`, () => {
    const name = uniqueName();
    using span = Span.create(`${name}-there`);
    const before = descriptors();
    for (const on of [name, span.name as string]) {
      for (const [key, value, refusal] of misuse) {
        assert.throws(() => call(on, { [key]: value }), refusal, `${key}: ${String(value)}`);
      }
      for (const options of [null, 5, 'text', true]) {
        assert.throws(() => call(on, options as unknown as SpanOptions), TYPE);
      }
    }
    assert.equal(descriptors(), before);
    assert.deepEqual(leftovers(), [span.name]);
    span.unlink();
  });
}

test('Span.fromHandle, fromSegment and user refuse the same, and leave the segment to its owner', () => {
  using span = Span.create(uniqueName());
  using segment = Segment.open(span.name as string);
  for (const [key, value, refusal] of misuse.filter(([key]) => ['as', 'stale'].includes(key))) {
    const options = { [key]: value };
    assert.throws(() => Span.fromHandle(span.handle, options), refusal);
    assert.throws(() => Span.fromSegment(segment, options), refusal);
    assert.throws(() => Span.user(options), refusal);
  }
  for (const stranger of [undefined, null, {}, 5, span, segment.buffer]) {
    assert.throws(() => Span.fromSegment(stranger as unknown as Segment), TYPE);
    if (stranger !== span) assert.throws(() => Span.fromHandle(stranger as never), TYPE);
  }
  assert.throws(() => Span.user(null as never), TYPE);
  assert.equal(segment.closed, false);
  assert.equal(span.threads().length, 1);
  span.unlink();
});

test('a size that its tables do not fit into is refused, and says what would do', () => {
  const name = uniqueName();
  const least = 4096 + 256 + 64 * 2048 + 256 * 256;
  const objects = Math.ceil(least / 4096) * 4096;
  for (const create of [Span.create, Span.open] as const) {
    for (const [options, minimum] of [
      [{ size: objects + 63 }, objects + 64],
      [{ size: 1 }, objects + 64],
      [{ size: 2 ** 20, participants: 4094 }, 8_470_592],
      [{ size: 2 ** 20, objects: 65_536 }, undefined],
    ] as const) {
      assert.throws(
        () => create(name, options),
        (error: Error & { code: string }) =>
          error.code === RANGE.code &&
          error instanceof RangeError &&
          (minimum === undefined || error.message.includes(String(minimum))),
        JSON.stringify(options),
      );
    }
    assert.throws(() => create(name, { size: 2 ** 34 + 1 }), RANGE);
  }
  assert.deepEqual(leftovers(), []);
  using span = Span.create(name, { size: objects + 64 });
  assert.equal(span.bytes('all', { size: 64 }).length, 64);
  assert.throws(() => span.bytes('more', { size: 1 }), { code: 'ERR_MEMSPAN_NO_SPACE', found: 0 });
  span.unlink();
});

test('the largest tables work: 4094 participants, 65,536 objects', () => {
  using span = Span.anonymous({ size: 2 ** 25, participants: 4094, objects: 65_536 });
  assert.equal(span.bytes('b', { size: 4 }).length, 4);
  assert.equal(span.threads().length, 1);
  assert.equal(span.mutex('m').tryLock()?.ownerDied, false);
});

test('what cannot be the name of a span is refused', () => {
  for (const name of ['', '.', '..', 'a/b', 'nul\0', 'x'.repeat(256), 'half \ud800 pair']) {
    for (const call of [ways.open, ways.create, ways.join]) {
      assert.throws(() => call?.(name, {}), NAME, name);
    }
    assert.throws(() => Span.unlink(name), NAME, name);
  }
  for (const name of [undefined, null, 5, {}] as unknown as string[]) {
    for (const call of [ways.open, ways.create, ways.join]) {
      assert.throws(() => call?.(name, {}), TYPE);
    }
    assert.throws(() => Span.unlink(name), TYPE);
  }
});

test('what cannot be the name of an object, its size, or a pattern is refused', () => {
  using span = Span.anonymous({ objects: 2 });
  for (const name of ['', 'nul\0', 'half \ud800 pair', undefined, null, 5, {}] as string[]) {
    assert.throws(() => span.bytes(name, { size: 8 }), NAME, String(name));
    assert.throws(() => span.mutex(name), NAME, String(name));
  }
  for (const name of ['x'.repeat(193), 'é'.repeat(97)]) {
    assert.throws(() => span.bytes(name, { size: 8 }), RANGE);
    assert.throws(() => span.mutex(name), RANGE);
  }
  for (const size of ['8', null, undefined, 8n] as unknown as number[]) {
    assert.throws(() => span.bytes('b', { size }), TYPE);
  }
  for (const size of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.throws(() => span.bytes('b', { size }), RANGE);
  }
  for (const options of [undefined, null, 5] as unknown as { size: number }[]) {
    assert.throws(() => span.bytes('b', options), TYPE);
  }
  assert.throws(() => span.bytes('b', { size: 2 ** 30 }), { code: 'ERR_MEMSPAN_NO_SPACE' });
  for (const pattern of [null, 5, {}] as unknown as string[]) {
    assert.throws(() => span.objects(pattern), TYPE);
    assert.throws(() => span.threads(pattern), TYPE);
    assert.throws(() => find({ name: pattern }), TYPE);
    assert.throws(() => find({ kind: pattern }), TYPE);
    if (typeof pattern !== 'object' || pattern === null)
      assert.throws(() => find(pattern as never), TYPE);
  }
  assert.throws(() => find({ kind: 'mutexes' }), TYPE);
  assert.throws(() => find({ allowOwner: 'root' as never }), TYPE);
  assert.throws(() => Mutex.at(span, 8), RANGE);
  assert.deepEqual(span.objects(), []);
  for (const name of ['x'.repeat(192), '/*?. \n']) span.bytes(name, { size: 8 });
  assert.throws(() => span.bytes('third', { size: 8 }), {
    code: 'ERR_MEMSPAN_NO_SPACE',
    expected: 2,
  });
  assert.deepEqual(
    span.objects().map(({ name, size }) => [name, size]),
    [
      ['x'.repeat(192), 8],
      ['/*?. \n', 8],
    ],
  );
});

function descriptors(): number {
  return fs.readdirSync('/proc/self/fd').length;
}

test('errors name the operation that was called, not the segment behind it', () => {
  const name = uniqueName();
  assert.throws(() => Span.join(name), {
    code: 'ERR_MEMSPAN_NOT_FOUND',
    operation: 'Span.join',
    message: new RegExp(`^Span\\.join '${name}': `),
  });
});
