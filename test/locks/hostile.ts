// Somebody writes whatever he likes into the table of a lock space, while others ask for locks: no crash, no endless loop;
// and when the table is zeros again, it works.
import assert from 'node:assert/strict';
import { Span } from '../../src/index.ts';
import {
  CHUNK_WORDS,
  CHUNKS,
  Claim,
  SPACE_PARTICIPANTS,
  Space,
} from '../../src/locks/claims.layout.ts';
import { LockName } from '../../src/locks/lock-name.ts';
import { LockManager } from '../../src/locks/locks.ts';
import { Slot, slotOf } from '../../src/span/participant.layout.ts';
import { uniqueName } from '../support/segments.ts';
import { tableOf } from './spaces.ts';

/** What might mean something there. */
function wordOf(random: () => number): number {
  const dice = random();
  if (dice < 0.2) return 0;
  if (dice < 0.5) return Math.floor(random() * 16) | (Math.floor(random() * 256) << 4);
  if (dice < 0.6) return -1;
  return Math.floor(random() * 2 ** 32) | 0;
}

/** Rounds of rubbish, each with all kinds of requests. */
export async function attack(random: () => number, rounds: number): Promise<void> {
  using locks = new LockManager({ space: uniqueName() });
  await locks.query();
  using span = Span.join(locks.space);
  const { offset, length, words } = tableOf(span);
  const { view, id } = span.attachment('test');
  const table = words.subarray(offset / 4, (offset + length) / 4);
  const name = new LockName('a');
  for (let round = 0; round < rounds; round++) {
    // Everywhere, or claims of just this name, of whoever the summaries say; also of this thread, which is alive.
    if (round % 2 === 0) for (let i = 0; i < table.length; i++) table[i] = wordOf(random);
    else {
      for (let chunk = 0; chunk < SPACE_PARTICIPANTS * CHUNKS; chunk++) {
        const at = Space.claims + chunk * CHUNK_WORDS;
        table[at] = wordOf(random);
        table[at + Claim.ticket] = wordOf(random);
        name.write(table, at);
      }
      const { slotAt } = view;
      for (let slot = 0; slot < SPACE_PARTICIPANTS; slot++) {
        const identity = words[slotAt.call(view, slot) + Slot.identity] as number;
        table[Space.summaries + slot] = (((identity >>> 12) & 0xffff) << 16) | 0xffff;
      }
    }
    const requests = Array.from({ length: 30 }, (_, i) =>
      locks.request(
        i % 3 === 0 ? `name-${i}` : 'a',
        i % 5 === 0
          ? { ifAvailable: true }
          : i % 7 === 0
            ? { steal: true }
            : { timeoutMs: 5, mode: i % 2 === 0 ? 'shared' : 'exclusive' },
        () => {},
      ),
    );
    for (const { reason, status } of (await Promise.allSettled(
      requests,
    )) as PromiseRejectedResult[]) {
      if (status === ('rejected' as string)) assert.match(reason.name, /AbortError|MemspanError/);
    }
    const { held, pending } = await locks.query();
    assert.ok(held.length + pending.length <= SPACE_PARTICIPANTS * CHUNKS);
  }
  table.fill(0);
  assert.notEqual(slotOf(id), -1);
  const order: number[] = [];
  await Promise.all([1, 2, 3].map((i) => locks.request('a', () => order.push(i))));
  assert.deepEqual(order, [1, 2, 3]);
  assert.deepEqual(await locks.query(), { held: [], pending: [] });
}
