// Waiting for a chunk and for a message: timeouts, aborts, order, the event loop, and deaths that end a wait.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Loan, Span } from '../../src/index.ts';
import { type Child, startChild } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';

const make = (): Span => Span.create(uniqueName(), { lifetime: 'last-close', size: 2 ** 18 });

const waits = (span: Span): number => span.threads()[0]?.waitingOn.length ?? 0;

test('a wait without success is null, blocking or not, and leaves nothing', async () => {
  using span = make();
  const pool = span.pool('p', { chunks: 1, chunkSize: 8 });
  const [writer, reader] = [pool.writer(), pool.reader()];
  assert.equal(reader.take({ timeoutMs: 0 }), null);
  assert.equal(reader.take({ timeoutMs: 3 }), null);
  assert.equal(await reader.takeAsync({ timeoutMs: 3 }), null);
  const loan = writer.loan();
  assert.equal(writer.loan({ timeoutMs: 0 }), null);
  assert.equal(writer.loan({ timeoutMs: 3 }), null);
  assert.equal(await writer.loanAsync({ timeoutMs: 3 }), null);
  assert.equal(writer.send('x', { timeoutMs: 3 }), null);
  assert.equal(await writer.sendAsync('x', { timeoutMs: 3 }), null);
  assert.equal(waits(span), 0);
  loan.abort();
  assert.equal(pool.counters.free, 1);
});

test('500 aborted waits reject with the reason, and leave nothing', async () => {
  using span = make();
  const pool = span.pool('p', { chunks: 1, chunkSize: 8 });
  const [writer, reader] = [pool.writer(), pool.reader()];
  const loan = writer.loan();
  const shared = new AbortController();
  const reason = new Error('enough');
  const own = Array.from({ length: 250 }, () => new AbortController());
  const waiting = own.flatMap(({ signal }, i) => [
    i % 2 === 0 ? writer.loanAsync({ signal }) : reader.takeAsync({ signal }),
    i % 2 === 0
      ? reader.takeAsync({ signal: shared.signal })
      : writer.loanAsync({ signal: shared.signal }),
  ]);
  const settled = Promise.allSettled(waiting);
  for (const controller of own) controller.abort(reason);
  shared.abort(reason);
  for (const each of await settled) {
    assert.ok(each.status === 'rejected' && each.reason === reason);
  }
  await assert.rejects(writer.loanAsync({ signal: shared.signal }), reason);
  assert.equal(waits(span), 0);
  loan.publish();
  reader.take()?.release();
  assert.equal(pool.counters.free, 1);
  assert.equal(writer.loan().publish(), 1);
});

test('aborted in the very turn in which it comes: who still waits gets it', async () => {
  using span = make();
  const pool = span.pool('p', { chunks: 1, chunkSize: 8 });
  const [writer, reader] = [pool.writer(), pool.reader()];
  for (let round = 0; round < 50; round++) {
    const loan = writer.loan();
    const controller = new AbortController();
    const { signal } = controller;
    const first = writer.loanAsync({ signal });
    const second = writer.loanAsync();
    const isFirst = assert.rejects(first).then(
      () => false,
      () => true,
    );
    if (round % 2 === 0) controller.abort();
    loan.abort();
    if (round % 2 === 1) controller.abort();
    if (await isFirst) (await first).abort();
    const late = await second;
    assert.equal(late.publish(), 1);
    reader.take()?.release();
  }
  assert.deepEqual([pool.counters.free, waits(span)], [1, 0]);
});

test('calls of one thread are served in their order, and none passes them by', async () => {
  using span = make();
  const pool = span.pool('p', { chunks: 1, chunkSize: 8 });
  const [writer, reader] = [pool.writer(), pool.reader()];
  const taken: number[] = [];
  const takes = [1, 2, 3].map(async (turn) => {
    const message = await reader.receiveAsync();
    taken.push(10 * turn + (message?.[0] as number));
  });
  assert.equal(reader.tryTake(), null);
  const sends = [1, 2, 3].map((byte) => writer.sendAsync(new Uint8Array([byte])));
  await Promise.all([...takes, ...sends]);
  assert.deepEqual(taken, [11, 22, 33]);
});

test('a task that never has to wait lets the event loop go round', async () => {
  using span = make();
  const pool = span.pool('p', { chunks: 1, chunkSize: 8 });
  const [writer, reader] = [pool.writer(), pool.reader()];
  let isDone = false;
  setImmediate(() => {
    isDone = true;
  });
  let rounds = 0;
  for (; !isDone && rounds < 1e6; rounds++) {
    (await writer.loanAsync()).publish();
    (await reader.takeAsync())?.release();
  }
  assert.ok(isDone);
});

test('who waits for a chunk gets that of whoever dies with it: loaned, taken, or never taken', async () => {
  using span = make();
  const name = span.name as string;
  const pool = span.pool('p', { chunks: 1, chunkSize: 8 });
  const writer = pool.writer();
  const [other, ...victims] = await Promise.all([0, 1, 2, 3].map(() => startChild()));
  for (const [i, what] of (['loan', 'take', 'nothing'] as const).entries()) {
    const child = victims[i] as Child;
    await child.run(
      ({ memspan, kept }, name, what) => {
        kept.span = memspan.Span.join(name);
        const pool = kept.span.pool('p');
        const end = what === 'loan' ? pool.writer().loan() : pool.reader();
        Object.assign(kept, { end });
      },
      name,
      what,
    );
    if (what !== 'loan') assert.equal(writer.loan().publish(), 1);
    if (what === 'take') {
      await child.run(({ kept }) => {
        const { end } = kept as unknown as { end: ReturnType<typeof pool.reader> };
        Object.assign(kept, { taken: end.take() });
      });
    }
    const waiting = writer.loanAsync();
    assert.equal(writer.tryLoan(), null);
    const blocked = (other as Child).run(({ memspan, kept }, name) => {
      kept.span ??= memspan.Span.join(name);
      kept.span.pool('p').writer().loan().abort();
    }, name);
    const count = (): number =>
      span.threads().filter(({ waitingOn }) => waitingOn.length > 0).length;
    await until(() => count() === 2, 'both to wait');
    await child.kill();
    (await waiting).abort();
    await blocked;
  }
  await other?.kill();
  assert.equal(pool.counters.free, 1);
});

test('who waits for a message hears when the last writer dies, after all that it published', async () => {
  using span = make();
  const pool = span.pool('p', { chunks: 2, chunkSize: 8 });
  const reader = pool.reader();
  const child = await startChild();
  const write = (count: number): Promise<void> =>
    child.run(
      ({ memspan, kept }, name, count) => {
        kept.span ??= memspan.Span.join(name);
        const writer = kept.span.pool('p').writer();
        for (let i = 0; i < count; i++) writer.send('x');
        Object.assign(kept, { writer });
      },
      span.name as string,
      count,
    );
  await write(1);
  reader.take()?.release();
  const waiting = reader.takeAsync();
  await write(1);
  (await waiting)?.release();
  await write(1);
  await child.kill();
  assert.equal(reader.take()?.length, 1);
  assert.throws(() => reader.take(), { code: 'ERR_MEMSPAN_PEER_DIED' });
  await assert.rejects(reader.takeAsync(), { code: 'ERR_MEMSPAN_PEER_DIED' });
  assert.equal(reader.ended, false);
  const next = pool.reader();
  assert.equal(next.take({ timeoutMs: 1 }), null, 'one that came after that waits for the next');
  // Three writers have died: the next one stands in for one of them, another two for the others.
  const writers = [pool.writer(), pool.writer(), pool.writer()];
  writers[0]?.send('y');
  assert.equal(reader.take()?.length, 1);
  for (const writer of writers) writer.close();
  assert.deepEqual([reader.take(), reader.ended], [null, true]);
});

test('who is paused is waited for: with a loan, with a message, before it', async () => {
  using span = make();
  const pool = span.pool('p', { chunks: 1, chunkSize: 8 });
  const writer = pool.writer();
  const child = await startChild();
  const run = (act: 'loan' | 'publish' | 'come' | 'take' | 'release'): Promise<unknown> =>
    child.run(
      ({ memspan, kept }, name, act) => {
        kept.span ??= memspan.Span.join(name);
        const held = kept as unknown as {
          loan: Loan;
          reader: ReturnType<typeof pool.reader>;
          taken: ReturnType<ReturnType<typeof pool.reader>['take']>;
        };
        if (act === 'loan') held.loan = kept.span.pool('p').writer().loan({ length: 1 });
        if (act === 'publish') return held.loan.publish();
        if (act === 'come') held.reader = kept.span.pool('p').reader();
        if (act === 'take') held.taken = held.reader.take();
        if (act === 'release') held.taken?.release();
        return undefined;
      },
      span.name as string,
      act,
    );
  const isWaitedFor = async (): Promise<void> => {
    child.process.kill('SIGSTOP');
    assert.equal(writer.tryLoan(), null);
    assert.equal(writer.loan({ timeoutMs: 20 }), null);
    assert.equal(await writer.loanAsync({ timeoutMs: 20 }), null);
    child.process.kill('SIGCONT');
  };
  await run('loan');
  await isWaitedFor();
  assert.equal(await run('publish'), 0);
  await run('come');
  const loan = writer.loan({ length: 1 });
  loan.bytes[0] = 7;
  assert.equal(loan.publish(), 1);
  await isWaitedFor();
  await run('take');
  await isWaitedFor();
  assert.equal(await run('release'), undefined);
  assert.equal(pool.counters.free, 1);
  await child.kill();
});
