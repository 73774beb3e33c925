// A fair mutex is handed over in the order of arrival: across processes and tasks, past those who gave up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MutexGuard, Span } from '../../src/index.ts';
import { uniqueName, until } from '../support/segments.ts';
import { isStopped } from '../support/victims.ts';
import { Party } from './mutex-holders.ts';

/** How many waits there are for the span's objects. */
function waitsIn(span: Span): number {
  return span.threads().reduce((sum, { waitingOn }) => sum + waitingOn.length, 0);
}

const PARTIES = 5;

test('order of grants is order of arrival, blocking or not, timed out and aborted in between', async () => {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const mutex = span.mutex('m', { fair: true });
  const parties = await Promise.all(
    Array.from({ length: PARTIES }, () => Party.start(span.name as string, true)),
  );
  for (let round = 0; round < 4; round++) {
    const holder = mutex.lock();
    const arrived: string[] = [];
    const granted: string[] = [];
    const gaveUp: Promise<unknown>[] = [];
    const done: Promise<unknown>[] = [];
    let waits = 0;
    const arrive = async (): Promise<void> => {
      waits++;
      await until(() => waitsIn(span) === waits, 'an arrival');
    };
    const aborts: AbortController[] = [];
    for (const [i, party] of parties.entries()) {
      const how = (i + round) % 2 === 0 ? 'lock' : 'lockAsync';
      const name = `party ${i}`;
      arrived.push(name);
      done.push(
        party.lock(how).then((ownerDied) => {
          assert.equal(ownerDied, false);
          granted.push(name);
          return party.release();
        }),
      );
      await arrive();
      const task = `task ${i}`;
      arrived.push(task);
      done.push(
        mutex.lockAsync().then((guard: MutexGuard) => {
          granted.push(task);
          guard.release();
        }),
      );
      await arrive();
      const abort = new AbortController();
      aborts.push(abort);
      gaveUp.push(
        assert.rejects(mutex.lockAsync({ signal: abort.signal }), { name: 'AbortError' }),
      );
      await arrive();
      gaveUp.push(mutex.lockAsync({ timeoutMs: 1 }).then((guard) => assert.equal(guard, null)));
      await gaveUp.at(-1);
    }
    for (const abort of aborts) abort.abort();
    await Promise.all(gaveUp);
    holder.release();
    await Promise.all(done);
    assert.deepEqual(granted, arrived);
    assert.equal(waitsIn(span), 0);
    assert.equal(mutex.owner, null);
  }
  await Promise.all(parties.map(({ child }) => child.kill()));
});

test('who asks with tryLock or lock does not pass those who wait', async () => {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const { byteOffset: objects } = span.bytes('zeros', { size: 64 });
  const words = new Int32Array(span.segment.buffer, objects);
  const mutex = span.mutex('m', { fair: true });
  const party = await Party.start(span.name as string, true);
  for (let round = 0; round < 20; round++) {
    const holder = mutex.lock();
    const locked = party.lock('lock');
    // In line is who has marked the word.
    await until(() => words.some((word) => word < 0), 'an arrival');
    holder.release();
    assert.equal(mutex.tryLock(), null);
    assert.equal(await locked, false);
    await party.release();
  }
  await party.child.kill();
});

test('a waiter that dies with the lock just granted to it: the next in line gets it, undamaged', async () => {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const { byteOffset: objects } = span.bytes('zeros', { size: 64 });
  const words = new Int32Array(span.segment.buffer, objects);
  const mutex = span.mutex('m', { fair: true });
  const [first, second] = await Promise.all([
    Party.start(span.name as string, true),
    Party.start(span.name as string, true),
  ]);
  const holder = mutex.lock();
  const lost = assert.rejects(first.lock('lock'));
  await until(() => waitsIn(span) === 1, 'the first');
  // Before it has marked the word, a release would be for everybody.
  await until(() => words.some((word) => word < 0), 'its mark');
  const locked = second.lock('lockAsync');
  await until(() => waitsIn(span) === 2, 'the second');
  // Granted while it is paused, it does not know yet.
  first.child.process.kill('SIGSTOP');
  await isStopped(first.child, 'the first to stop');
  holder.release();
  assert.equal(mutex.owner?.pid, first.child.pid);
  await first.child.kill();
  await lost;
  assert.equal(await locked, false);
  await second.release();
  await second.child.kill();
});
