// The queue of an element: one for all processes, threads, mappings and both forms of waiting; first come, first
// served; and notify's counts are exact, also under load.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { notify, Segment, wait, waitAsync } from '../../src/index.ts';
import { startWorker } from '../support/puppets.ts';
import { seededRandom, uniqueName, until } from '../support/segments.ts';
import { type Agent, asleep, element, kinds, Stage } from './agents.ts';

const stage = new Stage();
const { int32 } = stage;
let agents: Agent[] = [];

before(async () => {
  agents = await stage.enter(3);
});

/** Wakes them one by one; they must come in this order. */
async function assertOrder(waits: Promise<unknown>[], wakeOne: () => number): Promise<void> {
  const woken: number[] = [];
  for (const [i, waited] of waits.entries()) void waited.then(() => woken.push(i));
  for (const place of waits.keys()) {
    assert.equal(wakeOne(), 1, `at place ${place}`);
    await Promise.race(waits.slice(place));
    assert.deepEqual(woken, [...Array(place + 1).keys()]);
  }
  assert.equal(wakeOne(), 0);
}

for (const kind of kinds) {
  const view = stage[kind];
  const zero = element(kind, 0);

  test(`${kind}: asynchronous waiters of several processes are woken in the order in which they came`, async () => {
    const waits: Promise<unknown>[] = [];
    for (const place of [0, 3, 1, 0, 2, 3, 2, 1]) {
      const agent = agents[place];
      waits.push(
        agent?.waitAsync(kind, 0, zero) ?? Promise.resolve(waitAsync(view, 0, zero).value),
      );
      await agent?.queued();
    }
    await assertOrder(waits, () => notify(view, 0, 1));
  });

  test(`${kind}: blocking and asynchronous waiters stand in one queue`, async () => {
    const [first, second, third] = agents as [Agent, Agent, Agent];
    const waits: Promise<unknown>[] = [];
    const here = (): void => void waits.push(Promise.resolve(waitAsync(view, 0, zero).value));
    for (const blocked of [first, second]) {
      here();
      waits.push(blocked.wait(kind, 0, zero));
      await blocked.asleep();
      waits.push(third.waitAsync(kind, 0, zero));
      await third.queued();
    }
    here();
    await assertOrder(waits, () => notify(view, 0, 1));
  });
}

test('two mappings of one segment are one place: by name, by handle, and after a resize', async () => {
  const name = uniqueName();
  using created = Segment.create(name, { size: 4096 });
  using opened = Segment.open(name);
  using lent = Segment.fromHandle(created.handle);
  const before = new Int32Array(created.buffer);
  created.resize(8192);
  created.unlink();
  const views = [before, ...[created, opened, lent].map(({ buffer }) => new Int32Array(buffer))];
  for (const [i, view] of views.entries()) {
    for (const [j, other] of views.entries()) {
      const { value } = waitAsync(view, 7, 0);
      assert.equal(notify(other, 8), 0);
      assert.equal(notify(other, 7), 1, `mapping ${i} is notified through ${j}`);
      assert.equal(await value, 'ok');
    }
  }
  const waits = [0, 2, 1, 3, 1].map((i) => waitAsync(views[i] as Int32Array, 7, 0).value);
  await assertOrder(waits as Promise<string>[], () => notify(views[1] as Int32Array, 7, 1));
});

test('an ordinary SharedArrayBuffer, between the threads of one process', async () => {
  const words = new Int32Array(new SharedArrayBuffer(64));
  const worker = await startWorker();
  const threadId = await worker.run(({ fs, kept }, buffer) => {
    kept.words = new Int32Array(buffer);
    return Number(fs.readlinkSync('/proc/thread-self').split('/').pop());
  }, words.buffer);
  for (let round = 0; round < 20; round++) {
    const there = worker.run(({ memspan, kept }) => memspan.wait(kept.words, 3, 0, 60_000));
    await asleep(process.pid, threadId);
    const here = waitAsync(words, 3, 0).value;
    assert.equal(notify(words, 2), 0);
    // A worker whose loop is rung (a compiler's task, say) is out of the queue for a moment, and not counted.
    let woken = 0;
    await until(() => {
      woken += notify(words, 3);
      return woken >= 2;
    }, 'both to be woken');
    assert.equal(woken, 2);
    assert.equal(await there, 'ok');
    assert.equal(await here, 'ok');
    assert.equal(notify(words, 3), 0);
  }
  const woken = worker.run(async ({ memspan, kept }) => {
    // The main thread is about to block: until it stands in the queue, nobody is woken.
    for (let count = 0; count === 0; ) count = memspan.notify(kept.words, 4);
    return true;
  });
  assert.equal(wait(words, 4, 0, 60_000), 'ok');
  assert.equal(await woken, true);
  await worker.kill();
});

test('under load, with timeouts and random counts: as many are woken as notify says', async (t) => {
  const random = seededRandom(t);
  const [first, ...others] = agents as [Agent, Agent, Agent];
  const plays = [
    first.child.run(({ memspan, kept }, index) => {
      const { int32 } = kept as unknown as Stage;
      for (let woken = 0, i = 0; ; i++) {
        const result = memspan.wait(int32, index, 0, i % 5 === 0 ? 0.3 : undefined);
        if (result === 'ok') woken++;
        if (result === 'not-equal') return woken;
      }
    }, 20),
    ...others.map(({ child }, seed) =>
      child.run(
        async ({ memspan, kept }, index, seed) => {
          const { int32 } = kept as unknown as Stage;
          let woken = 0;
          const wait = async (place: number): Promise<void> => {
            for (let i = place; ; i++) {
              const timeout = i % 7 === 0 ? 1 + seed : undefined;
              const result = await memspan.waitAsync(int32, index, 0, timeout).value;
              if (result === 'ok') woken++;
              if (result === 'not-equal') return;
            }
          };
          await Promise.all(Array.from({ length: 6 }, (_, place) => wait(place)));
          return woken;
        },
        20,
        seed,
      ),
    ),
  ];
  let notified = 0;
  const end = performance.now() + 1000;
  for (let i = 0; performance.now() < end; i++) {
    notified += notify(int32, 20, Math.floor(random() * 6));
    if (i % 8 === 0) await new Promise(setImmediate);
  }
  let playing = plays.length;
  for (const play of plays) void play.then(() => playing--);
  Atomics.store(int32, 20, 1);
  while (playing > 0) {
    notified += notify(int32, 20);
    await new Promise(setImmediate);
  }
  const woken = (await Promise.all(plays)).reduce((sum, count) => sum + count, 0);
  t.diagnostic(`${notified} woken`);
  assert.equal(woken, notified);
  stage.clear();
});
