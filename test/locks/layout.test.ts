// The bytes of a lock space: docs/format.md says what the constants say, and a space looks like it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Span } from '../../src/index.ts';
import * as layout from '../../src/locks/claims.layout.ts';
import { LockName } from '../../src/locks/lock-name.ts';
import { Header } from '../../src/span/header.layout.ts';
import { epochOf, slotOf } from '../../src/span/participant.layout.ts';
import { root } from '../support/tree.ts';
import { hold, managerFor, tableOf } from './spaces.ts';

const page = fs.readFileSync(path.join(root, 'docs/format.md'), 'utf8');
const section = /^## Locks\n(.*?)^## /ms.exec(page)?.[1] ?? '';

/** Rows `| offset | size | name |`: name → [offset, size]. */
const fields = Object.fromEntries(
  [...section.matchAll(/^\| (\d+) \| (\d+) \| `(\w+)`/gm)].map(([, offset, size, name]) => [
    name,
    [Number(offset), Number(size)],
  ]),
);

test('the tables of the page are the constants', () => {
  const { versions, summaries, claims } = layout.Space;
  assert.deepEqual(fields.versions, [4 * versions, 4 * layout.BUCKETS]);
  assert.deepEqual(fields.summaries, [4 * summaries, 4 * layout.SPACE_PARTICIPANTS]);
  const slots = layout.SPACE_PARTICIPANTS * layout.CHUNKS * layout.CHUNK_SIZE;
  assert.deepEqual(fields.claims, [4 * claims, slots]);
  assert.equal(layout.LOCKS_SIZE, 4 * claims + slots);
  const length = /^\| 16 \| `locks` \| ([\d,]+) \|/m.exec(page)?.[1];
  assert.equal(Number(length?.replaceAll(',', '')), layout.LOCKS_SIZE);
  for (const [name, word] of Object.entries(layout.Claim)) {
    assert.deepEqual(fields[name]?.[0], 4 * word, name);
  }
  assert.equal(fields.name?.[1], 4 * layout.NAME_WORDS);
  const bits = [...section.matchAll(/^\| ([\d–]+) \| `(\w+)`/gm)].map(([, range, name]) => [
    name,
    range,
  ]);
  const { PHASE_MASK, SHARED, THIEF, SEQUENCE_SHIFT, Phase } = layout;
  assert.deepEqual(Object.fromEntries(bits), {
    PHASE_MASK: `0–${Math.log2(PHASE_MASK + 1) - 1}`,
    SHARED: `${Math.log2(SHARED)}`,
    THIEF: `${Math.log2(THIEF)}`,
    SEQUENCE: `${SEQUENCE_SHIFT}–31`,
  });
  const phases = [...section.matchAll(/(\d): `(PENDING|HELD|STOLEN)`/g)];
  assert.deepEqual(Object.fromEntries(phases.map(([, n, name]) => [name, Number(n)])), Phase);
});

test('names are split over chunks, whose first words stay 0', () => {
  const { chunksOf, nameWordAt, CHUNK_WORDS, NAME_BYTES_MAX } = layout;
  const sizes = [0, 1, 104, 105, 228, 229, 1024];
  assert.deepEqual(sizes.map(chunksOf), [1, 1, 1, 2, 2, 3, 9]);
  const places = Array.from({ length: NAME_BYTES_MAX / 4 }, (_, i) => nameWordAt(i));
  assert.deepEqual(places.slice(0, 27), [...Array.from({ length: 26 }, (_, i) => 6 + i), 33]);
  assert.equal(new Set(places).size, places.length);
  for (const place of places) assert.notEqual(place % CHUNK_WORDS, 0);
  assert.ok(Math.max(...places) < chunksOf(NAME_BYTES_MAX) * CHUNK_WORDS);
});

test('the hash is FNV-1a', () => {
  // Landon Noll's test vectors.
  const vectors = { '': 0x811c9dc5, a: 0xe40c292c, foobar: 0xbf9cf968 };
  for (const [text, hash] of Object.entries(vectors)) {
    assert.equal(new LockName(text).hash >>> 0, hash);
  }
});

test('held and waited for: the words of two claims', async (t) => {
  const locks = managerFor(t);
  using span = Span.open(locks.space, { lifetime: 'last-close', ...shape });
  const first = await hold(locks, 'lock', { mode: 'shared' });
  const second = hold(locks, 'lock');
  const { offset, words } = tableOf(span);
  const base = offset / 4;
  const { id } = span.attachment('test');
  const at = base + layout.Space.claims + slotOf(id) * layout.CHUNKS * layout.CHUNK_WORDS;
  const { hash, bucket } = new LockName('lock');
  const { Claim, Phase, PHASE_MASK, SHARED } = layout;
  const claim = [...words.subarray(at, at + 7)];
  assert.equal((claim[Claim.state] as number) & 15, Phase.HELD | SHARED);
  const version = words[base + layout.Space.versions + bucket] as number;
  const text = Buffer.from('lock').readInt32LE();
  assert.deepEqual(claim.slice(1), [0, version - 1, hash, 4, 0, text]);
  const next = [...words.subarray(at + layout.CHUNK_WORDS, at + layout.CHUNK_WORDS + 7)];
  assert.equal((next[Claim.state] as number) & 15, Phase.PENDING);
  assert.equal(next[Claim.ticket], 1);
  assert.equal(words[Header.tickets], 2);
  assert.equal(words[base + layout.Space.summaries + slotOf(id)], (epochOf(id) << 16) | 2);
  first.release();
  (await second).release();
  await (await second).done;
  assert.equal((words[at] as number) & PHASE_MASK, 0);
});

const shape = {
  participants: layout.SPACE_PARTICIPANTS,
  objects: layout.SPACE_OBJECTS,
  size: layout.SPACE_SIZE,
};
