// A waiter that is paused when it is let through stays let through; with automatic reset, the next set is for the next.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Span } from '../../src/index.ts';
import { startChild } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import { isStopped } from '../support/victims.ts';

const waits = (span: Span): number =>
  span.threads().reduce((sum, { waitingOn }) => sum + waitingOn.length, 0);

for (const form of ['wait', 'waitAsync'] as const) {
  for (const reset of ['manual', 'auto'] as const) {
    test(`one that is paused (${form}, ${reset}) goes through when it goes on, and nobody in its place`, async () => {
      using span = Span.create(uniqueName(), { lifetime: 'last-close' });
      const event = span.event('e', { reset });
      const paused = await startChild();
      const first = paused.run(
        async ({ memspan, kept }, name, form, reset) => {
          kept.span = memspan.Span.join(name);
          return kept.span.event('e', { reset })[form]();
        },
        span.name as string,
        form,
        reset,
      );
      await until(() => waits(span) === 1, 'the first');
      paused.process.kill('SIGSTOP');
      await isStopped(paused, 'it to be paused');
      const second = event.waitAsync();
      event.set();
      if (reset === 'auto') {
        assert.equal(event.tryWait(), false);
        assert.equal(event.wait({ timeoutMs: 5 }), null);
        event.set();
        event.set();
      }
      assert.equal(await second, true);
      event.reset();
      assert.equal(event.tryWait(), false);
      assert.equal(await event.waitAsync({ timeoutMs: 5 }), null);
      paused.process.kill('SIGCONT');
      assert.equal(await first, true);
      assert.equal(event.isSet, false);
      await paused.kill();
    });
  }
}
