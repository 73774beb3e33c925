// How a thread can end without closing its spans, and which of them are deaths.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Span } from '../../src/index.ts';
import { startChild, startWorker } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';

test('a worker that is terminated died attached', async () => {
  const name = uniqueName();
  const worker = await startWorker();
  await worker.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.create(name);
  }, name);
  await worker.kill();
  assert.throws(() => Span.open(name, { stale: 'fail' }), { code: 'ERR_MEMSPAN_STALE' });
  Span.unlink(name);
});

test('a process or a worker that ends without close() leaves in order; what it held was abandoned', async () => {
  for (const start of [startWorker, startChild]) {
    for (const lifetime of ['until-unlinked', 'last-close'] as const) {
      const name = uniqueName();
      const puppet = await start();
      const order = puppet.run(
        ({ memspan }, name, lifetime) => {
          memspan.Span.create(name, { lifetime }).mutex('held').lock();
          setImmediate(() => process.exit(0));
        },
        name,
        lifetime,
      );
      await order.catch(() => {});
      await puppet.exited;
      if (lifetime === 'last-close') {
        assert.throws(() => Span.join(name), { code: 'ERR_MEMSPAN_NOT_FOUND' });
        continue;
      }
      using span = Span.open(name, { stale: 'fail' });
      const guard = span.mutex('held').lock();
      assert.equal(guard.ownerDied, true);
      guard.markConsistent();
      guard.release();
      span.unlink();
    }
  }
});
