// wait and notify of the core for macOS, run on Linux over a stand-in for os_sync_wait_on_address (test/fixtures/darwin).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { notify, Segment, wait } from '../../src/index.ts';
import { type Puppet, startChild, startWorker } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';

function words(t: { after(work: () => void): void }): [string, Int32Array, BigInt64Array] {
  const own = uniqueName();
  const segment = Segment.create(own, { size: 4096 });
  t.after(() => {
    segment.close();
    Segment.unlink(own);
  });
  return [own, new Int32Array(segment.buffer), new BigInt64Array(segment.buffer)];
}

/** Waits for words[0] to be told of, having counted itself in words[4]. */
function waitThere(
  puppet: Puppet,
  own: string,
  wide: boolean,
  timeoutMs?: number,
): Promise<[string, number]> {
  return puppet.run(
    ({ memspan }, own, wide, timeoutMs) => {
      const { buffer } = memspan.Segment.open(own);
      const begun = performance.now();
      Atomics.add(new Int32Array(buffer), 4, 1);
      const outcome = wide
        ? memspan.wait(new BigInt64Array(buffer), 0, 2n ** 40n, timeoutMs)
        : memspan.wait(new Int32Array(buffer), 0, 0, timeoutMs);
      return [outcome, performance.now() - begun] as [string, number];
    },
    own,
    wide,
    timeoutMs,
  );
}

/** Until that many have been woken; each of them is asleep sooner or later. */
async function wakeAll(view: Int32Array | BigInt64Array, count: number): Promise<void> {
  let woken = 0;
  await until(() => {
    woken += notify(view, 0, 1);
    return woken >= count;
  }, `${count} to be woken`);
  assert.equal(woken, count);
}

for (const wide of [false, true]) {
  const bits = wide ? 64 : 32;

  test(`${bits} bits: two processes and a worker sleep for ever, and each is woken by one count`, async (t) => {
    const [own, narrow, long] = words(t);
    long[0] = wide ? 2n ** 40n : 0n;
    const puppets = await Promise.all([startChild(), startChild(), startWorker()]);
    const waits = puppets.map((puppet) => waitThere(puppet, own, wide));
    await until(() => narrow[4] === 3, 'three to begin');
    await wakeAll(wide ? long : narrow, 3);
    const outcomes = await Promise.all(waits);
    assert.deepEqual(
      outcomes.map(([outcome]) => outcome),
      ['ok', 'ok', 'ok'],
    );
  });

  test(`${bits} bits: not-equal, and timed-out not before its time`, async (t) => {
    const [own, , long] = words(t);
    long[0] = wide ? 2n ** 40n + 1n : 1n;
    const puppets = await Promise.all([startChild(), startWorker()]);
    for (const puppet of puppets) {
      assert.deepEqual((await waitThere(puppet, own, wide))[0], 'not-equal');
    }
    long[0] = wide ? 2n ** 40n : 0n;
    for (const puppet of puppets) {
      for (const timeoutMs of [0, 0.5, 10, 120]) {
        const [outcome, tookMs] = await waitThere(puppet, own, wide, timeoutMs);
        assert.equal(outcome, 'timed-out');
        assert.ok(tookMs >= timeoutMs, `${tookMs} of ${timeoutMs} ms`);
      }
    }
  });
}

test('notify without a count wakes all who sleep', async (t) => {
  const [own, narrow] = words(t);
  const puppets = await Promise.all([startChild(), startChild(), startChild()]);
  const waits = puppets.map((puppet) => waitThere(puppet, own, false));
  await until(() => narrow[4] === 3, 'three to begin');
  let woken = 0;
  await until(() => {
    woken += notify(narrow, 0);
    return woken >= 3;
  }, 'all to be woken');
  assert.equal(woken, 3);
  await Promise.all(waits);
  assert.deepEqual([notify(narrow, 0), notify(narrow, 0, 0), notify(narrow, 1)], [0, 0, 0]);
});

test('a waiter of one width is found by a notify of the other', async (t) => {
  const [own, narrow, long] = words(t);
  const child = await startChild();
  const narrowWait = waitThere(child, own, false);
  await until(() => narrow[4] === 1, 'it to begin');
  await wakeAll(long, 1);
  assert.equal((await narrowWait)[0], 'ok');
  long[0] = 2n ** 40n;
  const wideWait = waitThere(child, own, true);
  await until(() => narrow[4] === 2, 'it to begin');
  await wakeAll(narrow, 1);
  assert.equal((await wideWait)[0], 'ok');
});

test('a worker that sleeps, for ever or not, can be terminated', async (t) => {
  const [own, narrow] = words(t);
  const workers = await Promise.all([startWorker(), startWorker()]);
  const waits = workers.map((worker, i) => waitThere(worker, own, false, i ? 1e9 : undefined));
  for (const wait of waits) wait.catch(() => {});
  await until(() => narrow[4] === 2, 'both to begin');
  await Promise.all(workers.map((worker) => worker.kill()));
  const settled = await Promise.allSettled(waits);
  assert.ok(settled.every(({ status }) => status === 'rejected'));
});

test('a value that changes while it sleeps, and a notify, is ok', async (t) => {
  const [own, narrow] = words(t);
  const child = await startChild();
  const waiting = waitThere(child, own, false);
  await until(() => narrow[4] === 1, 'it to begin');
  // Asleep or not: with the value another one, one notify is enough.
  narrow[0] = 1;
  notify(narrow, 0);
  assert.match((await waiting)[0], /^(ok|not-equal)$/);
});

test('before macOS 14.4: wait and notify say so, and segments work', () => {
  const index = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);
  const program = `
    import { notify, Segment, wait } from ${index};
    const words = new Int32Array(Segment.anonymous(8).buffer);
    words[0] = 1;
    for (const call of [() => wait(words, 0, 1, 1), () => notify(words, 0)]) {
      try { call(); } catch ({ code, message }) { console.log(code, /macOS 14\\.4/.test(message)); }
    }`;
  const env = { ...process.env, LD_PRELOAD: '' };
  const args = ['--input-type=module', '-e', program];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  assert.equal(stdout + stderr, 'ERR_MEMSPAN_UNSUPPORTED true\n'.repeat(2));
});

test('the memory of V8 itself can be waited on, too', () => {
  const own = new Int32Array(new SharedArrayBuffer(8));
  assert.deepEqual(
    [wait(own, 0, 1), wait(own, 0, 0, 5), notify(own, 0)],
    ['not-equal', 'timed-out', 0],
  );
});
