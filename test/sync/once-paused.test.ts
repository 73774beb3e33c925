// An initialiser that is paused is waited for: nobody initialises in its place, however they ask.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Span } from '../../src/index.ts';
import { startChild } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';
import { isStopped } from '../support/victims.ts';

for (const form of ['run', 'runAsync'] as const) {
  test(`one that is paused while it initialises (${form}) is waited for, and is the only one`, async () => {
    using span = Span.create(uniqueName(), { lifetime: 'last-close' });
    const once = span.once('o');
    const child = await startChild();
    const made = child.run(
      ({ memspan, kept }, name, form) => {
        kept.span = memspan.Span.join(name);
        return kept.span.once('o')[form](() => process.kill(process.pid, 'SIGSTOP'));
      },
      span.name as string,
      form,
    );
    await isStopped(child, 'it to be paused');
    const never = (): never => assert.fail('there are two of them');
    assert.equal(once.tryRun(never), null);
    assert.equal(once.run(never, { timeoutMs: 20 }), null);
    assert.equal(await once.runAsync(never, { timeoutMs: 20 }), null);
    assert.equal(once.owner?.pid, child.process.pid);
    assert.equal(once.done, false);
    const waits = once.runAsync(never);
    child.process.kill('SIGCONT');
    assert.equal(await waits, false);
    assert.equal(await made, true);
    assert.equal(once.owner, null);
    await child.kill();
  });
}
