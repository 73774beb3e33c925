// How a newest value is opened: by its name alone, as something else, with arguments that are none; and by type.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  f64,
  type Latest,
  type LatestReader,
  type Message,
  Span,
  struct,
  u32,
  utf8,
} from '../../src/index.ts';
import { codeOf, uniqueName } from '../support/segments.ts';

const Pose = struct({ x: f64, y: f64, name: utf8(8), trail: array(u32, 2) });
const here = { x: 1.5, y: -2, name: 'one', trail: [1, 2] };

function makeSpan(): Span {
  return Span.create(uniqueName(), { lifetime: 'last-close' });
}

test('opened by its name alone it is what it was made as', () => {
  using span = makeSpan();
  assert.throws(() => span.latest('pose'), { code: 'ERR_MEMSPAN_NOT_FOUND' });
  const writer = span.latest('pose', { layout: Pose, buffers: 4 }).writer();
  writer.publish(here);
  const pose = span.latest('pose');
  assert.deepEqual(pose.read(), here);
  assert.deepEqual([pose.size, pose.buffers, pose.name], [Pose.size, 4, 'pose']);
  assert.equal(pose.fullName, `${span.name}/pose`);
  const object = span.object('pose');
  assert.ok(object !== undefined);
  assert.equal(object.kind, 'latest');
  assert.deepEqual((object.open() as Latest<unknown>).read(), here);
  // How many buffers there are is not for everybody to know.
  assert.equal(span.latest('pose', Pose).buffers, 4);
});

test('opened as something else: an error that says what it is', () => {
  using span = makeSpan();
  span.latest('x', { size: 8 });
  span.latest('pose', Pose);
  span.mutex('m');
  const mismatch = 'ERR_MEMSPAN_OPTIONS_MISMATCH';
  assert.equal(
    codeOf(() => span.latest('x', { size: 9 })),
    mismatch,
  );
  assert.equal(
    codeOf(() => span.latest('x', { size: 8, buffers: 4 })),
    mismatch,
  );
  assert.equal(
    codeOf(() => span.latest('m', { size: 8 })),
    mismatch,
  );
  const other = struct({ x: f64, y: f64, name: utf8(8), trail: array(f64, 1) });
  assert.equal(other.size, Pose.size);
  assert.equal(
    codeOf(() => span.latest('pose', other)),
    'ERR_MEMSPAN_LAYOUT_MISMATCH',
  );
  assert.equal(
    codeOf(() => span.latest('pose', { size: Pose.size })),
    'ERR_MEMSPAN_LAYOUT_MISMATCH',
  );
  assert.equal(
    codeOf(() => span.latest('huge', { size: 2 ** 27 })),
    'ERR_MEMSPAN_NO_SPACE',
  );
});

test('arguments that are none', () => {
  using span = makeSpan();
  for (const [given, name] of [
    [null, 'TypeError'],
    [5, 'TypeError'],
    [{}, 'TypeError'],
    [{ size: '5' }, 'TypeError'],
    [{ layout: 5 }, 'TypeError'],
    [{ layout: Pose, size: 5 }, 'TypeError'],
    [{ size: 5, buffers: '4' }, 'TypeError'],
    [{ size: 0 }, 'RangeError'],
    [{ size: 1.5 }, 'RangeError'],
    [{ size: Number.NaN }, 'RangeError'],
    [{ size: 2 ** 28 }, 'RangeError'],
    [{ size: 5, buffers: 3 }, 'RangeError'],
    [{ size: 5, buffers: 1 }, 'RangeError'],
    [{ size: 5, buffers: 2048 }, 'RangeError'],
    [{ size: 5, buffers: 0 }, 'RangeError'],
    [{ size: 5, buffers: -4 }, 'RangeError'],
  ] as const) {
    assert.throws(() => span.latest('x', given as never), { name }, JSON.stringify(given));
  }
  assert.throws(() => span.latest('', { size: 5 }), { name: 'TypeError' });
  assert.deepEqual(span.objects(), [], 'nothing was made');
  const reader = span.latest('x', { size: 5 }).reader();
  assert.throws(() => reader.receive({ timeoutMs: -1 }), { name: 'RangeError' });
  assert.throws(() => reader.receive({ timeoutMs: '1' as never }), { name: 'TypeError' });
});

test('what is published and read, by type', () => {
  using span = makeSpan();
  const bytes: Latest<Uint8Array, Message, Uint8Array> = span.latest('b', { size: 4 });
  const poses: LatestReader<{ x: number; y: number; name: string; trail: number[] }> = span
    .latest('p', { layout: Pose })
    .reader();
  assert.equal(bytes.read() ?? poses.tryReceive(), null);
  const writer = span.latest('p', Pose).writer();
  // @ts-expect-error: a member is missing.
  assert.throws(() => writer.publish({ x: 1 }), { name: 'TypeError' });
  // @ts-expect-error: a number is no message.
  assert.throws(() => bytes.writer().publish(1), { name: 'TypeError' });
});
