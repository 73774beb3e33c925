// docs/format.md says where the words of a pool are, what their bits mean, and how long it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as pool from '../../src/channel/pool.layout.ts';
import { ID_MASK } from '../../src/span/participant.layout.ts';
import { bits, page, tables } from '../support/format-page.ts';

const { PoolWord, ChunkWord, PUBLISHED, LOANED, PENDING_MASK, REPAIR, READERS_MAX } = pool;

test('the words of a pool and of a chunk are where the page says', () => {
  const [words = [], chunk = []] = tables('Pool');
  const { data, ...offsets } = Object.fromEntries(words.map(({ name, offset }) => [name, offset]));
  const inBytes = Object.entries(PoolWord).map(([name, word]) => [name, String(4 * word)]);
  assert.deepEqual(offsets, Object.fromEntries(inBytes));
  assert.equal(data, '1408 + 64 × chunks');
  assert.equal(pool.dataOffset(3), 1408 + 64 * 3);
  const inChunk = chunk.map((row) => [row.name, Number(row['offset in a chunk']) / 4]);
  assert.deepEqual(Object.fromEntries(inChunk), ChunkWord);
});

test('their bits mean what the page says', () => {
  assert.deepEqual(bits('Pool', 'bits of state'), {
    PENDING_MASK,
    TAKEN_MASK: PENDING_MASK * 2 ** READERS_MAX,
    ID_MASK,
    LOANED,
    PUBLISHED: PUBLISHED >>> 0,
  });
  assert.deepEqual(bits('Pool', "bits of a reader's seat"), { ID_MASK, REPAIR });
});

test('how long it is, and what its options say', () => {
  assert.ok(page.includes('| 36 | `pool` | 1408 + 64 × chunks + (chunks − 1) × stride'));
  for (const chunks of [1, 2, 3, 100, 4096]) {
    for (const chunkSize of [1, 63, 64, 65, 4000, 2 ** 24, 2 ** 31 - 1]) {
      for (const readers of [1, 15]) {
        const shape = { chunks, chunkSize, readers };
        const stride = Math.ceil(chunkSize / 64) * 64;
        const length = 1408 + 64 * chunks + (chunks - 1) * stride + chunkSize;
        assert.equal(pool.poolBytes(shape), length);
        const options = pool.encodeShape(shape);
        assert.equal(options, chunks + readers * 65536);
        assert.deepEqual(pool.decodeShape(options, length), shape);
      }
    }
  }
  for (const length of [0, 1408, 1408 + 64 * 3, 2 ** 40]) {
    assert.equal(pool.decodeShape(3 + 65536, length), undefined, `three chunks in ${length} bytes`);
  }
});
