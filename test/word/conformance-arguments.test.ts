// Which arguments wait, waitAsync and notify take, in which order they look at them, and how they convert them:
// the claims of claims-*.ts, one test each, and once more as a whole in another process and in a worker.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { forkWith, Segment } from '../../src/index.ts';
import { check as checkAll, eachClaim } from './claims-all.ts';

const CLAIMANT = new URL('../fixtures/word/claimant.js', import.meta.url);
const ground = Segment.anonymous(4096);
let count = 0;

eachClaim((title, check) => {
  count++;
  test(title, async () => void (await check(ground.buffer)));
});

test('every claim holds in another process', { timeout: 30_000 }, async () => {
  const child = forkWith(CLAIMANT, { share: { ground } });
  const [[said], exit] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
  assert.deepEqual(said, { count, broken: [] });
  assert.deepEqual(exit, [0, null]);
});

test('every claim holds in a worker', { timeout: 30_000 }, async () => {
  const worker = new Worker(CLAIMANT, { workerData: ground.buffer });
  const [[said], exit] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
  assert.deepEqual(said, { count, broken: [] });
  assert.deepEqual(exit, [0]);
});

test('every claim holds over an ordinary SharedArrayBuffer', async () => {
  assert.deepEqual(await checkAll(new SharedArrayBuffer(4096)), { count, broken: [] });
});
