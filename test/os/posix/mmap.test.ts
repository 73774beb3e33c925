// mmap(2): shared, private, anonymous, from an offset on, populated, locked, in huge pages, longer than 4 GiB; each as
// the manual page says, and to the byte.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Segment } from '../../../src/index.ts';
import * as posix from '../../../src/os/posix.ts';
import { startChild, startWorker } from '../../support/puppets.ts';
import { newObject, opened, PAGE, READ_WRITE, shared } from './objects.ts';

const { fstat, madvise, mlock, mmap, msync, munlock, munmap } = posix;
const { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, PROT_READ } = posix;
const GIB = 2 ** 30;

/** What the kernel says of the mapping that the region begins: /proc/[pid]/smaps. */
function kernelOn(region: SharedArrayBuffer): Record<string, string> {
  const address = posix.addressof(region).toString(16);
  const maps = fs.readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const found = maps.find((text) => text.startsWith(`${address}-`));
  assert.ok(found !== undefined, `no mapping at ${address}`);
  const [head = '', ...lines] = found.trimEnd().split('\n');
  const facts = Object.fromEntries(lines.map((line) => line.split(/:\s+/)));
  return { ...facts, protection: head.split(' ')[1] };
}

for (const length of [1, 1020, PAGE - 1, PAGE, PAGE + 1]) {
  test(`a SharedArrayBuffer of ${length} bytes, to the byte`, (t) => {
    const region = mmap(null, length, READ_WRITE, MAP_SHARED, newObject(t).fd, 0);
    assert.ok(region instanceof SharedArrayBuffer);
    assert.equal(region.byteLength, length);
    assert.equal(munmap(region), 0);
  });
}

test('MAP_SHARED: another process sees each write at once, and the file has it', async (t) => {
  const { name, fd } = newObject(t);
  const words = new Int32Array(shared(t, fd).buffer);
  const child = await startChild();
  words[0] = 5;
  const seen = await child.run(({ posix }, name) => {
    const { MAP_SHARED, O_RDWR, PROT_READ, PROT_WRITE } = posix;
    const fd = posix.shm_open(name, O_RDWR);
    const length = posix.fstat(fd).st_size;
    const words = new Int32Array(posix.mmap(null, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd));
    posix.close(fd);
    return Atomics.add(words, 0, 37);
  }, name);
  assert.deepEqual([seen, Atomics.load(words, 0)], [5, 42]);
  assert.equal(fs.readFileSync(`/dev/shm${name}`).readInt32LE(), 42);
});

test('MAP_PRIVATE: what was not written to is seen, what is written stays here', (t) => {
  const { fd } = newObject(t, 2 * PAGE);
  const bytes = shared(t, fd, 2 * PAGE);
  bytes.fill(7);
  const own = new Uint8Array(mmap(null, 2 * PAGE, READ_WRITE, MAP_PRIVATE, fd, 0));
  assert.equal(own[0], 7);
  own[0] = 1;
  assert.deepEqual([own[0], own[1], bytes[0]], [1, 7, 7]);
  munmap(own);
});

for (const [name, flags] of Object.entries({ MAP_SHARED, MAP_PRIVATE })) {
  test(`MAP_ANONYMOUS | ${name}: zeros, in nobody's file, the same in every thread`, async () => {
    const region = mmap(null, 3 * PAGE, READ_WRITE, MAP_ANONYMOUS | flags, -1, 0);
    const bytes = new Uint8Array(region);
    assert.ok(bytes.every((byte) => byte === 0));
    bytes[0] = 1;
    const worker = await startWorker();
    await worker.run((_, region) => {
      const bytes = new Uint8Array(region);
      bytes[1] = bytes[0]! + 1;
    }, region);
    assert.deepEqual([...bytes.subarray(0, 2)], [1, 2]);
    munmap(region);
  });
}

test('an offset: the bytes of the file from there on', (t) => {
  const { fd } = newObject(t, 4 * PAGE);
  const all = shared(t, fd, 4 * PAGE);
  for (let page = 0; page < 4; page++) all[page * PAGE] = page;
  const part = mmap(null, 2 * PAGE, READ_WRITE, MAP_SHARED, fd, 2 * PAGE);
  const bytes = new Uint8Array(part);
  assert.deepEqual([bytes[0], bytes[PAGE]], [2, 3]);
  bytes[1] = 9;
  assert.equal(all[2 * PAGE + 1], 9);
  munmap(part);
});

test('an offset beyond 4 GiB, and beyond 2^53', (t) => {
  const { fd } = newObject(t);
  for (const offset of [2 ** 33 + PAGE, 2n ** 60n]) {
    posix.ftruncate(fd, BigInt(offset) + BigInt(PAGE));
    const bytes = new Uint8Array(mmap(null, PAGE, READ_WRITE, MAP_SHARED, fd, offset));
    bytes[0] = 1;
    posix.check(bytes);
    munmap(bytes);
  }
  assert.equal(fstat(fd).st_blocks, (2 * PAGE) / 512);
});

test('longer than 4 GiB: both ends can be used, nothing is cut', (t) => {
  const length = 5 * GIB + 3;
  const { fd } = newObject(t, length);
  const region = mmap(null, length, READ_WRITE, MAP_SHARED | posix.MAP_NORESERVE, fd, 0);
  assert.equal(region.byteLength, length);
  const first = new Uint8Array(region, 0, PAGE);
  const last = new Uint8Array(region, 5 * GIB, 3);
  first[0] = 1;
  last[2] = 2;
  assert.deepEqual([first[0], last[2], fstat(fd).st_blocks], [1, 2, (2 * PAGE) / 512]);
  // A part of it that is longer than 4 GiB, too.
  assert.equal(msync(region, posix.MS_SYNC), 0);
  munmap(new DataView(region, PAGE));
  assert.deepEqual([first[0], last[2]], [1, 0]);
  munmap(region);
});

test('MAP_POPULATE: the pages are there before they are touched', (t) => {
  const { fd } = newObject(t, 16 * PAGE);
  const sparse = mmap(null, 16 * PAGE, READ_WRITE, MAP_SHARED, fd, 0);
  assert.equal(kernelOn(sparse).Rss, '0 kB');
  const populated = mmap(null, 16 * PAGE, READ_WRITE, MAP_SHARED | posix.MAP_POPULATE, fd, 0);
  assert.equal(kernelOn(populated).Rss, `${(16 * PAGE) / 1024} kB`);
  munmap(sparse);
  munmap(populated);
});

test('MAP_LOCKED, mlock, munlock: the kernel keeps the pages in memory', (t) => {
  const { fd } = newObject(t, 4 * PAGE);
  const size = `${(4 * PAGE) / 1024} kB`;
  const region = mmap(null, 4 * PAGE, READ_WRITE, MAP_SHARED | posix.MAP_LOCKED, fd, 0);
  assert.equal(kernelOn(region).Locked, size);
  munlock(region);
  assert.equal(kernelOn(region).Locked, '0 kB');
  // A part: what it touches, whole pages.
  mlock(new Uint8Array(region, 100, 1));
  assert.equal(kernelOn(region).Locked, `${PAGE / 1024} kB`);
  munmap(region);
});

test('MADV_HUGEPAGE and its like are taken; MADV_DONTNEED makes private memory zeros again', () => {
  const region = mmap(null, 2 ** 22, READ_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  const bytes = new Uint8Array(region).fill(1);
  for (const advice of [posix.MADV_SEQUENTIAL, posix.MADV_HUGEPAGE, posix.MADV_DONTFORK]) {
    assert.equal(madvise(region, advice), 0);
  }
  assert.match(kernelOn(region).VmFlags ?? '', /\bhg\b/);
  madvise(bytes.subarray(PAGE), posix.MADV_DONTNEED);
  assert.deepEqual([bytes[0], bytes[PAGE]], [1, 0]);
  munmap(region);
});

test('msync: a file has what was written', (t) => {
  const file = path.join(fs.mkdtempSync(path.join(tmpdir(), 'memspan-test-mmap-')), 'file');
  t.after(() => fs.rmSync(path.dirname(file), { recursive: true }));
  fs.writeFileSync(file, 'hello, disk');
  const fd = fs.openSync(file, 'r+');
  const region = mmap(null, 5, READ_WRITE, MAP_SHARED, fd, 0);
  t.after(() => fs.closeSync(fd));
  Buffer.from(region).write('HELLO');
  assert.equal(msync(region, posix.MS_SYNC), 0);
  assert.equal(fs.readFileSync(file, 'utf8'), 'HELLO, disk');
  // Behind the file's end, on its last page, there are zeros that the file never gets.
  const longer = mmap(null, 100, READ_WRITE, MAP_SHARED, fd, 0);
  Buffer.from(longer).write('!!!', 20);
  msync(longer, posix.MS_SYNC);
  assert.equal(fs.readFileSync(file, 'utf8'), 'HELLO, disk');
  munmap(region);
  munmap(longer);
});

test('addressof: where it is, of a view its own first byte; two mappings have two', (t) => {
  const { fd } = newObject(t, 2 * PAGE);
  const one = shared(t, fd, 2 * PAGE);
  const other = shared(t, fd, 2 * PAGE);
  const address = posix.addressof(one);
  assert.equal(address % BigInt(PAGE), 0n);
  assert.equal(posix.addressof(one.subarray(100)), address + 100n);
  assert.equal(posix.addressof(new DataView(one.buffer, 8)), address + 8n);
  assert.notEqual(posix.addressof(other), address);
});

test('the calls take a Segment’s buffer as well', () => {
  const segment = Segment.anonymous(2 * PAGE);
  const bytes = new Uint8Array(segment.buffer);
  assert.equal(msync(segment.buffer, posix.MS_SYNC), 0);
  posix.mprotect(bytes.subarray(PAGE), PROT_READ);
  bytes[0] = 1;
  bytes[PAGE] = 1;
  assert.throws(() => segment.buffer, { code: 'ERR_MEMSPAN_READ_ONLY' });
  assert.deepEqual([bytes[0], bytes[PAGE]], [1, 0]);
  // Its mending has left the protection as it was asked for.
  bytes[PAGE] = 1;
  assert.throws(() => posix.check(segment.buffer), { code: 'ERR_MEMSPAN_READ_ONLY' });
  assert.deepEqual([segment.buffer.byteLength, bytes[0], bytes[PAGE]], [2 * PAGE, 1, 0]);
  posix.mprotect(bytes, READ_WRITE);
  bytes[PAGE] = 1;
  assert.equal(segment.buffer.byteLength, 2 * PAGE);
  munmap(segment.buffer);
  assert.throws(() => segment.buffer, { code: 'ERR_MEMSPAN_CLOSED' });
  segment.close();
});

test('memory that may be read through one descriptor, and written through another', (t) => {
  const object = newObject(t);
  const writable = shared(t, object.fd);
  const readable = shared(t, opened(t, object, posix.O_RDONLY), PAGE, PROT_READ);
  writable[0] = 3;
  assert.equal(readable[0], 3);
});
