// Spans and mutexes where the kernel or the runtime lacks something: slower to hear of a death, otherwise the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startChild } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';

for (const missing of ['inotify', 'futex_waitv', 'o_tmpfile', 'sharedarraybuffer']) {
  test(`without ${missing} a killed owner's mutex goes on, blocking and not, and is found`, async () => {
    const name = uniqueName();
    const env = { MEMSPAN_WITHOUT: missing };
    const [owner, blocking, waiting] = await Promise.all([
      startChild({ env }),
      startChild({ env }),
      startChild({ env }),
    ]);
    await owner.run(({ memspan, kept }, name) => {
      kept.span = memspan.Span.open(name, { lifetime: 'last-close' });
      kept.span.mutex('m').lock();
    }, name);
    const inTurn = [
      blocking.run(({ memspan, kept }, name) => {
        kept.span = memspan.Span.join(name);
        const guard = kept.span.mutex('m', { recover: () => {} }).lock();
        const { ownerDied } = guard;
        guard.release();
        return ownerDied;
      }, name),
      waiting.run(async ({ memspan, kept }, name) => {
        kept.span = memspan.Span.join(name);
        const guard = await kept.span.mutex('m', { recover: () => {} }).lockAsync();
        const { ownerDied } = guard;
        guard.release();
        return ownerDied;
      }, name),
    ];
    await owner.kill();
    assert.deepEqual((await Promise.all(inTurn)).sort(), [false, true]);
    const found = await waiting.run(
      ({ memspan }, pattern) => memspan.find({ kind: 'mutex', name: pattern }).length,
      `${name}/*`,
    );
    assert.equal(found, 1);
    for (const child of [blocking, waiting]) await child.run(({ kept }) => kept.span.close());
  });
}
