// A segment's life: made, seen by everybody, outliving its processes, gone when its name is removed and the
// last one lets go. Textbook: create, attach, use, destroy (P2, P3); `ls /dev/shm` shows it meanwhile.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { types } from 'node:util';
import { Segment } from '../../src/index.ts';
import { startChild, startWorker } from '../support/puppets.ts';
import { codeOf, shmPath, uniqueName } from '../support/segments.ts';

test('P3: one process writes Hello into 4096 bytes of mode 0666 and exits, another reads it later', async () => {
  const name = uniqueName();
  const writer = await startChild();
  await writer.run(({ memspan }, name) => {
    const segment = memspan.Segment.create(name, { size: 4096, mode: 0o666 });
    Buffer.from(segment.buffer).write('Hello');
  }, name);
  await writer.kill();

  const stat = fs.statSync(shmPath(name));
  assert.equal(stat.size, 4096);
  assert.equal(stat.mode & 0o777, 0o666);
  const reader = await startChild();
  const text = await reader.run(({ memspan }, name) => {
    const { buffer } = memspan.Segment.open(name, { readOnly: true });
    return Buffer.from(buffer).toString('utf8', 0, 5);
  }, name);
  assert.equal(text, 'Hello');
  assert.equal(Segment.unlink(name), true);
  assert.equal(fs.existsSync(shmPath(name)), false);
});

test('P2: seen in /dev/shm under its name, gone after unlink; who has it open keeps it', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 100 });
  assert.ok(fs.readdirSync('/dev/shm').includes(name));
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.segment = memspan.Segment.open(name);
  }, name);

  assert.equal(segment.unlink(), true);
  assert.equal(fs.existsSync(shmPath(name)), false);
  assert.equal(
    codeOf(() => Segment.open(name)),
    'ERR_MEMSPAN_NOT_FOUND',
  );

  new Uint8Array(segment.buffer)[99] = 7;
  const seen = await child.run(({ kept }) => new Uint8Array(kept.segment.buffer)[99]);
  assert.equal(seen, 7);
});

test('a segment tells what it is', () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 4097 });
  const { dev, ino } = fs.statSync(shmPath(name));
  assert.equal(segment.name, name);
  assert.equal(segment.size, 4097);
  assert.equal(segment.kind, 'named');
  assert.equal(segment.readOnly, false);
  assert.equal(segment.created, true);
  assert.equal(segment.closed, false);
  const { fd, ...handle } = segment.handle;
  assert.equal(fs.fstatSync(fd).ino, ino);
  assert.deepEqual(handle, {
    memspan: 'segment',
    version: 1,
    kind: 'named',
    name,
    pid: process.pid,
    dev: String(dev),
    ino: String(ino),
    readOnly: false,
  });
  assert.deepEqual(JSON.parse(JSON.stringify(segment.handle)), segment.handle);
  using opened = Segment.open(name, { readOnly: true });
  assert.equal(opened.created, false);
  assert.equal(opened.readOnly, true);
  assert.equal(opened.handle.readOnly, true);
  using anonymous = Segment.anonymous(3);
  assert.equal(anonymous.kind, 'anonymous');
  assert.equal(anonymous.name, undefined);
  assert.equal('name' in anonymous.handle, false);
  segment.unlink();
});

for (const size of [1, 4095, 4096, 4097, 12_345]) {
  test(`a segment of ${size} bytes has a buffer of ${size} bytes, all of them zero and writable`, () => {
    const name = uniqueName();
    using segment = Segment.create(name, { size });
    assert.equal(segment.buffer.byteLength, size);
    assert.equal(segment.bulk.byteLength, size);
    assert.equal(fs.statSync(shmPath(name)).size, size);
    const bytes = new Uint8Array(segment.buffer);
    assert.ok(bytes.every((byte) => byte === 0));
    bytes[size - 1] = 255;
    using again = Segment.open(name);
    assert.equal(new Uint8Array(again.buffer)[size - 1], 255);
    assert.equal(new Uint8Array(again.bulk)[size - 1], 255);
    segment.unlink();
  });
}

test('the buffer is a real SharedArrayBuffer: by instanceof, by its tag, by Atomics, and for a worker', async () => {
  using segment = Segment.anonymous(64);
  const { buffer } = segment;
  assert.ok(buffer instanceof SharedArrayBuffer);
  assert.equal(Object.prototype.toString.call(buffer), '[object SharedArrayBuffer]');
  assert.ok(types.isSharedArrayBuffer(buffer));
  assert.equal(segment.buffer, buffer);
  assert.equal(structuredClone(buffer).byteLength, 64);
  const words = new Int32Array(buffer);
  assert.equal(Atomics.compareExchange(words, 0, 0, 41), 0);
  const worker = await startWorker();
  const isShared = await worker.run((_, buffer) => {
    Atomics.add(new Int32Array(buffer), 0, 1);
    return buffer instanceof SharedArrayBuffer;
  }, buffer);
  assert.equal(isShared, true);
  assert.equal(words[0], 42);
});

test('create refuses a name that is taken, open one that is not', () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 8 });
  assert.equal(
    codeOf(() => Segment.create(name, { size: 8 })),
    'ERR_MEMSPAN_EXISTS',
  );
  segment.unlink();
  assert.throws(() => Segment.open(name), {
    name: 'MemspanError',
    code: 'ERR_MEMSPAN_NOT_FOUND',
    operation: 'Segment.open',
    object: name,
    syscall: 'open',
    errno: 2,
  });
});

test('create with exclusive: false, and openOrCreate, open what is there and make what is not', () => {
  for (const make of [
    (name: string, size: number) => Segment.openOrCreate(name, { size }),
    (name: string, size: number) => Segment.create(name, { size, exclusive: false }),
  ]) {
    const name = uniqueName();
    using first = make(name, 8);
    using second = make(name, 8);
    assert.equal(first.created, true);
    assert.equal(second.created, false);
    new Uint8Array(first.buffer)[0] = 5;
    assert.equal(new Uint8Array(second.buffer)[0], 5);
    assert.throws(() => make(name, 9), {
      code: 'ERR_MEMSPAN_SIZE_MISMATCH',
      expected: 9,
      found: 8,
    });
    first.unlink();
  }
});

test('init fills it before it has a name; what init throws is thrown, and nothing is left', () => {
  const name = uniqueName();
  const wasVisible: boolean[] = [];
  using segment = Segment.create(name, {
    size: 8,
    init(made) {
      wasVisible.push(fs.existsSync(shmPath(name)));
      new Uint8Array(made.buffer).fill(3);
    },
  });
  assert.deepEqual(wasVisible, [false]);
  using other = Segment.open(name);
  assert.ok(new Uint8Array(other.buffer).every((byte) => byte === 3));
  segment.unlink();

  const boom = new Error('boom');
  const failing = {
    size: 8,
    init: () => {
      throw boom;
    },
  };
  assert.throws(() => Segment.create(name, failing), boom);
  assert.equal(
    codeOf(() => Segment.create(name, { size: 8, init: async () => {} })),
    'ERR_MEMSPAN_INVALID_ARGUMENT',
  );
  assert.equal(fs.existsSync(shmPath(name)), false);
});

test('close lets go at once: views read zeros, writes reach nobody, and again is harmless', () => {
  const name = uniqueName();
  const segment = Segment.create(name, { size: 8 });
  using other = Segment.open(name);
  const view = new Uint8Array(segment.buffer);
  const { bulk } = segment;
  view[0] = 9;
  segment.close();
  segment.close();
  segment[Symbol.dispose]();
  assert.equal(segment.closed, true);
  assert.equal(view[0], 0);
  assert.equal(bulk.byteLength, 0);
  view[0] = 1;
  assert.equal(new Uint8Array(other.buffer)[0], 9);
  assert.equal(Segment.unlink(name), true);
  assert.equal(Segment.unlink(name), false);
});

test('segment.unlink removes its own name only, never that of a successor', () => {
  const name = uniqueName();
  using first = Segment.create(name, { size: 8 });
  Segment.unlink(name);
  assert.equal(first.unlink(), false);
  using second = Segment.create(name, { size: 8 });
  assert.equal(first.unlink(), false);
  assert.ok(fs.existsSync(shmPath(name)));
  assert.equal(second.unlink(), true);
  using anonymous = Segment.anonymous(8);
  assert.equal(anonymous.unlink(), false);
});

test('list shows segments by pattern: sizes, modes, owners; unfinished ones only when asked for', () => {
  const name = uniqueName();
  const hidden = `.memspan-${uniqueName()}`;
  using a = Segment.create(`${name}-a`, { size: 10_000 });
  using b = Segment.create(`${name}-b`, { size: 1, mode: 0o640 });
  fs.writeFileSync(shmPath(hidden), 'x');
  try {
    const [first, ...rest] = Segment.list(`${name}-*`);
    assert.equal(first?.name, `${name}-a`);
    assert.equal(first.size, 10_000);
    assert.equal(first.residentSize, 12_288);
    assert.equal(first.mode, 0o600);
    assert.equal(first.uid, process.getuid?.());
    assert.ok(Math.abs(first.modifiedAt.getTime() - Date.now()) < 3_600_000);
    assert.deepEqual(
      rest.map(({ name, size, mode }) => ({ name, size, mode })),
      [{ name: `${name}-b`, size: 1, mode: 0o640 }],
    );
    const matching = (pattern: string): string[] => Segment.list(pattern).map(({ name }) => name);
    assert.deepEqual(matching(`${name}-?`), [`${name}-a`, `${name}-b`]);
    assert.deepEqual(matching(`${name}*b`), [`${name}-b`]);
    assert.deepEqual(matching(name), []);
    assert.deepEqual(matching(`*${hidden}*`), []);
    assert.deepEqual(matching(hidden), [hidden]);
    assert.ok(matching('*').includes(`${name}-a`));
  } finally {
    fs.rmSync(shmPath(hidden));
    a.unlink();
    b.unlink();
  }
});
