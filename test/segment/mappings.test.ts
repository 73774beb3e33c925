// Kinds of mappings: private (copy-on-write), files and flush, growing and shrinking, populated and locked,
// and more than 4 GiB.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { notify, Segment, waitAsync } from '../../src/index.ts';
import { startChild, startWorker } from '../support/puppets.ts';
import { codeOf, needsRoom, shmPath, uniqueName } from '../support/segments.ts';

const PAGE = 4096;
const directory = fs.mkdtempSync(path.join(tmpdir(), 'memspan-test-'));
after(() => fs.rmSync(directory, { recursive: true }));

test('a private mapping keeps its writes to itself, and loses them', async () => {
  const name = uniqueName();
  using shared = Segment.create(name, { size: 2 * PAGE });
  const copy = Segment.open(name, { private: true });
  const [theirs, ours] = [new Uint8Array(shared.buffer), new Uint8Array(copy.buffer)];
  theirs.fill(1);
  assert.equal(ours[0], 1, 'before its first write it sees the others');
  ours[0] = 2;
  assert.deepEqual([theirs[0], ours[0]], [1, 2]);
  theirs.fill(3);
  // POSIX leaves open whether a page that was not written to follows the others; Linux does.
  assert.deepEqual([ours[0], ours[1], ours[PAGE]], [2, 1, 3]);
  copy.flush();
  const child = await startChild();
  const seen = await child.run(({ memspan }, name) => {
    return new Uint8Array(memspan.Segment.open(name).buffer)[0];
  }, name);
  assert.equal(seen, 3);
  copy.close();
  using again = Segment.open(name, { private: true });
  assert.equal(new Uint8Array(again.buffer)[0], 3);
  shared.unlink();
});

test('private and readOnly need no more than the right to read', () => {
  const file = path.join(directory, 'read-me');
  fs.writeFileSync(file, 'content', { mode: 0o400 });
  using copy = Segment.file(file, { private: true });
  using view = Segment.file(file, { readOnly: true });
  Buffer.from(copy.buffer).write('X');
  assert.equal(Buffer.from(copy.buffer).toString(), 'Xontent');
  assert.equal(Buffer.from(view.buffer).toString(), 'content');
  assert.equal(fs.readFileSync(file, 'utf8'), 'content');
});

test('what is written to a file segment and flushed is in the file, and the other way round', async () => {
  const file = path.join(directory, 'data');
  using segment = Segment.file(file, { size: 3 * PAGE });
  assert.equal(segment.created, true);
  assert.equal(segment.kind, 'file');
  assert.equal(segment.name, file);
  assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  const bytes = Buffer.from(segment.buffer);
  bytes.write('first', 0);
  bytes.write('last', 3 * PAGE - 4);
  segment.flush({ offset: 0, length: 5 });
  segment.flush({ offset: 3 * PAGE - 4, length: 4 });
  segment.flush();
  const content = fs.readFileSync(file);
  assert.equal(content.toString('utf8', 0, 5), 'first');
  assert.equal(content.toString('utf8', 3 * PAGE - 4), 'last');
  const fd = fs.openSync(file, 'r+');
  fs.writeSync(fd, 'FIRST', 0);
  fs.closeSync(fd);
  assert.equal(bytes.toString('utf8', 0, 5), 'FIRST');
  const child = await startChild();
  const seen = await child.run(({ memspan }, file) => {
    const segment = memspan.Segment.file(file);
    return { text: Buffer.from(segment.buffer).toString('utf8', 0, 5), created: segment.created };
  }, file);
  assert.deepEqual(seen, { text: 'FIRST', created: false });
  assert.equal(segment.unlink(), true);
  assert.equal(fs.existsSync(file), false);
});

test('Segment.file with a size makes a missing or empty file, and insists on it otherwise', () => {
  const file = path.join(directory, 'sized');
  assert.equal(
    codeOf(() => Segment.file(file)),
    'ERR_MEMSPAN_NOT_FOUND',
  );
  assert.equal(
    codeOf(() => Segment.file(file, { size: 8, readOnly: true })),
    'ERR_MEMSPAN_NOT_FOUND',
  );
  fs.writeFileSync(file, '');
  assert.equal(
    codeOf(() => Segment.file(file)),
    'ERR_MEMSPAN_EMPTY',
  );
  using segment = Segment.file(file, { size: 8, mode: 0o644 });
  assert.equal(segment.created, false);
  assert.equal(fs.statSync(file).size, 8);
  assert.equal(
    codeOf(() => Segment.file(file, { size: 9 })),
    'ERR_MEMSPAN_SIZE_MISMATCH',
  );
  assert.equal(fs.statSync(file).size, 8);
  const made = path.join(directory, 'made');
  using other = Segment.file(made, { size: 8, mode: 0o640 });
  assert.equal(other.created, true);
  assert.equal(fs.statSync(made).mode & 0o777, 0o640);
});

test('eight processes ask for one new file at once: one makes it, all see what is written', async () => {
  const children = await Promise.all(Array.from({ length: 8 }, () => startChild()));
  for (let round = 0; round < 10; round++) {
    const file = path.join(directory, `raced-${round}`);
    const created = await Promise.all(
      children.map((child) =>
        child.run(({ memspan }, file) => {
          const segment = memspan.Segment.file(file, { size: 4096 });
          Atomics.add(new Int32Array(segment.buffer), 0, 1);
          return segment.created;
        }, file),
      ),
    );
    assert.equal(created.filter(Boolean).length, 1);
    assert.equal(fs.readFileSync(file).readInt32LE(), 8);
  }
});

test('growing: a new buffer, the old one goes on, and a peer takes it up by resize()', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: PAGE });
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.segment = memspan.Segment.open(name);
  }, name);
  const old = new Uint8Array(segment.buffer);
  old[0] = 1;
  segment.resize(3 * PAGE + 5);
  assert.equal(fs.statSync(shmPath(name)).size, 3 * PAGE + 5);
  assert.equal(segment.size, 3 * PAGE + 5);
  assert.equal(segment.buffer.byteLength, 3 * PAGE + 5);
  const fresh = new Uint8Array(segment.buffer);
  fresh[1] = 2;
  assert.deepEqual([fresh[0], old[1], old.length], [1, 2, PAGE]);
  fresh[3 * PAGE + 4] = 9;
  const seen = await child.run(({ kept: { segment } }) => {
    const before = segment.size;
    segment.resize();
    return { before, after: segment.size, last: new Uint8Array(segment.buffer)[segment.size - 1] };
  });
  assert.deepEqual(seen, { before: PAGE, after: 3 * PAGE + 5, last: 9 });
  segment.unlink();
});

test('shrinking: no fault on this side, zeros beyond the end, an error for a peer who touches it', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 4 * PAGE });
  const old = new Uint8Array(segment.buffer);
  old.fill(7);
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.segment = memspan.Segment.open(name);
    kept.bytes = new Uint8Array(kept.segment.buffer);
  }, name);
  const { status } = segment;
  segment.resize(PAGE + 1);
  assert.deepEqual([segment.size, fs.statSync(shmPath(name)).size], [PAGE + 1, PAGE + 1]);
  assert.deepEqual([old[PAGE], old[PAGE + 1], old[3 * PAGE]], [7, 0, 0]);
  old[3 * PAGE] = 1;
  assert.equal(status[0], 0);
  const seen = await child.run(({ kept: { segment, bytes } }) => {
    const code = (): string => {
      try {
        void segment.buffer;
        return 'ok';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    return [code(), bytes[4096], bytes[3 * 4096], code()];
  });
  assert.deepEqual(seen, ['ok', 7, 0, 'ERR_MEMSPAN_TRUNCATED']);
  segment.unlink();
});

test('shrinking ends the waits on what is cut off, and no others', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 4 * PAGE });
  const words = new Int32Array(segment.buffer);
  const last = waitAsync(words, words.length - 1, 0);
  const first = waitAsync(words, 0, 0);
  segment.resize(PAGE);
  assert.ok(first.async && last.async);
  await assert.rejects(last.value, { code: 'ERR_MEMSPAN_TRUNCATED' });
  assert.equal(notify(words, 0), 1);
  assert.equal(await first.value, 'ok');
  segment.unlink();
});

test('an anonymous segment grows and does not shrink; its handle then leads to the new size', () => {
  using segment = Segment.anonymous(PAGE);
  new Uint8Array(segment.buffer)[PAGE - 1] = 5;
  const { handle } = segment;
  segment.resize(2 * PAGE);
  assert.equal(
    codeOf(() => segment.resize(PAGE)),
    'ERR_MEMSPAN_UNSUPPORTED',
  );
  using again = Segment.fromHandle(handle);
  assert.equal(again.size, 2 * PAGE);
  assert.equal(new Uint8Array(again.buffer)[PAGE - 1], 5);
});

test('close lets go of every mapping that resizes have left', () => {
  const segment = Segment.anonymous(PAGE);
  const views: Uint8Array[] = [];
  for (let pages = 1; pages <= 5; pages++) {
    segment.resize(pages * PAGE);
    views.push(new Uint8Array(segment.buffer));
  }
  (views[0] as Uint8Array)[0] = 1;
  assert.ok(views.every((view) => view[0] === 1));
  segment.close();
  assert.ok(views.every((view) => view[0] === 0));
});

test('populate, lock and hugePages change nothing but the speed', () => {
  const name = uniqueName();
  for (const options of [{ populate: true }, { lock: true }, { hugePages: true }]) {
    using segment = Segment.create(name, { size: 3 * PAGE, ...options });
    new Uint8Array(segment.buffer).fill(1);
    using readOnly = Segment.open(name, { readOnly: true, ...options });
    assert.equal(new Uint8Array(readOnly.buffer)[3 * PAGE - 1], 1);
    segment.unlink();
  }
});

const GIB5 = 5 * 2 ** 30;
test('5 GiB: bytes beyond 4 GiB are the same in two processes and a worker', {
  skip: needsRoom(1.2 * GIB5),
}, async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: GIB5 });
  assert.equal(segment.buffer.byteLength, GIB5);
  assert.equal(segment.size, GIB5);
  const view = new DataView(segment.buffer);
  view.setFloat64(2 ** 32 + 8, Math.PI);
  const last = new Uint8Array(segment.buffer, GIB5 - 8);
  last[7] = 42;
  const look = ({ kept: { buffer } }: { kept: { buffer: SharedArrayBuffer } }): unknown => {
    const view = new DataView(buffer);
    const words = new Int32Array(buffer, 2 ** 32, 16);
    Atomics.add(words, 0, 1);
    return [view.getFloat64(2 ** 32 + 8), view.getUint8(buffer.byteLength - 1), view.getUint8(8)];
  };
  const [child, worker] = await Promise.all([startChild(), startWorker()]);
  await child.run(({ memspan, kept }, name) => {
    kept.buffer = memspan.Segment.open(name).buffer;
  }, name);
  await worker.run(({ kept }, buffer) => {
    kept.buffer = buffer;
  }, segment.buffer);
  assert.deepEqual(await child.run(look), [Math.PI, 42, 0]);
  assert.deepEqual(await worker.run(look), [Math.PI, 42, 0]);
  assert.equal(new Int32Array(segment.buffer, 2 ** 32, 16)[0], 2);
  segment.flush({ offset: 2 ** 32, length: PAGE });
  segment.unlink();
  segment.close();
  assert.equal(last[7], 0);
});
