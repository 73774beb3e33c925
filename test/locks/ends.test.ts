// Programs that end: what keeps them going, what does not, and what is left of them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { leftovers, uniqueName } from '../support/segments.ts';
import { hold, managerFor } from './spaces.ts';

const entry = new URL('../../src/locks/locks.js', import.meta.url).href;

/** Runs the module, which has `locks` of that space, until it ends by itself; what it said. */
async function run(space: string, code: string): Promise<string> {
  const module = `import { LockManager } from ${JSON.stringify(entry)};
    const locks = new LockManager({ space: ${JSON.stringify(space)} });
    ${code}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', module], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const watchdog = setTimeout(() => child.kill('SIGKILL'), 50_000); // a watchdog
  const [exit, signal] = await once(child, 'close');
  clearTimeout(watchdog);
  assert.deepEqual([exit, signal], [0, null], said);
  return said.trim();
}

test('an idle LockManager does not keep a program going; nothing is left', async () => {
  const space = uniqueName();
  assert.equal(await run(space, `console.log(await locks.request('a', ({ name }) => name));`), 'a');
  assert.ok(!leftovers().includes(space));
});

test('nor does a lock that it holds; who waits for that gets it', async (t) => {
  const locks = managerFor(t);
  const code = `locks.request('a', () => { console.log('held'); return new Promise(() => {}); });`;
  assert.equal(await run(locks.space, code), 'held');
  (await hold(locks, 'a')).release();
});

test('a request that is pending does, until it is settled', async (t) => {
  const locks = managerFor(t);
  const held = await hold(locks, 'a');
  const waiting = run(locks.space, `locks.request('a', () => console.log('granted'));`);
  while ((await locks.query()).pending.length === 0) await new Promise(setImmediate);
  held.release();
  assert.equal(await waiting, 'granted');
});

test('after 500 waits that were given up, a program ends', async (t) => {
  const locks = managerFor(t);
  const held = await hold(locks, 'a');
  const code = `
    const controller = new AbortController();
    const { signal } = controller;
    (await import('node:events')).setMaxListeners(0, signal);
    const all = Array.from({ length: 500 }, () => locks.request('a', { signal }, () => {}));
    const settled = Promise.allSettled(all);
    await new Promise(setImmediate);
    controller.abort();
    console.log((await settled).filter(({ reason }) => reason.name === 'AbortError').length);`;
  assert.equal(await run(locks.space, code), '500');
  held.release();
});

test('process.exit() while it waits and holds: the others go on', async (t) => {
  const locks = managerFor(t);
  const held = await hold(locks, 'a');
  const code = `
    await new Promise((resolve) => { locks.request('b', () => { resolve(); return new Promise(() => {}); }); });
    locks.request('a', () => {});
    setImmediate(() => process.exit(0));`;
  await run(locks.space, code);
  assert.deepEqual((await locks.query()).pending, []);
  (await hold(locks, 'b')).release();
  held.release();
});

test('the default locks: one space for each user, gone with the last thread', async () => {
  const code = `
    const { locks: own } = await import(${JSON.stringify(entry)});
    console.log(own.space, await own.request('memspan-test-${process.pid}', () => 'granted'));`;
  const said = await run(uniqueName(), code);
  assert.equal(said, `memspan.locks.${process.geteuid?.()} granted`);
});
