// PROT_READ, PROT_NONE and mprotect: in C a touch that they forbid is SIGSEGV, and the end of the process. Here it reaches nobody, and
// the next call on that region says so; once, and then the region shows the object again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { startWorker } from '../../support/puppets.ts';
import { codeOf, uniqueName, until } from '../../support/segments.ts';
import { newObject, PAGE, READ_WRITE, shared } from './objects.ts';

const { check, mmap, mprotect, munmap } = posix;
const { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, PROT_EXEC, PROT_NONE, PROT_READ, PROT_WRITE } =
  posix;
const READ_ONLY = 'ERR_MEMSPAN_READ_ONLY';
const FORBIDDEN = 'ERR_MEMSPAN_PERMISSION';

const told = (region: posix.Region): string | undefined => codeOf(() => check(region));

/** Each call that begins with looking whether all was well. */
const calls: Record<string, (region: posix.Region) => unknown> = {
  check,
  msync: (region) => posix.msync(region, posix.MS_SYNC),
  mprotect: (region) => mprotect(region, PROT_READ),
  madvise: (region) => posix.madvise(region, posix.MADV_NORMAL),
  mlock: posix.mlock,
  munlock: posix.munlock,
};

for (const [name, call] of Object.entries(calls)) {
  test(`PROT_READ: a write reaches nobody, ${name} says so once, and it is undone`, (t) => {
    const { fd } = newObject(t, 2 * PAGE);
    const writable = shared(t, fd, 2 * PAGE).fill(7);
    const readOnly = shared(t, fd, 2 * PAGE, PROT_READ);
    readOnly[PAGE] = 1;
    assert.deepEqual([readOnly[PAGE], writable[PAGE]], [1, 7]);
    assert.equal(
      codeOf(() => call(readOnly)),
      READ_ONLY,
    );
    assert.equal(call(readOnly), 0);
    assert.equal(readOnly[PAGE], 7);
    writable[PAGE] = 8;
    assert.equal(readOnly[PAGE], 8);
  });
}

test('mending needs no descriptor, and no name', () => {
  const name = `/${uniqueName()}`;
  const fd = posix.shm_open(name, posix.O_RDWR | posix.O_CREAT, 0o600);
  posix.ftruncate(fd, 3 * PAGE);
  const region = mmap(null, 2 * PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
  const writable = new Uint8Array(mmap(null, 3 * PAGE, READ_WRITE, MAP_SHARED, fd, 0)).fill(7);
  posix.close(fd);
  posix.shm_unlink(name);
  const bytes = new Uint8Array(region);
  for (let round = 0; round < 3; round++) {
    bytes[0] = 1;
    bytes[PAGE] = 1;
    assert.deepEqual([told(region), told(region)], [READ_ONLY, undefined]);
    assert.deepEqual([bytes[0], bytes[PAGE]], [7, 7]);
  }
  writable[PAGE] = 8;
  assert.equal(bytes[0], 8);
  munmap(region);
  munmap(writable);
});

test('PROT_NONE: a touch reads zeros and writes to nobody; opened again, all is there', (t) => {
  const bytes = shared(t, newObject(t, 2 * PAGE).fd, 2 * PAGE).fill(7);
  assert.equal(mprotect(bytes, PROT_NONE), 0);
  assert.equal(bytes[5], 0);
  assert.deepEqual([told(bytes), told(bytes)], [FORBIDDEN, undefined]);
  bytes[PAGE] = 1;
  Atomics.add(bytes, PAGE, 1);
  assert.equal(told(bytes), FORBIDDEN);
  mprotect(bytes, READ_WRITE);
  assert.deepEqual([bytes[5], bytes[PAGE], told(bytes)], [7, 7, undefined]);
});

test('mapped with PROT_NONE, opened later', (t) => {
  const { fd } = newObject(t);
  const writable = shared(t, fd).fill(7);
  const bytes = shared(t, fd, PAGE, PROT_NONE);
  assert.deepEqual([bytes[0], told(bytes)], [0, FORBIDDEN]);
  mprotect(bytes, READ_WRITE);
  bytes[0] = 1;
  assert.deepEqual([writable[0], writable[1], told(bytes)], [1, 7, undefined]);
});

test('a part: each page as it was said, the others as they were', (t) => {
  const { fd } = newObject(t, 5 * PAGE);
  const writable = shared(t, fd, 5 * PAGE).fill(7);
  const bytes = shared(t, fd, 5 * PAGE);
  mprotect(bytes.subarray(PAGE, 2 * PAGE), PROT_READ);
  // Whole pages, as the manual page says.
  mprotect(bytes.subarray(3 * PAGE, 3 * PAGE + 1), PROT_NONE);
  bytes.fill(1);
  assert.equal(told(bytes), READ_ONLY);
  const of = (array: Uint8Array): (number | undefined)[] =>
    [0, 1, 2, 3, 4].map((page) => array[page * PAGE]);
  assert.deepEqual(of(writable), [1, 7, 1, 7, 1]);
  assert.deepEqual(of(bytes), [1, 7, 1, 0, 1]);
  assert.equal(told(bytes), FORBIDDEN);
  mprotect(bytes, READ_WRITE);
  bytes.fill(2);
  assert.deepEqual(of(writable), [2, 2, 2, 2, 2]);
  assert.equal(told(bytes), undefined);
});

test('a page of its own between two others, over and over', (t) => {
  const bytes = shared(t, newObject(t, 64 * PAGE).fd, 64 * PAGE);
  for (let round = 0; round < 2000; round++) {
    const page = (round * 7) % 64;
    const view = bytes.subarray(page * PAGE, (page + 1) * PAGE);
    mprotect(view, PROT_READ);
    if (round % 10 === 0) {
      view[1] = 1;
      assert.deepEqual([told(bytes), view[1]], [READ_ONLY, 0]);
    }
    mprotect(view, READ_WRITE);
    view[0] = round;
    assert.equal(view[0], round & 255);
  }
  assert.equal(told(bytes), undefined);
});

test('MAP_PRIVATE: a write without PROT_WRITE is told, and stays in the process’s own copy', (t) => {
  const { fd } = newObject(t, 2 * PAGE);
  const writable = shared(t, fd, 2 * PAGE).fill(7);
  const own = new Uint8Array(mmap(null, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
  for (let round = 1; round <= 2; round++) {
    own[0] = round;
    assert.deepEqual([told(own), told(own), own[0], writable[0]], [READ_ONLY, undefined, round, 7]);
  }
  munmap(own);
});

test('MAP_PRIVATE: a touch of PROT_NONE is told, and no content is lost', () => {
  const region = mmap(null, 2 * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const secret = new Uint8Array(region).fill(7);
  mprotect(region, PROT_NONE);
  secret[0]!.toString();
  assert.deepEqual([told(region), told(region)], [FORBIDDEN, undefined]);
  mprotect(region, READ_WRITE);
  assert.ok(secret.every((byte) => byte === 7));
  munmap(region);
});

test('PROT_EXEC and PROT_WRITE alone are what the kernel makes of them', (t) => {
  const { fd } = newObject(t);
  shared(t, fd).fill(7);
  const writeOnly = shared(t, fd, PAGE, PROT_WRITE);
  writeOnly[0] = 1;
  assert.deepEqual([writeOnly[1], told(writeOnly)], [7, undefined]);
  const runOnly = shared(t, fd, PAGE, PROT_EXEC);
  const read = runOnly[0];
  // Where the processor has protection keys it cannot be read, pkeys(7).
  assert.deepEqual([read, told(runOnly)], read === 1 ? [1, undefined] : [0, FORBIDDEN]);
  runOnly[0] = 5;
  assert.notEqual(told(runOnly), undefined);
  assert.equal(writeOnly[0], 1);
});

test('more pages touched than a process may have mappings', (t) => {
  const pages = 20_000;
  const { fd } = newObject(t, pages * PAGE);
  const readOnly = shared(t, fd, pages * PAGE, PROT_READ);
  const own = new Uint8Array(mmap(null, pages * PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
  for (let page = 0; page < pages; page += 2) {
    readOnly[page * PAGE] = 1;
    own[page * PAGE] = 1;
  }
  for (const bytes of [readOnly, own])
    assert.deepEqual([told(bytes), told(bytes)], [READ_ONLY, undefined]);
  assert.deepEqual([readOnly[0], own[0], own[PAGE]], [0, 1, 0]);
  munmap(own);
});

test('changed by one thread while another writes: no end of the process, no endless loop', async (t) => {
  const bytes = shared(t, newObject(t, 4 * PAGE).fd, 4 * PAGE);
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
  const protections = [PROT_READ, PROT_NONE, READ_WRITE];
  const seen = new Set<string | undefined>();
  for (let round = 0; round < 3000; round++) {
    const from = (round % 3) * PAGE;
    seen.add(
      codeOf(() => mprotect(bytes.subarray(from, from + 2 * PAGE), protections[round % 3]!)),
    );
  }
  Atomics.store(stop, 0, 1);
  assert.ok((await writes) > 0);
  while (told(bytes) !== undefined);
  mprotect(bytes, READ_WRITE);
  bytes.fill(9);
  assert.deepEqual([told(bytes), bytes[3 * PAGE]], [undefined, 9]);
  assert.ok([...seen].every((code) => [undefined, READ_ONLY, FORBIDDEN].includes(code)));
});
