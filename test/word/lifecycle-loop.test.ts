// Pending asynchronous waits and the process around them: nothing else is held up, the event loop lives exactly as
// long as they do, what ends them leaves nothing behind, and there is a limit that is said.
import assert from 'node:assert/strict';
import { pbkdf2 } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import fs from 'node:fs';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { native } from '../../src/binding.ts';
import { notify, Segment, spawnWith, wait, waitAsync } from '../../src/index.ts';
import { shmPath, uniqueName, until } from '../support/segments.ts';
import { isPending } from './agents.ts';

const PATIENT = fileURLToPath(new URL('../fixtures/word/patient.js', import.meta.url));
const stage = Segment.anonymous(4096);
const words = new Int32Array(stage.buffer);
after(() => stage.close());

type Value = Promise<'ok' | 'timed-out'>;
const wanting = (index: number, timeout?: number): Value =>
  waitAsync(words, index, 0, timeout).value as Value;

/** Threads and descriptors of this process. */
function resources(): string {
  const count = (folder: string): number => fs.readdirSync(`/proc/self/${folder}`).length;
  return `${count('task')} threads, ${count('fd')} descriptors`;
}

test('64 pending waits hold up neither fs, nor dns, nor crypto', async () => {
  const waits = Array.from({ length: 64 }, (_, i) => wanting(i));
  const work = [
    ...Array.from({ length: 8 }, () => readFile(PATIENT)),
    lookup('localhost'),
    ...Array.from({ length: 4 }, () => promisify(pbkdf2)('p', 's', 1000, 32, 'sha256')),
  ];
  await Promise.all(work);
  assert.equal(await isPending(Promise.race(waits)), true);
  for (let i = 0; i < 64; i++) assert.equal(notify(words, i), 1);
  assert.deepEqual(new Set(await Promise.all(waits)), new Set(['ok']));
});

test('a pending wait keeps the process alive; it ends by itself when the wait has', async () => {
  const child = spawnWith(process.execPath, [PATIENT], {
    share: { stage },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // With its output, and without its pipe.
  const exited = once(child, 'close');
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  await until(() => said === 'waiting\n', 'the child to wait');
  assert.equal(await isPending(exited), true);
  assert.equal(notify(words, 0), 1);
  assert.deepEqual(await exited, [0, null]);
  assert.equal(said, 'waiting\nok\n');
});

test('settled, timed out or aborted waits leave no thread and no descriptor', async () => {
  await wanting(0, 1);
  await until(() => !fs.readdirSync('/proc/self/task').some(isHelper), 'older helpers to go');
  const baseline = resources();
  for (let round = 0; round < 3; round++) {
    const controller = new AbortController();
    const { signal } = controller;
    const settled = Array.from({ length: 10 }, () => wanting(0));
    const timed = Array.from({ length: 10 }, () => wanting(1, 5));
    const aborted = Array.from({ length: 10 }, () =>
      assert.rejects(waitAsync(words, 2, 0, undefined, { signal }).value as Value),
    );
    assert.equal(notify(words, 0), 10);
    controller.abort();
    await Promise.all([...settled, ...timed, ...aborted]);
  }
  await until(() => resources() === baseline, `${resources()} to be ${baseline} again`);
});

function isHelper(threadId: string): boolean {
  try {
    return fs.readFileSync(`/proc/self/task/${threadId}/comm`, 'utf8').startsWith('memspan-wait');
  } catch {
    return false;
  }
}

/** Beyond it a wait is refused. */
const LIMIT = native.waitsByRing() ? 65_536 : 1024;

test(`at most ${LIMIT} at once: the next one throws ERR_MEMSPAN_LIMIT, and the others go on`, async () => {
  const waits: Value[] = [];
  const controller = new AbortController();
  const { signal } = controller;
  const error = { name: 'MemspanError', code: 'ERR_MEMSPAN_LIMIT', operation: 'waitAsync' };
  await until(() => !fs.readdirSync('/proc/self/task').some(isHelper), 'older helpers to go');
  for (let i = 0; i < LIMIT; i++) waits.push(wanting(i % 8));
  for (let i = 0; i < 3; i++) {
    assert.throws(() => waitAsync(words, 0, 0), error);
    assert.throws(() => waitAsync(words, 0, 0, 5, { signal }), error);
  }
  // What needs no thread is still answered.
  assert.deepEqual(waitAsync(words, 0, 1), { async: false, value: 'not-equal' });
  assert.equal(wait(words, 0, 0, 1), 'timed-out');
  assert.equal(notify(words, 0, 1), 1);
  assert.equal(await waits[0], 'ok');
  waits.push(wanting(0));
  for (let i = 0; i < 8; i++) assert.equal(notify(words, i), LIMIT / 8);
  assert.deepEqual(new Set(await Promise.all(waits)), new Set(['ok']));
});

test('close() rejects what is pending on that segment, through any view, and nothing else', async () => {
  const segment = Segment.anonymous(8192);
  const view = new Int32Array(segment.buffer);
  const wide = new BigInt64Array(segment.buffer, 4096);
  segment.resize(16384);
  const resized = new Int32Array(segment.buffer);
  const other = wanting(0);
  const closed = { name: 'MemspanError', code: 'ERR_MEMSPAN_CLOSED', operation: 'waitAsync' };
  const waits = [
    waitAsync(view, 0, 0),
    waitAsync(view, 2047, 0, 60_000),
    waitAsync(wide, 3, 0n),
    waitAsync(resized, 4095, 0),
  ].map(({ value }) => assert.rejects(value as Value, closed));
  segment.close();
  await Promise.all(waits);
  for (const [array, value, again] of [
    [view, 0, 1],
    [wide, 0n, 1n],
    [resized, 0, 1],
  ] as const) {
    for (const timeout of [undefined, 1, 0]) {
      for (const expected of [value, again]) {
        const code = 'ERR_MEMSPAN_CLOSED';
        assert.throws(() => wait(array, 0, expected, timeout), { code, operation: 'wait' });
        assert.throws(() => waitAsync(array, 0, expected, timeout), closed);
      }
    }
    assert.throws(() => notify(array, 0), { code: 'ERR_MEMSPAN_CLOSED', operation: 'notify' });
  }
  assert.equal(notify(words, 0), 1);
  assert.equal(await other, 'ok');
});

test('waiting on memory that a peer has cut off throws ERR_MEMSPAN_TRUNCATED', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 3 * 4096 });
  const view = new Int32Array(segment.buffer);
  const wide = new BigInt64Array(segment.buffer);
  const [there, gone] = [0, 2048];
  const pending = waitAsync(view, there, 0).value;
  const truncated = (operation: string): object => ({ code: 'ERR_MEMSPAN_TRUNCATED', operation });
  fs.truncateSync(shmPath(name), 4096);
  for (const [array, index, value, other] of [
    [view, gone, 0, 1],
    [wide, gone / 2, 0n, 1n],
  ] as const) {
    assert.throws(() => wait(array, index, value, 10), truncated('wait'));
    assert.throws(() => wait(array, index, other, 10), truncated('wait'));
    assert.throws(() => waitAsync(array, index, value, 10), truncated('waitAsync'));
    assert.throws(() => waitAsync(array, index, other, 10), truncated('waitAsync'));
    assert.throws(() => notify(array, index), truncated('notify'));
  }
  // Known by now: the segment is damaged as a whole.
  assert.throws(() => wait(view, there, 0, 10), truncated('wait'));
  segment.close();
  await assert.rejects(pending as Value, { code: 'ERR_MEMSPAN_CLOSED' });
  Segment.unlink(name);
});
