// msyncAsync and posix_fallocateAsync: what the blocking forms do, beside the event loop.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  close,
  fstat,
  ftruncate,
  MAP_SHARED,
  MS_SYNC,
  mmap,
  msyncAsync,
  munmap,
  O_CREAT,
  O_EXCL,
  O_RDWR,
  PROT_READ,
  PROT_WRITE,
  posix_fallocateAsync,
  shm_open,
  shm_unlink,
} from '../../../src/os/posix.ts';
import { uniqueName } from '../../support/segments.ts';

function newObject(t: TestContext): number {
  const name = `/${uniqueName()}`;
  const fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0o600);
  t.after(() => {
    shm_unlink(name);
    close(fd);
  });
  return fd;
}

test('what was written is in the file when msyncAsync resolves with 0', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'memspan-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'data');
  fs.writeFileSync(file, new Uint8Array(8192));
  const fd = fs.openSync(file, 'r+');
  const region = mmap(null, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  fs.closeSync(fd);
  Buffer.from(region).write('Hello', 4096);
  assert.equal(await msyncAsync(new Uint8Array(region, 4096), MS_SYNC), 0);
  assert.equal(fs.readFileSync(file, 'latin1').slice(4096, 4101), 'Hello');
  const others = Array.from({ length: 20 }, () => msyncAsync(region, MS_SYNC));
  munmap(region);
  assert.deepEqual(await Promise.all(others), Array(20).fill(0));
  await assert.rejects(msyncAsync(region, MS_SYNC), { code: 'ERR_MEMSPAN_CLOSED' });
});

test('the errors of msync reject', async (t) => {
  const fd = newObject(t);
  ftruncate(fd, 8192);
  const region = mmap(null, 8192, PROT_READ, MAP_SHARED, fd, 0);
  assert.equal(await msyncAsync(region, MS_SYNC), 0);
  const { EINVAL } = os.constants.errno;
  await assert.rejects(msyncAsync(region, 1 << 20), { errno: EINVAL, syscall: 'msync' });
  await assert.rejects(msyncAsync(new Uint8Array(region, 1), MS_SYNC), { errno: EINVAL });
  await assert.rejects(msyncAsync(new SharedArrayBuffer(8), MS_SYNC), TypeError);
  await assert.rejects(msyncAsync(region, '1' as unknown as number), TypeError);
  munmap(region);
});

test('posix_fallocateAsync has the memory when it resolves with 0, and its errors reject', async (t) => {
  const fd = newObject(t);
  assert.equal(await posix_fallocateAsync(fd, 4096, 1 << 20), 0);
  const { st_size, st_blocks } = fstat(fd);
  assert.deepEqual([st_size, st_blocks * 512], [4096 + (1 << 20), 1 << 20]);
  const { EBADF, EINVAL, EFBIG } = os.constants.errno;
  const syscall = 'posix_fallocate';
  await assert.rejects(posix_fallocateAsync(fd, 0, 0), { errno: EINVAL, syscall });
  await assert.rejects(posix_fallocateAsync(-1, 0, 1), { errno: EBADF, syscall });
  await assert.rejects(posix_fallocateAsync(fd, 2n ** 62n, 2n ** 62n), { errno: EFBIG, syscall });
  await assert.rejects(posix_fallocateAsync(fd, -1, 1), RangeError);
  await assert.rejects(posix_fallocateAsync('3' as unknown as number, 0, 1), TypeError);
});
