// ftruncate(2) and posix_fallocate(3): sizes to the byte, and each of their errors, provoked.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { test } from 'node:test';
import { native } from '../../../src/binding.ts';
import { Segment } from '../../../src/index.ts';
import * as posix from '../../../src/os/posix.ts';
import { needs } from '../../support/extras.ts';
import { fails, startLimited, triedIn } from './failures.ts';
import { newObject, opened, openPipe, PAGE, shared } from './objects.ts';

const { fstat, ftruncate, O_RDONLY, posix_fallocate } = posix;
const MIB = 2 ** 20;

test('ftruncate makes it longer with zeros, and shorter, to the byte', (t) => {
  const { fd } = newObject(t, 5000);
  const bytes = shared(t, fd, 2 * PAGE);
  bytes.fill(7, 0, 5000);
  ftruncate(fd, 100);
  assert.equal(fstat(fd).st_size, 100);
  assert.equal(ftruncate(fd, 2 * PAGE), 0);
  assert.equal(fstat(fd).st_size, 2 * PAGE);
  assert.deepEqual([bytes[99], bytes[100], bytes[4999]], [7, 0, 0]);
});

test('ftruncate takes no memory, posix_fallocate does', (t) => {
  const { fd } = newObject(t, MIB);
  assert.equal(fstat(fd).st_blocks, 0);
  assert.equal(posix_fallocate(fd, 0, MIB), 0);
  assert.equal(fstat(fd).st_blocks, MIB / 512);
  // Only a part, which makes it longer.
  posix_fallocate(fd, 4 * MIB, 100);
  const stat = fstat(fd);
  assert.deepEqual([stat.st_size, stat.st_blocks], [4 * MIB + 100, (MIB + PAGE) / 512]);
  // What is there already is no less for that.
  posix_fallocate(fd, 0, PAGE);
  assert.equal(fstat(fd).st_size, 4 * MIB + 100);
});

test('sizes beyond 4 GiB, and beyond 2^53 as bigints', (t) => {
  const { fd } = newObject(t);
  for (const size of [2 ** 32 + 5, 2n ** 53n + 1n, 2n ** 62n]) {
    ftruncate(fd, size);
    assert.equal(fs.fstatSync(fd, { bigint: true }).size, BigInt(size));
  }
});

test('EBADF: no descriptor', (t) => {
  for (const fd of [-1, 1_000_000]) {
    fails('ftruncate', 'EBADF', () => ftruncate(fd, 1));
    fails('posix_fallocate', 'EBADF', () => posix_fallocate(fd, 0, 1));
  }
  // To posix_fallocate also what was opened for reading.
  const object = newObject(t);
  const readable = opened(t, object, O_RDONLY);
  fails('posix_fallocate', 'EBADF', () => posix_fallocate(readable, 0, 1));
  fails('ftruncate', 'EINVAL', () => ftruncate(readable, 1));
});

test('EINVAL: a length of 0 for posix_fallocate', (t) => {
  const { fd } = newObject(t);
  fails('posix_fallocate', 'EINVAL', () => posix_fallocate(fd, 0, 0));
});

test('a pipe has no size: EINVAL of ftruncate, ESPIPE of posix_fallocate', (t) => {
  const fd = openPipe(t);
  fails('ftruncate', 'EINVAL', () => ftruncate(fd, 0));
  fails('posix_fallocate', 'ESPIPE', () => posix_fallocate(fd, 0, 1));
});

test('ENODEV: a device has no room to reserve', (t) => {
  const fd = fs.openSync('/dev/null', 'r+');
  t.after(() => fs.closeSync(fd));
  fails('posix_fallocate', 'ENODEV', () => posix_fallocate(fd, 0, 1));
});

test('EPERM: a memfd that is sealed against shrinking', (t) => {
  const fd = native.openMemory('sealed');
  t.after(() => native.close(fd));
  ftruncate(fd, 2 * PAGE);
  native.sealShrink(fd);
  fails('ftruncate', 'EPERM', () => ftruncate(fd, PAGE));
  ftruncate(fd, 3 * PAGE);
  // As Segment.anonymous is.
  const segment = Segment.anonymous(PAGE);
  const theirs = (segment.handle as { fd: number }).fd;
  fails('ftruncate', 'EPERM', () => ftruncate(theirs, 0));
  segment.close();
});

test('EFBIG: beyond the limit of file sizes, without the signal that comes with it in C', async (t) => {
  const { name, fd } = newObject(t, 3 * MIB);
  const child = await startLimited('-f 1024'); // KiB
  const theirs = await child.run(({ posix }, name) => posix.shm_open(name, posix.O_RDWR), name);
  assert.equal(await triedIn(child, 'ftruncate', theirs, 4 * MIB), 'EFBIG');
  assert.equal(await triedIn(child, 'posix_fallocate', theirs, 0, 4 * MIB), 'EFBIG');
  assert.equal(await triedIn(child, 'posix_fallocate', theirs, 2n ** 63n - 1n, 1n), 'EFBIG');
  // What is that large already may become shorter, and have its memory.
  assert.equal(await triedIn(child, 'posix_fallocate', theirs, 0, 3 * MIB), 'ok');
  assert.equal(await triedIn(child, 'ftruncate', theirs, 2 * MIB), 'ok');
  assert.equal(fstat(fd).st_size, 2 * MIB);
});

/** Runs what follows with a /dev/shm of its own, 1 MiB large. */
const ownShm = ['-m', '-rm']
  .map((flags) => [
    ...['unshare', flags, 'sh', '-c'],
    'mount -t tmpfs -o size=1m tmpfs /dev/shm && exec "$@"',
    'sh',
  ])
  .find(([command, ...args]) => works(command!, [...args, 'true']));

test('ENOSPC: posix_fallocate says it, ftruncate and the first touch do not', {
  skip: needs('unshare', () => ownShm !== undefined),
}, async () => {
  const child = await startLimited('', { under: ownShm! });
  const fd = await child.run(({ posix }) => posix.shm_open('/full', posix.O_RDWR | posix.O_CREAT));
  assert.equal(await triedIn(child, 'posix_fallocate', fd, 0, 2 * MIB), 'ENOSPC');
  assert.equal(await triedIn(child, 'posix_fallocate', fd, 0, 768 * 1024), 'ok');
  // It has that already.
  assert.equal(await triedIn(child, 'posix_fallocate', fd, 0, 768 * 1024), 'ok');
  assert.equal(await triedIn(child, 'posix_fallocate', fd, MIB, 512 * 1024), 'ENOSPC');
  assert.equal(await triedIn(child, 'ftruncate', fd, 4 * MIB), 'ok');
  const outcome = await child.run(({ posix }, fd) => {
    const { PROT_READ, PROT_WRITE, MAP_SHARED } = posix;
    const region = posix.mmap(null, 4 * 2 ** 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
    new Uint8Array(region).fill(1);
    try {
      posix.check(region);
      return 'ok';
    } catch (error) {
      return (error as { code: string }).code;
    }
  }, fd);
  assert.equal(outcome, 'ERR_MEMSPAN_TRUNCATED');
});

function works(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
