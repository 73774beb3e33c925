// Peers that are paused are alive: what they have is theirs however long they are paused, and what they wait for,
// others may have.
import assert from 'node:assert/strict';
import { Span } from '../../src/index.ts';
import { uniqueName, until } from '../support/segments.ts';
import { isStopped } from '../support/victims.ts';
import { type How, Party } from './rwlock-party.ts';

/** One who reads is paused for so long: others read, nobody writes, and who waits to write gives up. */
export async function pauseReader(pauseMs: number): Promise<void> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const lock = span.rwlock('l');
  const [reader, writer] = [
    await Party.start(span.name as string),
    await Party.start(span.name as string),
  ];
  await reader.take('read');
  reader.pause();
  const end = performance.now() + pauseMs;
  while (performance.now() < end) {
    assert.equal(lock.tryWrite(), null);
    assert.equal(lock.write({ timeoutMs: 10 }), null);
    assert.equal(await lock.writeAsync({ timeoutMs: 10 }), null);
    lock.read().release();
    assert.deepEqual(
      lock.readers.map(({ pid }) => pid),
      [reader.child.pid],
    );
  }
  const writing = writer.take('write');
  await until(() => writer.waits(span), 'the writer');
  assert.equal(lock.read({ timeoutMs: 10 }), null, 'a writer waits: no new reader');
  reader.goOn();
  await reader.release();
  assert.equal(await writing, false);
  await writer.release();
  lock.read().release();
  await Promise.all([reader.child.kill(), writer.child.kill()]);
}

/** One who writes is paused for so long: nobody else has it. */
export async function pauseWriter(pauseMs: number): Promise<void> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const lock = span.rwlock('l');
  const [writer, reader] = [
    await Party.start(span.name as string),
    await Party.start(span.name as string),
  ];
  await writer.take('write');
  const reading = reader.take('read');
  const pending = lock.readAsync();
  writer.pause();
  const end = performance.now() + pauseMs;
  while (performance.now() < end) {
    assert.equal(lock.tryRead(), null);
    assert.equal(lock.tryWrite(), null);
    assert.equal(lock.read({ timeoutMs: 10 }), null);
    assert.equal(lock.write({ timeoutMs: 10 }), null);
    assert.equal(await lock.writeAsync({ timeoutMs: 10 }), null);
    assert.equal(lock.owner?.pid, writer.child.pid);
  }
  writer.goOn();
  await writer.release();
  assert.equal(await reading, false);
  assert.equal((await pending).ownerDied, false);
  await Promise.all([writer.child.kill(), reader.child.kill()]);
}

/** The first of those who wait is paused when its turn comes: the others have theirs. */
export async function pauseWaiter(how: How): Promise<void> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const lock = span.rwlock('l');
  const guard = lock.write();
  const [first, second, third] = [
    await Party.start(span.name as string),
    await Party.start(span.name as string),
    await Party.start(span.name as string),
  ];
  const firstTaken = first.take(how);
  await until(() => first.waits(span), 'the first');
  const secondTaken = second.take('read');
  await until(() => second.waits(span), 'the second');
  first.pause();
  await isStopped(first.child, 'the first to stop');
  guard.release();
  assert.equal(await secondTaken, false);
  await second.release();
  assert.equal(await third.take('write'), false);
  await third.release();
  lock.write().release();
  (await lock.readAsync()).release();
  first.goOn();
  assert.equal(await firstTaken, false);
  await first.release();
  assert.deepEqual([lock.owner, lock.readers], [null, []]);
  await Promise.all([first, second, third].map(({ child }) => child.kill()));
}
