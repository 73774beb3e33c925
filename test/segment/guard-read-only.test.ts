// A write to a read-only segment through its raw buffer (on its own that is SIGSEGV, and the end of the
// process). It reaches nobody; the next operation says ERR_MEMSPAN_READ_ONLY, once, and then the buffer shows
// the shared memory again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { startChild, startWorker } from '../support/puppets.ts';
import { codeOf, uniqueName } from '../support/segments.ts';

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

test('mended in the very moment of the write: no page is left diverted and unreported', async () => {
  const { writable, readOnly } = pair(PAGE);
  const { buffer, status } = readOnly;
  new Uint8Array(writable.buffer).fill(8);
  const [ROUND, DONE] = [0, 1];
  const rounds = 300;
  const flags = new Int32Array(new SharedArrayBuffer(8));
  const worker = await startWorker();
  const atEnd = worker.run(
    (_, buffer, flags, rounds) => {
      const bytes = new Uint8Array(buffer);
      for (let round = 1; round <= rounds; round++) {
        while (Atomics.load(flags, 0) < round);
        bytes[0] = 1;
        Atomics.store(flags, 1, round);
      }
    },
    buffer,
    flags,
    rounds,
  );
  const mend = (): boolean => codeOf(() => readOnly.buffer) === READ_ONLY.code;
  let reports = 0;
  for (let round = 1; round <= rounds; round++) {
    Atomics.store(flags, ROUND, round);
    while (Atomics.load(flags, DONE) < round) if (status[0] !== 0 && mend()) reports++;
    while (mend()) reports++;
    assert.equal(new Uint8Array(buffer)[0], 8, `round ${round}: not shared any more`);
  }
  await atEnd;
  assert.ok(reports >= rounds, `${reports} reports of ${rounds} writes`);
  writable.close();
  readOnly.close();
});

test('more pages written than a process may have mappings: harmless, reported, mended, twice', async () => {
  const name = uniqueName();
  // The limit is vm.max_map_count, 65,530 by default.
  const pages = 80_000;
  const child = await startChild();
  const outcomes = await child.run(
    ({ memspan, fs }, name, pages) => {
      fs.writeFileSync(`/dev/shm/${name}`, '\x07');
      fs.truncateSync(`/dev/shm/${name}`, pages * 4096);
      const segment = memspan.Segment.open(name, { readOnly: true });
      const bytes = new Uint8Array(segment.buffer);
      const code = (): string => {
        try {
          void segment.buffer;
          return 'ok';
        } catch (error) {
          return (error as { code: string }).code;
        }
      };
      return [1, 2].map(() => {
        for (let page = 1; page < pages / 2; page += 2) bytes[page * 4096] = 1;
        const mappings = fs.readFileSync('/proc/self/maps', 'utf8').split('\n').length;
        for (let page = 1; page < pages; page += 2) bytes[page * 4096] = 1;
        const many = code();
        const after = [bytes[0], bytes[4096], bytes[3 * 4096]];
        bytes[4096] = 1;
        return { isFew: mappings < 10_000, many, after, others: bytes[0], one: code() };
      });
    },
    name,
    pages,
  );
  const { code } = READ_ONLY;
  const expected = { isFew: true, many: code, after: [7, 0, 0], others: 7, one: code };
  assert.deepEqual(outcomes, [expected, expected]);
  Segment.unlink(name);
});
