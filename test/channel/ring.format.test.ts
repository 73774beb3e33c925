// docs/format.md is true about the bytes of a ring.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as layout from '../../src/channel/ring.layout.ts';
import { Ring } from '../../src/index.ts';
import { bits, page, table } from '../support/format-page.ts';

test('the words of a ring are where the page says, and mean that', () => {
  const { MAGIC, VERSION, CAPACITY, WRITER, READER, DATA, HEADER } = layout;
  const at: Record<string, number> = {};
  let end = 0;
  for (const { offset, size, name = '' } of table('Ring', 'offset')) {
    assert.equal(Number(offset), end, `${name} begins where the one before ends`);
    end += size === 'capacity' ? 64 : Number(size);
    if (name !== '–') at[name] = Number(offset);
  }
  assert.equal(end, DATA + 64);
  assert.deepEqual(at, {
    magic: 4 * MAGIC,
    version: 4 * VERSION,
    capacity: 4 * CAPACITY,
    writer: 4 * WRITER.attached,
    reader: 4 * READER.attached,
    written: 4 * WRITER.cursor,
    sent: WRITER.counters,
    read: 4 * READER.cursor,
    received: READER.counters,
    data: DATA,
  });
  assert.equal(Ring.bytesFor(64), HEADER + 64);
  assert.ok(page.includes(`| 0x${layout.RING_MAGIC.toString(16)}; 0 until`));
  assert.ok(page.includes(`| \`version\` | ${layout.RING_VERSION}; 0 until`));
  assert.ok(page.includes(`A length of 0x${(layout.PADDING >>> 0).toString(16)} is padding`));
});

test('the flags of a cursor mean what the page says', () => {
  const { SLEEPS, CLOSED, REFUSED } = layout;
  assert.deepEqual(bits('Ring', 'bits of a cursor'), {
    SLEEPS,
    CLOSED,
    REFUSED,
    POSITION: layout.positionOf(-1) >>> 0,
  });
});
