// Whoever is paused while it puts the seat of a dead one in order is waited for; when it is killed, it is repaired itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Span } from '../../src/index.ts';
import { type Child, startChild } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import { isStopped, startStepper, stopAt } from '../support/victims.ts';

/** A reader has died with the only chunk; a child that was about to repair its seat is stopped in the midst of that. */
async function stage(
  span: Span,
  step: string,
): Promise<{ repairer: Child; loaned: Promise<number | undefined> }> {
  const pool = span.pool('p', { chunks: 1, chunkSize: 8, readers: 2 });
  const [dead, repairer] = await Promise.all([startChild(), startStepper()]);
  await dead.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.join(name);
    Object.assign(kept, { reader: kept.span.pool('p').reader() });
  }, span.name as string);
  using writer = pool.writer();
  writer.send('x');
  await dead.kill();
  await stopAt(repairer, step);
  const loaned = repairer.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.join(name);
    const loan = kept.span.pool('p').writer().tryLoan();
    loan?.abort();
    return loan?.chunk;
  }, span.name as string);
  await isStopped(repairer, step);
  return { repairer, loaned };
}

for (const step of ['pool-repairing', 'pool-before-release']) {
  test(`paused at ${step}: nobody goes on in its place, and it ends what it began`, async () => {
    using span = Span.create(uniqueName(), { lifetime: 'last-close', size: 2 ** 18 });
    const { repairer, loaned } = await stage(span, step);
    const pool = span.pool('p');
    using writer = pool.writer();
    assert.equal(writer.loan({ timeoutMs: 20 }), null);
    const waiting = writer.loanAsync();
    using other = pool.reader();
    assert.deepEqual(
      pool.counters.readers.map(({ pid }) => pid),
      [process.pid],
    );
    repairer.process.kill('SIGCONT');
    // Who waits here may be quicker than the one who has freed it.
    assert.ok([0, undefined].includes(await loaned));
    (await waiting).publish();
    assert.equal(other.take()?.sequence, 1);
    await repairer.kill();
  });

  test(`paused and killed at ${step}: the next one repairs`, async () => {
    using span = Span.create(uniqueName(), { lifetime: 'last-close', size: 2 ** 18 });
    const { repairer, loaned } = await stage(span, step);
    const pool = span.pool('p');
    using writer = pool.writer();
    const waiting = writer.loanAsync();
    const lost = assert.rejects(loaned, /the puppet ended/);
    await repairer.kill();
    await lost;
    (await waiting).abort();
    const readers = [pool.reader(), pool.reader()];
    await until(() => {
      const count = writer.loan().publish();
      for (const reader of readers) reader.take()?.release();
      return count === 2;
    }, 'both seats');
    assert.equal(pool.counters.free, 1);
  });
}
