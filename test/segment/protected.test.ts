// A segment of which memspan/posix has protected a part: what is mended stays as it was opened and protected.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import * as posix from '../../src/os/posix.ts';
import { startWorker } from '../support/puppets.ts';
import { codeOf, uniqueName, until } from '../support/segments.ts';

const { check, mprotect, munmap, PROT_READ } = posix;
const PAGE = posix.sysconf(posix._SC_PAGESIZE);
const READ_ONLY = 'ERR_MEMSPAN_READ_ONLY';

function pair(options: object, pages = 3): { writable: Segment; other: Segment } {
  const name = uniqueName();
  const writable = Segment.create(name, { size: pages * PAGE });
  const other = Segment.open(name, options);
  writable.unlink();
  return { writable, other };
}

const lockedKb = (): number =>
  Number(/VmLck:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1]);

test('private: what the process has written to its copy is not lost', () => {
  const { writable, other } = pair({ private: true });
  const bytes = new Uint8Array(other.buffer);
  bytes[PAGE] = 9;
  mprotect(bytes.subarray(0, PAGE), PROT_READ);
  bytes[0] = 5;
  assert.equal(
    codeOf(() => other.buffer),
    READ_ONLY,
  );
  assert.deepEqual([bytes[0], bytes[PAGE], new Uint8Array(writable.buffer)[0]], [5, 9, 0]);
  bytes[0] = 6;
  assert.deepEqual(
    [codeOf(() => check(bytes)), codeOf(() => check(bytes))],
    [READ_ONLY, undefined],
  );
  assert.deepEqual([bytes[0], bytes[PAGE], other.buffer.byteLength], [6, 9, 3 * PAGE]);
  other.close();
  writable.close();
});

test('locked memory is locked again', () => {
  const { writable, other } = pair({ readOnly: true, lock: true });
  const before = lockedKb();
  const bytes = new Uint8Array(other.buffer);
  for (const mend of [() => check(bytes), () => other.buffer]) {
    bytes[0] = 1;
    assert.equal(codeOf(mend), READ_ONLY);
    assert.equal(lockedKb(), before);
  }
  other.close();
  posix.mlock(writable.buffer);
  const locked = lockedKb();
  const mine = new Uint8Array(writable.buffer);
  mprotect(mine, PROT_READ);
  mine[0] = 1;
  assert.equal(
    codeOf(() => writable.buffer),
    READ_ONLY,
  );
  assert.equal(lockedKb(), locked);
  writable.close();
});

test('what cannot be mended is told again', () => {
  const { writable, other } = pair({ readOnly: true });
  const bytes = new Uint8Array(other.buffer);
  const { fd } = other.handle;
  bytes[0] = 1;
  fs.closeSync(fd);
  for (let i = 0; i < 2; i++) assert.throws(() => other.buffer, { errno: 9 });
  other.close();
  writable.close();
});

for (const what of ['protected', 'unmapped']) {
  test(`mended while another thread writes to a page that is ${what}: it reaches nobody`, async () => {
    const { writable, other } = pair({});
    const bytes = new Uint8Array(other.buffer);
    const object = new Uint8Array(writable.buffer);
    const page = bytes.subarray(PAGE, 2 * PAGE);
    if (what === 'protected') mprotect(page, PROT_READ);
    else munmap(page);
    mprotect(bytes.subarray(2 * PAGE), PROT_READ);
    const state = new Int32Array(new SharedArrayBuffer(8));
    const worker = await startWorker();
    const writes = worker.run(
      (_, page, state) => {
        for (Atomics.store(state, 0, 1); Atomics.load(state, 1) === 0; ) page[0] = 5;
      },
      page,
      state,
    );
    await until(() => Atomics.load(state, 0) === 1, 'the first write');
    let reached = 0;
    for (let round = 0; round < 10_000; round++) {
      bytes[2 * PAGE] = 1;
      codeOf(() => other.buffer);
      reached += object[PAGE]!;
      object[PAGE] = 0;
    }
    Atomics.store(state, 1, 1);
    await writes;
    assert.equal(reached, 0);
    codeOf(() => other.buffer);
    other.close();
    writable.close();
  });
}
