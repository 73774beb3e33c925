// docs/format.md is true about the words of a broadcast.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as layout from '../../src/channel/broadcast.layout.ts';
import { decode, encode } from '../../src/channel/broadcast-options.ts';
import { bits, table } from '../support/format-page.ts';

const offsets = (heading: string): Record<string, number> =>
  Object.fromEntries(
    table('Broadcast', heading).map((row) => [row.name, Number.parseInt(row[heading] ?? '', 10)]),
  );

const scaled = (indices: Record<string, number>, by: number): Record<string, number> =>
  Object.fromEntries(Object.entries(indices).map(([name, index]) => [name, index * by]));

test('the words of a broadcast, of a seat and of a message are where the page says', () => {
  const { Word, Count, SEATS, SEAT_SIZE, SeatWord, SeatCount } = layout;
  const { LENGTH_AT, SEQUENCE_AT, HEADER } = layout;
  const { data, ...fixed } = offsets('offset');
  assert.deepEqual(fixed, { ...scaled(Word, 4), ...scaled(Count, 8), seats: SEATS });
  assert.deepEqual([data, SEAT_SIZE], [SEATS, 128]);
  assert.deepEqual(offsets('offset in a seat'), {
    ...scaled(SeatWord, 4),
    ...scaled(SeatCount, 8),
  });
  const message = { length: LENGTH_AT, sequence: SEQUENCE_AT, payload: HEADER };
  assert.deepEqual(offsets('offset in a message'), message);
  assert.deepEqual(bits('Broadcast', 'bits of cursor'), {
    JOINED: layout.JOINED,
    JOINING: layout.JOINING,
  });
  assert.equal(layout.lengthMaxOf(4096), 4096 - 16);
});

test('its options are those of the page, and its length', () => {
  const facts = { capacity: 2 ** 20, readers: 5, overflow: 'drop-oldest' } as const;
  assert.equal(encode(facts), 20 | (1 << 5) | (5 << 8));
  assert.deepEqual(decode(encode(facts)), facts);
  assert.deepEqual(decode(encode({ ...facts, overflow: 'block' })), {
    ...facts,
    overflow: 'block',
  });
  assert.equal(layout.sizeOf(64, 3), 384 + 128 * 3 + 64);
  const kind = table('Kinds', 'kind').find(({ name }) => name === 'broadcast');
  assert.equal(kind?.length, '384 + 128 × readers + capacity');
});
