// A pool under rubbish (test/channel/pool-hostile.ts), and directory entries that are no pool's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Span } from '../../src/index.ts';
import { scribble } from './pool-hostile.ts';

test('words written over without end: no crash, no hang', async (t) => {
  t.diagnostic(`${await scribble(500)} calls`);
});

test('a directory entry that no pool has is told', () => {
  using span = Span.anonymous({ size: 2 ** 18 });
  span.pool('p', { chunks: 3, chunkSize: 100, readers: 2 });
  const { view } = span.attachment('test');
  const options = view.entryAt(0) + 3;
  const corrupt = { code: 'ERR_MEMSPAN_CORRUPT' };
  for (const bits of [0, 3, 2 << 16, (2 << 16) | 0xffff, (16 << 16) | 3, -1]) {
    view.words[options] = bits;
    assert.throws(() => span.pool('p'), corrupt, String(bits));
  }
  // It opens as what its numbers can be, within its bytes.
  view.words[options] = (2 << 16) | 2;
  assert.throws(() => span.pool('p'), corrupt, 'this thread has it as another one');
  view.words[options] = (2 << 16) | 3;
  assert.equal(span.pool('p').chunkSize, 100);
});
