// What befalls a waiting process: it is killed, stopped, or gets signals; its buffer is garbage; its timeout is
// huge or tiny. None of it may cost another waiter its turn.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { native } from '../../src/binding.ts';
import { notify, Segment, wait, waitAsync } from '../../src/index.ts';
import { uniqueName, until } from '../support/segments.ts';
import { type Agent, asleep, isPending, kinds, Stage } from './agents.ts';

const stage = new Stage();
const { int32 } = stage;
let agents: Agent[] = [];

before(async () => {
  agents = await stage.enter(3);
});

/** The state of each of a process's threads: 'T' is stopped. */
function threadStates(pid: number): string[] {
  return fs.readdirSync(`/proc/${pid}/task`).flatMap((threadId) => {
    try {
      const stat = fs.readFileSync(`/proc/${pid}/task/${threadId}/stat`, 'utf8');
      return [stat.slice(stat.lastIndexOf(')') + 2)[0] as string];
    } catch {
      // A helper thread has ended since.
      return [];
    }
  });
}

/** SIGSTOP; resolves when every thread has stopped. */
async function stop({ pid }: Agent): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await until(() => threadStates(pid).every((state) => state === 'T'), 'it to stop');
}

async function goOn({ pid }: Agent): Promise<void> {
  process.kill(pid, 'SIGCONT');
  await until(() => threadStates(pid).every((state) => state !== 'T'), 'it to go on');
}

async function newcomer(): Promise<Agent> {
  const [agent] = await stage.enter(1);
  return agent as Agent;
}

test('a blocked waiter that is killed swallows no notify: the next in the queue is woken', async () => {
  const [next] = agents as [Agent];
  for (let round = 0; round < 3; round++) {
    const doomed = await newcomer();
    const lost = assert.rejects(doomed.wait('int32', 0, 0), { code: 'SIGKILL' });
    await doomed.asleep();
    const waited = next.wait('int32', 0, 0);
    await next.asleep();
    await doomed.child.kill();
    await lost;
    assert.equal(notify(int32, 0, 1), 1);
    assert.equal((await waited).result, 'ok');
    assert.equal(notify(int32, 0), 0);
  }
});

test('nor does one with asynchronous waits, many at once, and it is no longer counted', async () => {
  const [next] = agents as [Agent];
  const doomed = await newcomer();
  const lost: Promise<unknown>[] = [];
  for (let i = 0; i < 10; i++) lost.push(assert.rejects(doomed.waitAsync('int32', 0, 0)));
  await doomed.queued();
  const waited = next.waitAsync('int32', 0, 0);
  await next.queued();
  const here = waitAsync(int32, 0, 0).value;
  await doomed.child.kill();
  await Promise.all(lost);
  assert.equal(notify(int32, 0, 1), 1);
  assert.equal((await waited).result, 'ok');
  assert.equal(notify(int32, 0), 1);
  assert.equal(await here, 'ok');
});

test('a stopped process leaves the queue, is not counted, and joins the end when it goes on', async () => {
  const [paused, second, third] = agents as [Agent, Agent, Agent];
  const waits = [paused.wait('int32', 0, 0), second.wait('int32', 0, 0)];
  await paused.asleep();
  await second.asleep();
  await stop(paused);
  waits.push(third.wait('int32', 0, 0));
  await third.asleep();
  assert.equal(notify(int32, 0, 1), 1);
  assert.equal((await waits[1])?.result, 'ok');
  await goOn(paused);
  await paused.asleep();
  const woken: string[] = [];
  void waits[0]?.then(() => woken.push('paused'));
  void waits[2]?.then(() => woken.push('third'));
  assert.equal(notify(int32, 0, 1), 1);
  await waits[2];
  assert.deepEqual(woken, ['third']);
  assert.equal(notify(int32, 0), 1);
  assert.equal((await waits[0])?.result, 'ok');
});

test("when the element has changed meanwhile: wait is 'not-equal', waitAsync's promise 'ok'", async () => {
  const [blocked, other] = agents as [Agent, Agent];
  const waits = [blocked.wait('int32', 0, 0), other.waitAsync('int32', 0, 0)];
  await Promise.all([blocked.asleep(), other.queued()]);
  await Promise.all([stop(blocked), stop(other)]);
  Atomics.store(int32, 0, 1);
  // Only a wait that is the kernel's own stays where it is.
  assert.equal(notify(int32, 0), native.waitsByRing() ? 1 : 0);
  await Promise.all([goOn(blocked), goOn(other)]);
  assert.equal((await waits[0])?.result, 'not-equal');
  assert.equal((await waits[1])?.result, 'ok');
  stage.clear();
});

test('time goes on while a process is stopped', async () => {
  const [paused] = agents as [Agent];
  for (const form of ['wait', 'waitAsync'] as const) {
    const waited = paused[form]('int32', 0, 0, 50);
    await paused.queued();
    await stop(paused);
    const start = performance.now();
    await until(() => performance.now() - start > 60, 'its time to be over');
    await goOn(paused);
    const { result, lapseMs } = await waited;
    assert.equal(result, 'timed-out');
    assert.ok(lapseMs >= 50);
  }
});

for (const kind of kinds) {
  test(`${kind}: a signal with a handler does not end a wait; its handler runs afterwards`, async () => {
    const [agent] = agents as [Agent];
    await agent.child.run(({ kept }) => {
      Object.assign(kept, { signals: 0 });
      for (const signal of ['SIGCHLD', 'SIGWINCH'] as const) {
        process.on(signal, () => (kept as unknown as { signals: number }).signals++);
      }
    });
    const zero = kind === 'int32' ? 0 : 0n;
    for (const [timeout, expected] of [[undefined, 'ok'] as const, [200, 'timed-out'] as const]) {
      const waited = agent.wait(kind, 0, zero, timeout);
      await agent.asleep();
      for (let i = 0; i < 20; i++) {
        for (const signal of ['SIGCHLD', 'SIGWINCH'] as const) agent.child.process.kill(signal);
        await new Promise(setImmediate);
      }
      if (expected === 'ok') {
        await asleep(agent.pid);
        assert.equal(notify(stage[kind], 0), 1);
      }
      const { result, lapseMs } = await waited;
      assert.equal(result, expected);
      assert.ok(lapseMs >= (timeout ?? 0));
    }
    const seen = await agent.child.run(async ({ kept }) => {
      for (const signal of ['SIGCHLD', 'SIGWINCH']) process.removeAllListeners(signal);
      return (kept as unknown as { signals: number }).signals;
    });
    assert.ok(seen >= 1);
  });
}

test('a signal that does interrupt a wait costs it its place, no more', async () => {
  const [agent] = agents as [Agent];
  await agent.child.run(() => void process.on('SIGHUP', () => {}));
  const waits = [() => agent.wait('int32', 0, 0), () => agent.wait('int64', 0, 0n, 60_000)];
  for (const wait of waits) {
    const waited = wait();
    await agent.asleep();
    for (let i = 0; i < 20; i++) {
      agent.child.process.kill('SIGHUP');
      await new Promise(setImmediate);
    }
    await until(() => notify(int32, 0) === 1, 'it to be back in the queue');
    assert.equal((await waited).result, 'ok');
  }
  await agent.child.run(() => void process.removeAllListeners('SIGHUP'));
});

test('the buffer of a pending waitAsync may be garbage: the wait keeps the memory, and then lets it go', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const name = uniqueName();
  const segment = Segment.create(name, { size: 4096 });
  const mapped = (): number =>
    fs.readFileSync('/proc/self/maps', 'utf8').split(`/dev/shm/${name}`).length - 1;
  const own = mapped();
  const waits = (() => {
    const dropped = Segment.open(name);
    const views = [new Int32Array(dropped.buffer), new BigInt64Array(dropped.buffer, 8)] as const;
    return [waitAsync(views[0], 0, 0).value, waitAsync(views[1], 0, 0n).value];
  })();
  for (let i = 0; i < 5; i++) {
    collect();
    await new Promise(setImmediate);
  }
  assert.equal(mapped(), own + 1);
  const view = new Int32Array(segment.buffer);
  assert.equal(notify(view, 0), 1);
  assert.equal(notify(view, 2), 1);
  assert.deepEqual(await Promise.all(waits), ['ok', 'ok']);
  await until(() => {
    collect();
    return mapped() === own;
  }, 'the mapping to go');
  segment.unlink();
  segment.close();
});

test('huge timeouts are waited for, and do not overflow into short ones', async () => {
  const huge = [2 ** 31, 2 ** 32, 2 ** 53, 9.3e15, 1e18, 1e300, Number.MAX_VALUE, 3.2e12, 3.3e12];
  const waits = huge.map((timeout) => waitAsync(int32, 0, 0, timeout).value as Promise<string>);
  assert.equal(await isPending(Promise.race(waits)), true);
  assert.equal(notify(int32, 0), huge.length);
  assert.deepEqual(new Set(await Promise.all(waits)), new Set(['ok']));
  const [agent] = agents as [Agent];
  for (const timeout of huge) {
    const waited = agent.wait('int32', 0, 0, timeout);
    await agent.asleep();
    assert.equal(notify(int32, 0), 1, String(timeout));
    assert.equal((await waited).result, 'ok');
  }
});

test('fractions of a millisecond count, and never make it too early', async () => {
  for (const timeout of [0.001, 0.1, 0.5, 1.001, 1.999, 3.7]) {
    for (let i = 0; i < 5; i++) {
      const start = performance.now();
      assert.equal(wait(int32, 0, 0, timeout), 'timed-out');
      assert.ok(performance.now() - start >= timeout);
    }
    const start = performance.now();
    assert.equal(await waitAsync(int32, 0, 0, timeout).value, 'timed-out');
    assert.ok(performance.now() - start >= timeout);
  }
});
