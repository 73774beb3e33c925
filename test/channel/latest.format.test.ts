// docs/format.md says where the words of a newest value are, and what its option bits mean.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as latest from '../../src/channel/latest.layout.ts';
import { page, tables } from '../support/format-page.ts';

test('the words of a newest value are where the page says', () => {
  const [words = [], buffer = []] = tables('Latest');
  const offsets = Object.fromEntries(words.map(({ name, offset }) => [name, Number(offset)]));
  const { SEAT, ENDED, PUBLISHED, HALF, MARK, BUFFERS } = latest;
  assert.deepEqual(offsets, {
    seat: 4 * SEAT,
    ended: 4 * ENDED,
    published: 4 * PUBLISHED,
    half: 4 * HALF,
    mark: 4 * MARK,
    buffers: BUFFERS,
  });
  const inBuffer = Object.fromEntries(
    buffer.map((row) => [row.name, Number(row['offset in a buffer'])]),
  );
  const { length, total } = latest.Buffered;
  assert.deepEqual(inBuffer, {
    length: 4 * length,
    '–': 4,
    total: 4 * total,
    value: latest.HEADER,
  });
});

test('how long it is, and its options', () => {
  assert.ok(page.includes('| 35 | `latest` | 256 + buffers × stride | bits 0–3: log2'));
  for (const size of [1, 48, 49, 2 ** 28 - 1]) {
    for (const buffers of [2, 16, 1024]) {
      const facts = { size, buffers };
      const stride = Math.ceil((16 + size) / 64) * 64;
      assert.equal(latest.lengthOf(facts), 256 + buffers * stride);
      const bits = latest.encode(facts);
      assert.equal((bits >>> 0) % 16, Math.log2(buffers));
      assert.equal(Math.floor((bits >>> 0) / 16), size);
      assert.deepEqual(latest.decode(bits | 0), facts);
    }
  }
});
