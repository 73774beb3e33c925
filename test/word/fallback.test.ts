// Where the kernel or a sandbox has no io_uring, threads of ours wait for waitAsync. Where it has no futex_waitv either, waits that
// somebody in the process might have to end go in slices. A waiter then loses its place at each slice, so neither order nor
// exact counts are promised; results, promptness and an orderly end are.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { forkWith, notify } from '../../src/index.ts';
import { until } from '../support/segments.ts';
import { type Agent, element, kinds, Stage } from './agents.ts';

const path = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/word/${name}.js`, import.meta.url));
const limits = { timeout: 20_000, killSignal: 'SIGABRT' } as const;

for (const missing of ['io_uring', 'io_uring,futex_waitv']) {
  suite(`without ${missing}`, () => {
    const WITHOUT = { MEMSPAN_WITHOUT: missing };
    const env = { ...process.env, ...WITHOUT };
    const stage = new Stage();
    let agent: Agent;

    before(async () => {
      [agent] = (await stage.enter(1, WITHOUT)) as [Agent];
    });

    const run = (program: string): Promise<{ stdout: string }> =>
      promisify(execFile)(process.execPath, [path(program)], { env, ...limits });

    test('every claim about the arguments holds', { timeout: 30_000 }, async () => {
      const child = forkWith(path('claimant'), { share: { ground: stage.segment }, env });
      const [said] = await once(child, 'message');
      assert.deepEqual(said.broken, []);
      assert.ok(said.count > 50);
      stage.clear();
    });

    for (const kind of kinds) {
      const view = stage[kind];
      const zero = element(kind, 0);
      for (const form of ['wait', 'waitAsync'] as const) {
        test(`${form} on ${kind}: 'ok', 'not-equal', and 'timed-out' not before its time`, async () => {
          assert.equal((await agent[form](kind, 0, element(kind, 1))).result, 'not-equal');
          for (const timeout of [1, 49.5, 60, 120]) {
            const { result, lapseMs } = await agent[form](kind, 0, zero, timeout);
            assert.equal(result, 'timed-out');
            assert.ok(lapseMs >= timeout, `${lapseMs} < ${timeout}`);
          }
          for (const timeout of [undefined, 60_000]) {
            const waited = agent[form](kind, 0, zero, timeout);
            await agent.queued();
            await until(() => notify(view, 0) === 1, 'it to be in the queue');
            assert.equal((await waited).result, 'ok');
          }
        });

        test(`${form} on ${kind}: a changed value and a notify are never missed, in either half`, async () => {
          for (let i = 0; i < 200; i++) {
            stage.clear();
            const waited = agent[form](kind, 0, zero, 60_000);
            for (let rest = (i * 7919) % 300_000; rest > 0; rest--);
            Atomics.store(stage.int32, kind === 'int64' ? i % 2 : 0, 1);
            notify(view, 0);
            assert.match((await waited).result, /ok|not-equal/);
          }
          stage.clear();
        });
      }
    }

    test('abort and close() end what is pending', async () => {
      const outcomes = await agent.child.run(async ({ memspan }) => {
        const segment = memspan.Segment.anonymous(4096);
        const words = new Int32Array(segment.buffer);
        const controller = new AbortController();
        const { signal } = controller;
        const waits = [
          memspan.waitAsync(words, 0, 0, undefined, { signal }),
          memspan.waitAsync(words, 1, 0, 60_000, { signal }),
          memspan.waitAsync(words, 0, 0),
          memspan.waitAsync(new BigInt64Array(segment.buffer), 0, 0n),
        ].map(async ({ value }) => {
          try {
            return await value;
          } catch (error) {
            return (error as { code: unknown }).code;
          }
        });
        controller.abort();
        segment.close();
        return Promise.all(waits);
      });
      const { ABORT_ERR } = DOMException;
      const closed = 'ERR_MEMSPAN_CLOSED';
      assert.deepEqual(outcomes, [ABORT_ERR, ABORT_ERR, closed, closed]);
    });

    test('workers that wait are terminated, and end when their segment is closed', async () => {
      assert.equal((await run('terminator')).stdout, '1,1,1,1 ERR_MEMSPAN_CLOSED');
    });

    test('process.exit() ends the process while its workers sleep; a worker may load the addon first', async () => {
      await assert.rejects(run('leaver'), { code: 7, signal: null, stderr: '' });
      assert.equal((await run('first-in-worker')).stdout, 'ok timed-out 0');
    });
  });
}
