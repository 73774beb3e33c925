// What is left when a worker or a process ends: descriptors and objects as the manual pages say, mappings for as long as a thread
// has the buffer. docs/posix.md has the table.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { startChild, startWorker, type Tools } from '../../support/puppets.ts';
import { shmPath, uniqueName } from '../../support/segments.ts';
import { newObject, PAGE, READ_WRITE } from './objects.ts';

const { close, fstat, ftruncate, mmap, munmap, shm_open, shm_unlink } = posix;
const { MAP_SHARED, O_CREAT, O_RDWR, PROT_READ } = posix;

for (const end of ['exits', 'is terminated'] as const) {
  test(`a descriptor belongs to the process: it stays when the worker that opened it ${end}`, async (t) => {
    const { name, fd } = newObject(t);
    const worker = await startWorker();
    const theirs = await worker.run(({ posix }, name) => posix.shm_open(name, posix.O_RDWR), name);
    if (end === 'exits') worker.run(() => process.exit()).catch(() => {});
    else void worker.kill();
    await worker.exited;
    assert.equal(fstat(theirs).st_ino, fstat(fd).st_ino);
    ftruncate(theirs, 5 * PAGE);
    // And any thread may close it.
    const other = await startWorker();
    await other.run(({ posix }, fd) => void posix.close(fd), theirs);
    assert.throws(() => fstat(theirs), { syscall: 'fstat' });
  });
}

test('a mapping outlives the worker that made it, in whoever was sent the buffer', async (t) => {
  const { name, fd } = newObject(t);
  const worker = await startWorker();
  const region = await worker.run(({ posix }, name) => {
    const fd = posix.shm_open(name, posix.O_RDWR);
    const region = posix.mmap(null, 4096, 3, posix.MAP_SHARED, fd);
    posix.close(fd);
    return region;
  }, name);
  await worker.kill();
  new Uint8Array(region)[0] = 5;
  const again = mmap(null, PAGE, PROT_READ, MAP_SHARED, fd);
  assert.equal(new Uint8Array(again)[0], 5);
  assert.equal(munmap(region), 0);
  munmap(again);
});

for (const end of ['exits', 'is killed'] as const) {
  test(`a process that ${end} leaves the object, its content and its name, and nothing else`, async () => {
    const name = `/${uniqueName()}`;
    const child = await startChild();
    await child.run(({ posix }, name) => {
      const { MAP_SHARED, O_CREAT, O_RDWR } = posix;
      const fd = posix.shm_open(name, O_RDWR | O_CREAT, 0o600);
      posix.ftruncate(fd, 4096);
      const region = posix.mmap(null, 4096, 3, MAP_SHARED, fd);
      posix.mlock(region);
      Buffer.from(region).write('Hello');
    }, name);
    if (end === 'exits') child.run(() => process.exit()).catch(() => {});
    else void child.kill();
    await child.exited;
    const fd = shm_open(name, O_RDWR);
    const region = mmap(null, 4096, PROT_READ, MAP_SHARED, fd);
    assert.equal(Buffer.from(region).toString('latin1', 0, 5), 'Hello');
    munmap(region);
    close(fd);
    shm_unlink(name);
    assert.equal(fs.existsSync(shmPath(name.slice(1))), false);
  });
}

test('unlinked and let go of by everybody: its memory is free', async () => {
  const name = `/${uniqueName()}`;
  const fd = shm_open(name, O_RDWR | O_CREAT);
  ftruncate(fd, PAGE);
  const region = mmap(null, PAGE, READ_WRITE, MAP_SHARED, fd);
  shm_unlink(name);
  close(fd);
  const ours = (): boolean =>
    fs.readFileSync('/proc/self/maps', 'utf8').includes(`${name} (deleted)`);
  assert.equal(ours(), true);
  munmap(region);
  assert.equal(ours(), false);
});

test('memory from which the guard kept a page is let go of as well', (t) => {
  const { name, fd } = newObject(t);
  const count = (): number =>
    fs.readFileSync('/proc/self/maps', 'utf8').split(`/dev/shm${name}\n`).length - 1;
  const region = mmap(null, PAGE, PROT_READ, MAP_SHARED, fd);
  new Uint8Array(region)[0] = 1;
  assert.throws(() => posix.check(region), { code: 'ERR_MEMSPAN_READ_ONLY' });
  munmap(region);
  assert.equal(count(), 0);
});

test('without munmap: gone when no thread has the buffer any more', async () => {
  const child = await startChild({ execArgv: ['--expose-gc'] });
  const name = `/${uniqueName()}`;
  await child.run(({ posix, kept }, name) => {
    const { MAP_SHARED, O_CREAT, O_RDWR } = posix;
    const fd = posix.shm_open(name, O_RDWR | O_CREAT, 0o600);
    posix.ftruncate(fd, 4096);
    kept.buffer = posix.mmap(null, 4096, 3, MAP_SHARED, fd);
    posix.close(fd);
    posix.shm_unlink(name);
  }, name);
  const isMapped = (): Promise<boolean> =>
    child.run(async ({ fs, collect }, name) => {
      await collect();
      return fs.readFileSync('/proc/self/maps', 'utf8').includes(name);
    }, name);
  assert.equal(await isMapped(), true);
  await child.run(({ kept }) => {
    kept.buffer = new SharedArrayBuffer(0);
  });
  for (let i = 0; (await isMapped()) && i < 50; i++);
  assert.equal(await isMapped(), false);
});

test('5,000 times mapped and unmapped, in three threads: no address space, no descriptor is lost', async () => {
  const descriptors = (): number => fs.readdirSync('/proc/self/fd').length;
  const workers = await Promise.all([startWorker(), startWorker()]);
  const before = descriptors();
  const cycle = ({ posix }: Pick<Tools, 'posix'>, name: string): void => {
    for (let i = 0; i < 1000; i++) {
      const fd = posix.shm_open(name, posix.O_RDWR | posix.O_CREAT, 0o600);
      posix.ftruncate(fd, 1 << 20);
      const region = posix.mmap(null, 1 << 20, 3, posix.MAP_SHARED, fd, 0);
      posix.close(fd);
      new Uint8Array(region)[i] = 1;
      posix.munmap(new Uint8Array(region, 4096, 4096));
      posix.munmap(region);
    }
  };
  const names = workers.map(() => `/${uniqueName()}`);
  const ends = workers.map((worker, i) => worker.run(cycle, names[i]!));
  const own = `/${uniqueName()}`;
  for (let i = 0; i < 3; i++) cycle({ posix }, own);
  await Promise.all(ends);
  assert.equal(descriptors(), before);
  for (const name of [own, ...names]) shm_unlink(name);
});
