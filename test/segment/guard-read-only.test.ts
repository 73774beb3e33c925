// A write to a read-only segment through its raw buffer (on its own that is SIGSEGV, and the end of the
// process). It reaches nobody; the next operation says ERR_MEMSPAN_READ_ONLY, once, and then the buffer shows
// the shared memory again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { startChild, startWorker } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';

const PAGE = 4096;
const READ_ONLY = { name: 'MemspanError', code: 'ERR_MEMSPAN_READ_ONLY' };

/** A segment full of sevens, for writing and for reading. */
function pair(size: number): { name: string; writable: Segment; readOnly: Segment } {
  const name = uniqueName();
  const writable = Segment.create(name, { size });
  new Uint8Array(writable.buffer).fill(7);
  const readOnly = Segment.open(name, { readOnly: true });
  writable.unlink();
  return { name, writable, readOnly };
}

const writes: Record<string, (segment: Segment) => unknown> = {
  'an element': ({ buffer }) => {
    new Uint8Array(buffer)[5] = 1;
  },
  'Atomics.store': ({ buffer }) => Atomics.store(new Int32Array(buffer), 1, 1),
  'Atomics.compareExchange': ({ buffer }) =>
    Atomics.compareExchange(new Int32Array(buffer), 1, 0x07070707, 1),
  fill: ({ buffer }) => new Uint8Array(buffer).fill(1),
  'Buffer.write': ({ buffer }) => Buffer.from(buffer).write('text', 100),
  'a DataView over two pages': ({ buffer }) => new DataView(buffer).setFloat64(PAGE - 4, 1),
  'the bulk buffer': ({ bulk }) => new Uint8Array(bulk).fill(1),
};

for (const [what, write] of Object.entries(writes)) {
  test(`a write by ${what} reaches nobody, is reported once, and is undone`, () => {
    const { writable, readOnly } = pair(3 * PAGE);
    const { buffer } = readOnly;
    write(readOnly);
    assert.ok(new Uint8Array(writable.buffer).every((byte) => byte === 7));
    assert.throws(() => readOnly.buffer, READ_ONLY);
    assert.equal(readOnly.buffer, buffer);
    const bytes = new Uint8Array(buffer);
    assert.ok(bytes.every((byte) => byte === 7));
    // Shared again: what the other side writes is seen.
    new Uint8Array(writable.buffer).fill(8);
    assert.ok(bytes.every((byte) => byte === 8));
    // And guarded again.
    bytes[0] = 1;
    assert.throws(() => readOnly.flush(), READ_ONLY);
    assert.equal(bytes[0], 8);
    writable.close();
    readOnly.close();
  });
}

test('until it is reported, the writer sees its write, and fresh data on all other pages', () => {
  const { writable, readOnly } = pair(2 * PAGE);
  const bytes = new Uint8Array(readOnly.buffer);
  bytes[0] = 1;
  new Uint8Array(writable.buffer).fill(8);
  assert.deepEqual([bytes[0], bytes[1], bytes[PAGE]], [1, 7, 8]);
  writable.close();
  readOnly.close();
});

test('a worker that writes to a read-only buffer: its sender gets the error', async () => {
  const { writable, readOnly } = pair(PAGE);
  const worker = await startWorker();
  await worker.run((_, buffer) => {
    new Uint8Array(buffer)[0] = 1;
  }, readOnly.buffer);
  assert.throws(() => readOnly.buffer, READ_ONLY);
  assert.equal(new Uint8Array(readOnly.buffer)[0], 7);
  writable.close();
  readOnly.close();
});

test('reported and mended while workers go on writing: at the end nothing stays diverted', async () => {
  const size = 16 * PAGE;
  const { writable, readOnly } = pair(size);
  const { buffer } = readOnly;
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const workers = await Promise.all([startWorker(), startWorker()]);
  const atEnd = workers.map((worker) =>
    worker.run(
      (_, buffer, flag) => {
        const bytes = new Uint8Array(buffer);
        let writes = 0;
        while (Atomics.load(flag, 0) === 0) bytes[(writes++ * 4096) % bytes.length] = 1;
        return writes;
      },
      buffer,
      flag,
    ),
  );
  let reports = 0;
  for (const deadline = Date.now() + 20_000; reports < 300 && Date.now() < deadline; ) {
    try {
      void readOnly.buffer;
    } catch {
      reports++;
    }
    await new Promise(setImmediate);
  }
  Atomics.store(flag, 0, 1);
  for (const count of await Promise.all(atEnd)) assert.ok(count > 0);
  assert.equal(reports, 300);
  // A last write may be unreported yet; no other page may hold an unreported one.
  try {
    void readOnly.buffer;
  } catch {}
  new Uint8Array(writable.buffer).fill(8);
  const stale = new Uint8Array(readOnly.buffer).findIndex((byte) => byte !== 8);
  assert.equal(stale, -1, `page ${Math.floor(stale / PAGE)} is not shared any more`);
  writable.close();
  readOnly.close();
});

test('more pages written than the kernel has mappings for: harmless, reported, mended', async () => {
  const name = uniqueName();
  const pages = 80_000;
  const child = await startChild();
  const outcome = await child.run(
    ({ memspan, fs }, name, pages) => {
      fs.writeFileSync(`/dev/shm/${name}`, '');
      fs.truncateSync(`/dev/shm/${name}`, pages * 4096);
      fs.writeFileSync(`/dev/shm/${name}`, '\x07', { flag: 'r+' });
      const segment = memspan.Segment.open(name, { readOnly: true });
      const bytes = new Uint8Array(segment.buffer);
      for (let page = 1; page < pages; page += 2) bytes[page * 4096] = 1;
      let code = 'none';
      try {
        void segment.buffer;
      } catch (error) {
        ({ code } = error as { code: string });
      }
      const after = [bytes[0], bytes[4096], new Uint8Array(segment.buffer)[3 * 4096]];
      segment.unlink();
      return { code, after };
    },
    name,
    pages,
  );
  assert.deepEqual(outcome, { code: READ_ONLY.code, after: [7, 0, 0] });
});
