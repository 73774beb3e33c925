// Hostile bytes, all of them: every word of a span with every value, and many words at once (test/span/hostile.test.ts).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Segment, Span } from '../../src/index.ts';
import { beforeJoining, whileAttached } from '../span/hostile.ts';
import { codeOf, uniqueName } from '../support/segments.ts';

test('every word overwritten with every value before the span is joined', (t) =>
  beforeJoining(t, { values: [5, 5], bursts: 10_000 }));

test('every word overwritten with every value while threads are attached', (t) =>
  whileAttached(t, { values: [5, 5], bursts: 10_000 }));

test('an entry that somebody alive never fills is ERR_MEMSPAN_BUSY, and the others are as before', (t) => {
  const name = uniqueName();
  using span = Span.create(name, { participants: 2, objects: 4 });
  t.after(() => Span.unlink(name));
  const first = span.mutex('first');
  using segment = Segment.open(name);
  using alive = segment.lifeline(0x7002);
  assert.ok(alive !== null);
  // docs/format.md: the state of the second entry.
  new Int32Array(segment.buffer)[(4160 + 2 * 2048 + 256) / 4] = 0x7002;
  assert.equal(
    codeOf(() => span.mutex('second')),
    'ERR_MEMSPAN_BUSY',
  );
  assert.equal(span.mutex('first').tryLock()?.mutex.name, first.name);
  alive.release();
  assert.notEqual(span.mutex('second').tryLock(), null);
});
