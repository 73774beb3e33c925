// A waiter that is paused is alive: its notification stays its own, the next one goes to the next, and nobody hangs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Span } from '../../src/index.ts';
import type { Child } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import { isStopped, startStepper, stopAt } from '../support/victims.ts';

type Form = 'wait' | 'waitAsync';

function wait(child: Child, span: Span, form: Form): Promise<boolean | null> {
  return child.run(
    async ({ memspan, kept }, name, form) => {
      kept.span ??= memspan.Span.join(name);
      const guard = kept.span.mutex('m').lock();
      const notified = await kept.span.condition('c')[form](guard, { timeoutMs: 30_000 });
      guard.release();
      return notified;
    },
    span.name as string,
    form,
  );
}

for (const form of ['wait', 'waitAsync'] as const) {
  test(`the one that is paused (${form}) keeps its notification; the others have theirs`, async () => {
    using span = Span.create(uniqueName(), { lifetime: 'last-close' });
    const [mutex, condition] = [span.mutex('m'), span.condition('c')];
    const [paused, other] = await Promise.all([startStepper(), startStepper()]);
    for (const step of ['nowhere', 'condition-before-lock'] as const) {
      if (step !== 'nowhere') await stopAt(paused, step);
      const first = wait(paused, span, form);
      // It can be notified a moment before it has released the mutex.
      await until(() => condition.waiters === 1 && mutex.owner === null, 'the first');
      if (step === 'nowhere') paused.process.kill('SIGSTOP');
      const second = wait(other, span, 'wait');
      await until(() => condition.waiters === 2, 'the second');
      const own = mutex.lock();
      const third = condition.waitAsync(own);
      assert.equal(condition.waiters, 3);
      assert.equal(condition.notifyOne(), true);
      await isStopped(paused, 'it to be paused');
      assert.equal(condition.waiters, 2);
      assert.equal(condition.notifyOne(), true);
      assert.equal(await second, true);
      assert.equal(condition.notifyOne(), true);
      assert.equal(await third, true);
      assert.equal(condition.notifyOne(), false);
      // It was not for who comes now.
      assert.equal(condition.wait(own, { timeoutMs: 20 }), null);
      own.release();
      paused.process.kill('SIGCONT');
      assert.equal(await first, true);
      assert.equal(mutex.owner, null);
    }
    await Promise.all([paused.kill(), other.kill()]);
  });
}
