// Memory without an object behind it: mapped longer than the object is, or made shorter under the mapping. In C a touch there is
// SIGBUS. Here it reads zeros, and the next call on that region throws ERR_MEMSPAN_TRUNCATED; each time that it happens.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { startChild, startWorker } from '../../support/puppets.ts';
import { codeOf, until } from '../../support/segments.ts';
import { newObject, PAGE, READ_WRITE, shared } from './objects.ts';

const { check, ftruncate, mmap, munmap } = posix;
const { MAP_PRIVATE, MAP_SHARED, PROT_READ } = posix;
const TRUNCATED = 'ERR_MEMSPAN_TRUNCATED';
const MIB = 2 ** 20;

const told = (region: posix.Region): string | undefined => codeOf(() => check(region));

test('1 MiB over an object of 1 KiB: inside is the object, behind its last page is nothing', (t) => {
  const { name, fd } = newObject(t, 1024);
  const bytes = shared(t, fd, MIB);
  bytes[1023] = 1;
  // The rest of its last page belongs to nobody, but can be touched.
  bytes[1024] = 2;
  assert.deepEqual([bytes[1023], bytes[1024], told(bytes)], [1, 2, undefined]);
  for (const at of [PAGE, 100_000, MIB - 1]) {
    assert.deepEqual([bytes[at], told(bytes), told(bytes)], [0, TRUNCATED, undefined], String(at));
  }
  bytes[PAGE] = 5;
  assert.deepEqual([told(bytes), bytes[1023]], [TRUNCATED, 1]);
  assert.equal(posix.fstat(fd).st_size, 1024, name);
  // Outside the buffer there is nothing at all: that is JavaScript's own answer.
  assert.equal(bytes[MIB], undefined);
});

for (const [what, touch] of Object.entries({
  'an element': (bytes: Uint8Array) => bytes[PAGE],
  'Atomics.add': (bytes: Uint8Array) => Atomics.add(bytes, PAGE, 1),
  'a copy of all': (bytes: Uint8Array) => bytes.slice(),
  'Buffer.from(…).toString': (bytes: Uint8Array) => Buffer.from(bytes.buffer).toString('latin1'),
  'a DataView over the border': (bytes: Uint8Array) =>
    new DataView(bytes.buffer).setFloat64(PAGE - 4, 1),
})) {
  test(`touched by ${what}: told`, (t) => {
    const bytes = shared(t, newObject(t).fd, 3 * PAGE);
    touch(bytes);
    assert.deepEqual([told(bytes), told(bytes)], [TRUNCATED, undefined]);
  });
}

test('made longer afterwards: the same region reaches the new bytes', (t) => {
  const { fd } = newObject(t, 0);
  const bytes = shared(t, fd, 3 * PAGE);
  assert.deepEqual([bytes[0], told(bytes)], [0, TRUNCATED]);
  ftruncate(fd, 2 * PAGE);
  bytes[PAGE] = 5;
  assert.deepEqual([bytes[0], bytes[PAGE], told(bytes)], [0, 5, undefined]);
  const again = shared(t, fd, 2 * PAGE);
  assert.equal(again[PAGE], 5);
});

test('touched too early and made longer then: shared again once it has been told', (t) => {
  const { fd } = newObject(t, PAGE);
  const bytes = shared(t, fd, 2 * PAGE);
  bytes[PAGE] = 1;
  ftruncate(fd, 2 * PAGE);
  const other = shared(t, fd, 2 * PAGE).fill(7);
  assert.deepEqual([bytes[PAGE], told(bytes), bytes[PAGE]], [1, TRUNCATED, 7]);
  bytes[PAGE + 1] = 8;
  assert.equal(other[PAGE + 1], 8);
});

test('another process makes it shorter: told, and what is left is still shared', async (t) => {
  const { name, fd } = newObject(t, 3 * PAGE);
  const bytes = shared(t, fd, 3 * PAGE).fill(7);
  const child = await startChild();
  await child.run(({ posix }, name) => {
    const fd = posix.shm_open(name, posix.O_RDWR);
    posix.ftruncate(fd, 100);
    posix.close(fd);
  }, name);
  assert.deepEqual([bytes[2 * PAGE], bytes[99], bytes[100]], [0, 7, 0]);
  assert.deepEqual([told(bytes), told(bytes)], [TRUNCATED, undefined]);
  await child.run(({ posix }, name) => {
    const { MAP_SHARED, O_RDWR, PROT_READ, PROT_WRITE } = posix;
    const fd = posix.shm_open(name, O_RDWR);
    new Uint8Array(posix.mmap(null, 100, PROT_READ | PROT_WRITE, MAP_SHARED, fd))[99] = 9;
  }, name);
  assert.equal(bytes[99], 9);
});

test('pages of every protection behind the end', (t) => {
  const { fd } = newObject(t, PAGE);
  const bytes = shared(t, fd, 5 * PAGE);
  posix.mprotect(bytes.subarray(2 * PAGE, 3 * PAGE), PROT_READ);
  posix.mprotect(bytes.subarray(3 * PAGE, 4 * PAGE), posix.PROT_NONE);
  munmap(bytes.subarray(4 * PAGE));
  bytes.fill(1);
  assert.equal(told(bytes), TRUNCATED);
  ftruncate(fd, 5 * PAGE);
  bytes.fill(1, PAGE, 2 * PAGE);
  assert.deepEqual([told(bytes.subarray(0, PAGE)), bytes[2 * PAGE]], [undefined, 0]);
  bytes[2 * PAGE] = 1;
  assert.equal(told(bytes.subarray(0, PAGE)), 'ERR_MEMSPAN_READ_ONLY');
  assert.equal(shared(t, fd, 5 * PAGE)[PAGE], 1);
});

test('a private mapping: zeros from there on, for good, and told every time', (t) => {
  const { fd } = newObject(t, 2 * PAGE);
  const bytes = new Uint8Array(mmap(null, 2 * PAGE, READ_WRITE, MAP_PRIVATE, fd, 0));
  bytes.fill(7);
  ftruncate(fd, PAGE);
  assert.deepEqual([bytes[PAGE], told(bytes), told(bytes)], [0, TRUNCATED, TRUNCATED]);
  ftruncate(fd, 2 * PAGE);
  assert.deepEqual([bytes[0], told(bytes)], [7, TRUNCATED]);
  assert.equal(munmap(bytes), 0);
});

test('a worker touches it: whoever looks next is told', async (t) => {
  const bytes = shared(t, newObject(t).fd, 2 * PAGE);
  const worker = await startWorker();
  const seen = await worker.run((_, bytes) => bytes[4096], bytes);
  assert.deepEqual([seen, told(bytes)], [0, TRUNCATED]);
  const codes = await worker.run(({ posix }, bytes) => {
    void bytes[4096];
    return [1, 2].map(() => {
      try {
        return posix.check(bytes);
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
  }, bytes);
  assert.deepEqual(codes, [TRUNCATED, 0]);
});

test('made shorter and longer over and over while a worker writes', async (t) => {
  const { fd } = newObject(t, 4 * PAGE);
  const bytes = shared(t, fd, 4 * PAGE);
  const stop = new Int32Array(new SharedArrayBuffer(8));
  const worker = await startWorker();
  const writes = worker.run(
    (_, bytes, stop) => {
      let count = 0;
      for (; Atomics.load(stop, 0) === 0; count++) {
        Atomics.add(bytes, (count % 4) * 4096, 1);
        Atomics.store(stop, 1, 1);
      }
      return count;
    },
    bytes,
    stop,
  );
  await until(() => Atomics.load(stop, 1) === 1, 'the first write');
  for (let round = 0; round < 2000; round++) {
    ftruncate(fd, (round % 5) * PAGE);
    if (round % 3 === 0) told(bytes);
  }
  Atomics.store(stop, 0, 1);
  assert.ok((await writes) > 0);
  ftruncate(fd, 4 * PAGE);
  while (told(bytes) !== undefined);
  const other = new Uint8Array(mmap(null, 4 * PAGE, PROT_READ, MAP_SHARED, fd, 0));
  bytes.fill(9);
  assert.ok(other.every((byte) => byte === 9));
  munmap(other);
});
