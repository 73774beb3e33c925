// News of deaths: a sleeper with a watch is disturbed when somebody who had the file open for writing ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { native } from '../../src/binding.ts';
import { Segment } from '../../src/index.ts';
import { newsCount, sleep, sleepAsync } from '../../src/word/sleep.ts';
import { startChild, startWorker, type Tools } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';

const LONG_MS = 20_000; // a watchdog: whoever is disturbed sleeps far shorter

const open = ({ memspan, kept }: Tools, name: string): void => {
  kept.segment = memspan.Segment.open(name);
};

for (const [who, start] of [
  ['a process that is killed', startChild],
  ['a worker that is terminated', startWorker],
] as const) {
  test(`${who} disturbs who sleeps asynchronously`, async () => {
    using named = Segment.create(uniqueName(), { size: 4096 });
    const words = new Int32Array(named.buffer);
    const watch = named.watch();
    assert.ok(watch > 0);
    const peer = await start();
    await peer.run(open, named.name as string);
    const begun = performance.now();
    const asleep = sleepAsync(words, 0, 0, LONG_MS, LONG_MS, undefined, watch, newsCount());
    await peer.kill();
    assert.equal(await asleep, true);
    assert.ok(performance.now() - begun < LONG_MS);
    native.unwatchFile(watch);
    named.unlink();
  });
}

test('a blocked thread is disturbed, too', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 4096 });
  const [sleeper, peer] = await Promise.all([startChild(), startChild()]);
  await peer.run(open, name);
  const slept = sleeper.run(
    async ({ memspan, native, kept }: Tools, name: string, ms: number) => {
      kept.segment = memspan.Segment.open(name);
      const words = new Int32Array(kept.segment.buffer);
      const watch = kept.segment.watch();
      const news = native.countNews();
      Atomics.store(words, 1, 1);
      const begun = performance.now();
      const outcome = native.wait(words, 0, 0, 0, ms, watch, news);
      return { outcome, ms: performance.now() - begun };
    },
    name,
    LONG_MS,
  );
  const words = new Int32Array(segment.buffer);
  while (Atomics.load(words, 1) === 0) await new Promise(setImmediate);
  await peer.kill();
  const { outcome, ms } = await slept;
  assert.equal(outcome, 9); // Outcome.disturbed
  assert.ok(ms < LONG_MS);
  segment.unlink();
});

test('news that came between the look and the sleep ends the sleep at once', () => {
  using segment = Segment.create(uniqueName(), { size: 4096 });
  const words = new Int32Array(segment.buffer);
  const watch = segment.watch();
  const stale = newsCount() - 1;
  assert.equal(sleep(words, 0, 0, LONG_MS, LONG_MS, watch, stale), true);
  native.unwatchFile(watch);
  segment.unlink();
});

test('who has no watch is not disturbed', async () => {
  using segment = Segment.create(uniqueName(), { size: 4096 });
  const words = new Int32Array(segment.buffer);
  const watch = segment.watch();
  const quiet = sleepAsync(words, 0, 0, LONG_MS, LONG_MS);
  const watching = sleepAsync(words, 0, 0, LONG_MS, LONG_MS, undefined, watch, newsCount());
  Segment.open(segment.name as string).close();
  await watching;
  const first = await Promise.race([quiet, Promise.resolve('still asleep')]);
  assert.equal(first, 'still asleep');
  native.notify(words, 0, 1);
  await quiet;
  native.unwatchFile(watch);
  segment.unlink();
});

test('a closed watch gives its number back, and unwatching twice does nothing', () => {
  using segment = Segment.create(uniqueName(), { size: 4096 });
  const [a, b] = [segment.watch(), segment.watch()];
  assert.equal(a, b);
  native.unwatchFile(a);
  native.unwatchFile(b);
  native.unwatchFile(b);
  assert.ok(segment.watch() > a);
  segment.unlink();
});
