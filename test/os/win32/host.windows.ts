// The process that has loaded the core: under any name, and at its end.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root } from '../../support/tree.ts';

const win32 = JSON.stringify(new URL('../../../src/os/win32.js', import.meta.url).href);

function run(program: string, node: string = process.execPath): [number | null, string] {
  const args = ['--input-type=module', '-e', `import * as w from ${win32};${program}`];
  const { status, stdout, stderr } = spawnSync(node, args, { encoding: 'utf8' });
  return [status, stdout + stderr];
}

test('a node.exe that has another name', (t) => {
  const folder = fs.mkdtempSync(path.join(root, '.windows/host-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const renamed = path.join(folder, 'another.exe');
  fs.copyFileSync(process.execPath, renamed);
  const program = `
    const mapping = w.CreateFileMapping(-1, null, w.PAGE_READWRITE, 0, 10);
    console.log(w.MapViewOfFile(mapping, w.FILE_MAP_WRITE, 0, 0, 10).byteLength, process.argv0.slice(-11));`;
  assert.deepEqual(run(program, renamed), [0, '10 another.exe\n']);
});

test('process.exit() with waits pending, mutexes held and views open ends with its code', () => {
  const program = `
    const mutex = w.CreateMutex(null, false);
    const event = w.CreateEvent(null, false, false);
    await w.WaitForSingleObjectAsync(mutex, w.INFINITE);
    for (let i = 0; i < 20; i++) w.WaitForSingleObjectAsync(event, w.INFINITE);
    const mapping = w.CreateFileMapping(-1, null, w.PAGE_READWRITE, 0, 10);
    globalThis.view = w.MapViewOfFile(mapping, w.FILE_MAP_WRITE, 0, 0, 10);
    process.exit(5);`;
  assert.deepEqual(run(program), [5, '']);
});

test('process.exit() in the main thread ends a worker that blocks', () => {
  const program = `
    import { Worker } from 'node:worker_threads';
    const text = ${JSON.stringify(`
      import('node:worker_threads').then(async ({ parentPort, workerData }) => {
        const w = await import(workerData);
        parentPort.postMessage('blocks now');
        w.WaitForSingleObject(w.CreateEvent(null, true, false), w.INFINITE);
      });
    `)};
    const worker = new Worker(text, { eval: true, workerData: ${win32} });
    worker.once('message', () => process.exit(6));`;
  assert.deepEqual(run(program), [6, '']);
});

test('views come and go: two thousand of 64 MiB, collected as they go', () => {
  const program = `
    const mapping = w.CreateFileMapping(-1, null, w.PAGE_READWRITE, 0, 1 << 26);
    for (let i = 0; i < 2000; i++) {
      const bytes = new Uint8Array(w.MapViewOfFile(mapping, w.FILE_MAP_WRITE, 0, 0, 0));
      bytes[i] += 1;
      if (i % 2) w.UnmapViewOfFile(bytes);
      if (i % 100 === 0) await new Promise(setImmediate);
    }
    const all = new Uint8Array(w.MapViewOfFile(mapping, w.FILE_MAP_WRITE, 0, 0, 0));
    console.log(all.subarray(0, 2000).reduce((sum, byte) => sum + byte));`;
  assert.deepEqual(run(program), [0, '2000\n']);
});
