// Peers that are paused are alive: a holder keeps its lock however long it is paused, and a paused waiter that was
// woken keeps nobody else from it.
import assert from 'node:assert/strict';
import { Span } from '../../src/index.ts';
import { uniqueName, until } from '../support/segments.ts';
import { isStopped } from '../support/victims.ts';
import { Party } from './mutex-holders.ts';

/** The holder is paused for so long while others wait, give up, and try. */
export async function pauseHolder(pauseMs: number, fair: boolean): Promise<void> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const mutex = span.mutex('m', { fair });
  const [holder, waiter] = await Promise.all([
    Party.start(span.name as string, fair),
    Party.start(span.name as string, fair),
  ]);
  assert.equal(await holder.lock('lock'), false);
  const blocked = waiter.lock('lock');
  const pending = mutex.lockAsync();
  holder.child.process.kill('SIGSTOP');
  const end = performance.now() + pauseMs;
  while (performance.now() < end) {
    assert.equal(mutex.tryLock(), null);
    assert.equal(mutex.lock({ timeoutMs: 20 }), null);
    assert.equal(await mutex.lockAsync({ timeoutMs: 20 }), null);
    assert.equal(mutex.owner?.pid, holder.child.pid);
    assert.equal(mutex.owner?.alive, true);
  }
  holder.child.process.kill('SIGCONT');
  await holder.release();
  const died = await Promise.all([
    blocked.then(async (ownerDied) => {
      await waiter.release();
      return ownerDied;
    }),
    pending.then((guard) => {
      guard.release();
      return guard.ownerDied;
    }),
  ]);
  assert.deepEqual(died, [false, false]);
  assert.equal(mutex.owner, null);
  await Promise.all([holder.child.kill(), waiter.child.kill()]);
}

/** The first waiter is paused when it is rung: the others get the lock while it is. */
export async function pauseWaiter(how: 'lock' | 'lockAsync'): Promise<void> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const mutex = span.mutex('m');
  const guard = mutex.lock();
  const first = await Party.start(span.name as string);
  const second = await Party.start(span.name as string);
  const waits = (party: Party) => () =>
    span.threads().some(({ pid, waitingOn }) => pid === party.child.pid && waitingOn.length > 0);
  const firstLocked = first.lock(how);
  await until(waits(first), 'the first waiter');
  const secondLocked = second.lock('lock');
  await until(waits(second), 'the second waiter');
  first.child.process.kill('SIGSTOP');
  await isStopped(first.child, 'the first waiter to stop');
  guard.release();
  assert.equal(await secondLocked, false);
  await second.release();
  mutex.lock().release();
  (await mutex.lockAsync()).release();
  first.child.process.kill('SIGCONT');
  assert.equal(await firstLocked, false);
  await first.release();
  assert.equal(mutex.owner, null);
  await Promise.all([first.child.kill(), second.child.kill()]);
}
