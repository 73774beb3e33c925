// A party that is paused is alive: it is waited for, and nobody breaks the barrier; what it waited for it is told when it
// goes on, whatever has happened since.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Span } from '../../src/index.ts';
import { type Child, startChild } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import { isStopped } from '../support/victims.ts';

async function party(span: Span): Promise<Child> {
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.join(name);
    kept.span.barrier('b').join();
  }, span.name as string);
  return child;
}

const wait = (child: Child, form: 'wait' | 'waitAsync'): Promise<number | null> =>
  child.run(({ kept }, form) => kept.span.barrier('b')[form](), form);

const leave = (child: Child): Promise<void> =>
  child.run(({ kept }) => kept.span.barrier('b').leave());

async function pause(child: Child): Promise<void> {
  child.process.kill('SIGSTOP');
  await isStopped(child, 'it to be paused');
}

test('a party that computes is paused: the others wait, give up, come again', async () => {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const barrier = span.barrier('b', { parties: 3 });
  const [paused, other] = [await party(span), await party(span)];
  const theirs = wait(other, 'wait');
  // Before any of ours, so that it is the first.
  await until(() => barrier.arrived === 1, 'the other');
  await pause(paused);
  for (const end = performance.now() + 400; performance.now() < end; ) {
    assert.equal(barrier.wait({ timeoutMs: 20 }), null);
    assert.equal(await barrier.waitAsync({ timeoutMs: 20 }), null);
    assert.equal(barrier.tryWait(), null);
    assert.equal(barrier.broken, false);
  }
  const ours = barrier.waitAsync();
  paused.process.kill('SIGCONT');
  assert.equal(await wait(paused, 'wait'), 2);
  assert.deepEqual(await Promise.all([theirs, ours]), [0, 1]);
  for (const child of [paused, other]) await leave(child);
  for (const child of [paused, other]) await child.kill();
  assert.equal(barrier.broken, false);
});

for (const form of ['wait', 'waitAsync'] as const) {
  test(`a party (${form}) is paused while it waits, and its phase completed, and all begun anew`, async () => {
    using span = Span.create(uniqueName(), { lifetime: 'last-close' });
    const barrier = span.barrier('b', { parties: 2 });
    const paused = await party(span);
    const theirs = wait(paused, form);
    await until(() => barrier.arrived === 1, 'the other');
    await pause(paused);
    assert.equal(barrier.wait(), 1);
    // No phase can end without it.
    assert.equal(barrier.wait({ timeoutMs: 5 }), null);
    for (let resets = 0; resets < 3; resets++) barrier.reset();
    paused.process.kill('SIGCONT');
    assert.equal(await theirs, 0);

    const broken = wait(paused, form);
    await until(() => barrier.arrived === 1, 'the other');
    await pause(paused);
    for (let resets = 0; resets < 3; resets++) barrier.reset();
    paused.process.kill('SIGCONT');
    await assert.rejects(broken, { code: 'ERR_MEMSPAN_BROKEN' });
    const last = wait(paused, form);
    await until(() => barrier.arrived === 1, 'the other');
    assert.equal(barrier.tryWait(), 1);
    assert.equal(await last, 0);
    await leave(paused);
    await paused.kill();
  });
}
