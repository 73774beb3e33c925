// Peers that are paused are alive: a holder keeps its permit, and a waiter whose turn it is keeps the one that is its turn, and
// no other; when it is killed, that one goes to the next.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Permit, Span } from '../../src/index.ts';
import { type Child, startChild } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import { isStopped } from '../support/victims.ts';

type How = 'acquire' | 'acquireAsync';

/** Resolves, when it waits, with the promise of its being let through. */
async function waiter(span: Span, how: How): Promise<{ child: Child; passes: Promise<void> }> {
  const child = await startChild();
  const before = countWaits(span);
  const passes = child.run(
    async ({ memspan, kept }, name, how) => {
      kept.span = memspan.Span.join(name);
      const permit = await kept.span.semaphore('s')[how]();
      Object.assign(kept, { permit });
    },
    span.name as string,
    how,
  );
  await until(() => countWaits(span) > before, 'a waiter');
  return { child, passes };
}

const countWaits = (span: Span): number =>
  span.threads().reduce((sum, { waitingOn }) => sum + waitingOn.length, 0);

const release = (child: Child): Promise<void> =>
  child.run(({ kept }) => (kept as unknown as { permit: Permit }).permit.release());

async function pause(child: Child): Promise<void> {
  child.process.kill('SIGSTOP');
  await isStopped(child, 'it to be paused');
}

/** Resolves when somebody who waits has marked the only semaphore: who has not yet is in nobody's way. */
function marked(span: Span): Promise<void> {
  const { buffer, byteOffset } = span.bytes('end', { size: 4 });
  // Objects are 64 bytes apart.
  const words = new Int32Array(buffer, byteOffset - 64, 1);
  return until(() => (words[0] as number) < 0, 'a mark');
}

for (const undo of [false, true]) {
  for (const how of ['acquire', 'acquireAsync'] as const) {
    const which = `${undo ? 'undo' : 'plain'}, ${how}`;
    test(`a paused waiter holds up one permit, and no other waiter (${which})`, async () => {
      using span = Span.create(uniqueName(), { lifetime: 'last-close' });
      const semaphore = span.semaphore('s', { initial: 2, max: 2, undo });
      const mine = [semaphore.acquire(), semaphore.acquire()];
      const first = await waiter(span, how);
      await marked(span);
      const second = await waiter(span, how === 'acquire' ? 'acquireAsync' : 'acquire');
      await pause(first.child);
      mine.pop()?.release();
      // It is the turn of the one who is paused.
      assert.deepEqual([semaphore.value, semaphore.tryAcquire()], [1, null]);
      assert.equal(semaphore.acquire({ timeoutMs: 20 }), null);
      assert.equal(await semaphore.acquireAsync({ timeoutMs: 20 }), null);
      mine.pop()?.release();
      await second.passes;
      await release(second.child);
      // The other permit goes round.
      for (let i = 0; i < 5; i++) {
        semaphore.acquire().release();
        (await semaphore.acquireAsync()).release();
      }
      first.child.process.kill('SIGCONT');
      await first.passes;
      assert.equal(semaphore.value, 1);
      await release(first.child);
      assert.equal(semaphore.value, 2);
      await Promise.all([first.child.kill(), second.child.kill()]);
    });

    test(`a paused waiter that is killed passes its turn on (${which})`, async () => {
      using span = Span.create(uniqueName(), { lifetime: 'last-close' });
      const semaphore = span.semaphore('s', { initial: 1, max: 1, undo });
      const mine = semaphore.acquire();
      const first = await waiter(span, how);
      await marked(span);
      const second = await waiter(span, how);
      await pause(first.child);
      mine.release();
      assert.equal(semaphore.value, 1);
      const lost = assert.rejects(first.passes, /the puppet ended/);
      await first.child.kill();
      await lost;
      await second.passes;
      await release(second.child);
      assert.equal(semaphore.value, 1);
      await second.child.kill();
    });
  }
}

test('a paused holder keeps its permit, the others go round', async () => {
  for (const undo of [false, true]) {
    using span = Span.create(uniqueName(), { lifetime: 'last-close' });
    const semaphore = span.semaphore('s', { initial: 2, max: 2, undo });
    const mine = [semaphore.acquire(), semaphore.acquire()];
    const holder = await waiter(span, 'acquire');
    mine.pop()?.release();
    await holder.passes;
    await pause(holder.child);
    mine.pop()?.release();
    for (let i = 0; i < 5; i++) {
      using permit = semaphore.acquire();
      assert.ok(permit.held);
      assert.equal(semaphore.acquire({ timeoutMs: 1 }), null);
    }
    holder.child.process.kill('SIGCONT');
    await release(holder.child);
    assert.equal(semaphore.value, 2);
    await holder.child.kill();
  }
});
