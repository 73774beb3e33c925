// File mappings and views: sizes and offsets, files behind them, access, unmapping while in use, what is refused.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import * as w from '../../../src/os/win32.ts';
import { errnoOf, uniqueName } from '../../support/kernel-objects.ts';
import { startChild } from '../../support/puppets.ts';

function memory(size: number, name: string | null = null): w.HANDLE<'file mapping'> {
  const [high, low] = [Math.floor(size / 2 ** 32), size % 2 ** 32];
  return w.CreateFileMapping(w.INVALID_HANDLE_VALUE, null, w.PAGE_READWRITE, high, low, name);
}

test('the same bytes in two processes, both ways', async () => {
  const name = uniqueName();
  using mapping = memory(10_000, name);
  const bytes = new Uint8Array(w.MapViewOfFile(mapping, w.FILE_MAP_ALL_ACCESS, 0, 0, 10_000));
  bytes[9_999] = 17;
  const child = await startChild();
  const seen = await child.run(({ win32 }, name) => {
    const mapping = win32.OpenFileMapping(win32.FILE_MAP_ALL_ACCESS, false, name);
    const bytes = new Uint8Array(win32.MapViewOfFile(mapping, win32.FILE_MAP_WRITE, 0, 0, 10_000));
    bytes[0] = 18;
    return bytes[9_999];
  }, name);
  assert.deepEqual([seen, bytes[0]], [17, 18]);
});

test('as many bytes as were asked for; with 0 all pages from the offset on', () => {
  using mapping = memory(100_000);
  const view = (offset: number, count: number): SharedArrayBuffer =>
    w.MapViewOfFile(mapping, w.FILE_MAP_WRITE, 0, offset, count);
  const whole = view(0, 0);
  assert.ok(whole instanceof SharedArrayBuffer);
  assert.equal(whole.byteLength, 102_400);
  assert.equal(view(0, 99_999).byteLength, 99_999);
  const tail = view(65_536, 0);
  assert.equal(tail.byteLength, 102_400 - 65_536);
  new Uint8Array(whole)[65_536] = 3;
  assert.equal(new Uint8Array(tail)[0], 3);
});

test('an offset between 64 KiB steps, more bytes than there are, none at all', () => {
  using mapping = memory(100_000);
  const at = (offset: number, count: number) => (): unknown =>
    w.MapViewOfFile(mapping, w.FILE_MAP_WRITE, 0, offset, count);
  assert.equal(errnoOf(at(4096, 0), 'MapViewOfFile'), w.ERROR_MAPPED_ALIGNMENT);
  assert.equal(errnoOf(at(0, 200_000), 'MapViewOfFile'), w.ERROR_ACCESS_DENIED);
  assert.equal(
    errnoOf(() => memory(0), 'CreateFileMapping'),
    w.ERROR_INVALID_PARAMETER,
  );
});

test('3 GiB are mapped whole; more than there is is refused', () => {
  const size = 3 * 2 ** 30;
  using mapping = memory(size);
  const buffer = w.MapViewOfFile(mapping, w.FILE_MAP_WRITE, 0, 0, size);
  const bytes = new Uint8Array(buffer);
  bytes[size - 1] = 9;
  const tail = w.MapViewOfFile(mapping, w.FILE_MAP_READ, 0, size - 65_536, 65_536);
  assert.equal(new Uint8Array(tail)[65_535], 9);
  w.UnmapViewOfFile(buffer);
  assert.equal(bytes[size - 1], 0);
  assert.throws(() => memory(2 ** 52), { code: 'ERR_MEMSPAN_NO_MEMORY' });
});

test('CreateFileMapping of a name that is there opens it with the size it has', () => {
  const name = uniqueName();
  using first = memory(4096, name);
  using second = memory(8192, name);
  assert.equal(w.GetLastError(), w.ERROR_ALREADY_EXISTS);
  assert.equal(w.MapViewOfFile(second, w.FILE_MAP_WRITE, 0, 0, 0).byteLength, 4096);
  assert.equal(first.name, name);
});

test('a view keeps the memory when its handle is closed, the name is gone', () => {
  const name = uniqueName();
  const mapping = memory(4096, name);
  const bytes = new Uint8Array(w.MapViewOfFile(mapping, w.FILE_MAP_WRITE, 0, 0, 0));
  w.CloseHandle(mapping);
  bytes[1] = 2;
  assert.equal(bytes[1], 2);
  const open = (): unknown => w.OpenFileMapping(w.FILE_MAP_READ, false, name);
  assert.equal(errnoOf(open, 'OpenFileMapping'), w.ERROR_FILE_NOT_FOUND);
});

test('UnmapViewOfFile while a worker uses the buffer: it reads zeros, and its writes reach nobody', async () => {
  using mapping = memory(65_536 * 3);
  const buffer = w.MapViewOfFile(mapping, w.FILE_MAP_WRITE, 0, 0, 0);
  const other = new Uint8Array(w.MapViewOfFile(mapping, w.FILE_MAP_WRITE, 0, 0, 0));
  const bytes = new Uint8Array(buffer).fill(5);
  const text = `
    const { parentPort, workerData } = require('node:worker_threads');
    const bytes = new Uint8Array(workerData);
    parentPort.postMessage('reads');
    for (let i = 0; bytes[i % bytes.length] === 5; i++) bytes[(i * 7919) % bytes.length] = 5;
    bytes.fill(6);
    parentPort.postMessage(bytes.every((byte) => byte === 6));
  `;
  const worker = new Worker(text, { eval: true, workerData: buffer });
  const next = (): Promise<unknown> => new Promise((resolve) => worker.once('message', resolve));
  assert.equal(await next(), 'reads');
  w.UnmapViewOfFile(buffer);
  assert.equal(await next(), true);
  assert.equal(bytes[100], 6, 'the same zeros for all of this process');
  assert.ok(other.every((byte) => byte === 5));
  await worker.terminate();
  assert.throws(() => w.UnmapViewOfFile(buffer), { code: 'ERR_MEMSPAN_CLOSED' });
  assert.throws(() => w.FlushViewOfFile(buffer), { code: 'ERR_MEMSPAN_CLOSED' });
});

test('UnmapViewOfFile of what is no view’s beginning: ERROR_INVALID_ADDRESS', () => {
  using mapping = memory(4096);
  const buffer = w.MapViewOfFile(mapping, w.FILE_MAP_WRITE, 0, 0, 0);
  const middle = new Uint8Array(buffer, 8);
  assert.equal(
    errnoOf(() => w.UnmapViewOfFile(middle), 'UnmapViewOfFile'),
    w.ERROR_INVALID_ADDRESS,
  );
  assert.equal(w.UnmapViewOfFile(new Int32Array(buffer)), true);
});

test('a write to a FILE_MAP_READ view reaches nobody; FILE_MAP_COPY is this process’s own', () => {
  using mapping = memory(8192);
  const shared = new Uint8Array(w.MapViewOfFile(mapping, w.FILE_MAP_WRITE, 0, 0, 0));
  const readOnly = new Uint8Array(w.MapViewOfFile(mapping, w.FILE_MAP_READ, 0, 0, 0));
  const copy = new Uint8Array(w.MapViewOfFile(mapping, w.FILE_MAP_COPY, 0, 0, 0));
  shared[0] = 1;
  assert.deepEqual([readOnly[0], copy[0]], [1, 1]);
  assert.equal(w.FlushViewOfFile(readOnly), true);
  readOnly[0] = 2;
  copy[0] = 3;
  assert.equal(shared[0], 1);
  assert.throws(() => w.FlushViewOfFile(readOnly), { code: 'ERR_MEMSPAN_READ_ONLY' });
  shared[4096] = 4;
  assert.deepEqual([readOnly[4096], copy[4096]], [4, 4], 'other pages are still shared');
});

test('a mapping opened to read gives no view to write', () => {
  const name = uniqueName();
  using _made = memory(4096, name);
  using mapping = w.OpenFileMapping(w.FILE_MAP_READ, false, name);
  const write = (): unknown => w.MapViewOfFile(mapping, w.FILE_MAP_WRITE, 0, 0, 0);
  assert.equal(errnoOf(write, 'MapViewOfFile'), w.ERROR_ACCESS_DENIED);
  assert.equal(w.MapViewOfFile(mapping, w.FILE_MAP_READ, 0, 0, 0).byteLength, 4096);
});

test('pages of a SEC_RESERVE mapping come when they are touched', () => {
  const protection = w.PAGE_READWRITE | w.SEC_RESERVE;
  using mapping = w.CreateFileMapping(w.INVALID_HANDLE_VALUE, null, protection, 0, 1 << 20);
  const bytes = new Uint8Array(w.MapViewOfFile(mapping, w.FILE_MAP_WRITE, 0, 0, 0));
  assert.equal(bytes[500_000], 0);
  bytes[700_000] = 1;
  assert.equal(bytes[700_000], 1);
});

test('a file: mapped by its descriptor, flushed, read back', (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'memspan-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'bytes');
  fs.writeFileSync(file, 'twelve bytes');
  const fd = fs.openSync(file, 'r+');
  const mapping = w.CreateFileMapping(fd, null, w.PAGE_READWRITE, 0, 0);
  const buffer = w.MapViewOfFile(mapping, w.FILE_MAP_WRITE, 0, 0, 12);
  const bytes = new Uint8Array(buffer);
  assert.equal(Buffer.from(buffer).toString(), 'twelve bytes');
  bytes[0] = 'T'.charCodeAt(0);
  assert.equal(w.FlushViewOfFile(buffer), true);
  assert.equal(w.FlushViewOfFile(bytes.subarray(4), 8), true);
  const beyond = (): unknown => w.FlushViewOfFile(bytes.subarray(4), 9);
  assert.equal(errnoOf(beyond, 'FlushViewOfFile'), w.ERROR_INVALID_ADDRESS);
  w.UnmapViewOfFile(buffer);
  w.CloseHandle(mapping);
  fs.closeSync(fd);
  assert.equal(fs.readFileSync(file, 'utf8'), 'Twelve bytes');

  fs.writeFileSync(file, '');
  const empty = fs.openSync(file, 'r+');
  const map = (): unknown => w.CreateFileMapping(empty, null, w.PAGE_READWRITE, 0, 0);
  assert.equal(errnoOf(map, 'CreateFileMapping'), w.ERROR_FILE_INVALID);
  fs.closeSync(empty);
  assert.equal(errnoOf(map, 'CreateFileMapping'), w.ERROR_INVALID_HANDLE, 'a closed descriptor');
});
