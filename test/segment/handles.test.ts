// Handles: what a process lends to another by a few plain words, and what becomes of forged, worn-out and
// mistyped ones. A handle opens the very object it was made for, or nothing.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment, type SegmentHandle } from '../../src/index.ts';
import { startChild } from '../support/puppets.ts';
import { codeOf, shmPath, uniqueName } from '../support/segments.ts';

const INVALID = 'ERR_MEMSPAN_INVALID_ARGUMENT';
const NOT_FOUND = 'ERR_MEMSPAN_NOT_FOUND';

test('an unrelated process opens a handle: named, anonymous, file; also as JSON', async () => {
  const name = uniqueName();
  const path = shmPath(uniqueName());
  using named = Segment.create(name, { size: 10 });
  using anonymous = Segment.anonymous(10);
  using file = Segment.file(path, { size: 10 });
  const child = await startChild();
  for (const segment of [named, anonymous, file]) {
    new Uint8Array(segment.buffer)[9] = 1;
    const handle = JSON.parse(JSON.stringify(segment.handle));
    const seen = await child.run(({ memspan, kept }, handle) => {
      kept.segment = memspan.Segment.fromHandle(handle);
      const bytes = new Uint8Array(kept.segment.buffer);
      bytes[0] = 2;
      const { kind, name, size, created, readOnly } = kept.segment;
      return { kind, name, size, created, readOnly, byte: bytes[9] };
    }, handle);
    const { kind, size } = segment;
    const label = kind === 'file' ? path : segment.name;
    assert.deepEqual(seen, { kind, name: label, size, created: false, readOnly: false, byte: 1 });
    assert.equal(new Uint8Array(segment.buffer)[0], 2);
  }
  named.unlink();
  file.unlink();
});

test('a handle leads to its object when the name is gone or has passed to another', async () => {
  const name = uniqueName();
  const first = Segment.create(name, { size: 8 });
  new Uint8Array(first.buffer)[0] = 1;
  const { handle } = first;
  first.unlink();
  using second = Segment.create(name, { size: 8 });
  const child = await startChild();
  const open = (): Promise<number | undefined> =>
    child.run(({ memspan }, handle) => {
      return new Uint8Array(memspan.Segment.fromHandle(handle).buffer)[0];
    }, handle);
  assert.equal(await open(), 1);
  first.close();
  await assert.rejects(open(), { code: NOT_FOUND });
  second.unlink();
});

test('a handle of a closed segment, or of a process that is gone, is ERR_MEMSPAN_NOT_FOUND', async () => {
  const anonymous = Segment.anonymous(8);
  const { handle } = anonymous;
  anonymous.close();
  assert.equal(
    codeOf(() => Segment.fromHandle(handle)),
    NOT_FOUND,
  );
  assert.equal(
    codeOf(() => anonymous.handle),
    'ERR_MEMSPAN_CLOSED',
  );

  const lender = await startChild();
  const lent = await lender.run(({ memspan, kept }) => {
    kept.segment = memspan.Segment.anonymous(8);
    return kept.segment.handle;
  });
  Segment.fromHandle(lent).close();
  await lender.kill();
  assert.throws(() => Segment.fromHandle(lent), {
    code: NOT_FOUND,
    message: new RegExp(String(lender.pid)),
  });
});

test('a segment that was opened by handle outlives its lender', async () => {
  const lender = await startChild();
  const handle = await lender.run(({ memspan, kept }) => {
    kept.segment = memspan.Segment.anonymous(8);
    new Uint8Array(kept.segment.buffer)[0] = 77;
    return kept.segment.handle;
  });
  using segment = Segment.fromHandle(handle);
  await lender.kill();
  assert.equal(new Uint8Array(segment.buffer)[0], 77);
  using again = Segment.fromHandle(segment.handle);
  assert.equal(new Uint8Array(again.buffer)[0], 77);
});

test('access comes with the handle, and can be narrowed', () => {
  using segment = Segment.anonymous(8);
  using readOnly = Segment.fromHandle(segment.handle, { readOnly: true });
  assert.equal(readOnly.readOnly, true);
  assert.equal(Segment.fromHandle(readOnly.handle).readOnly, true);
  using copy = Segment.fromHandle(readOnly.handle, { private: true });
  assert.equal(copy.readOnly, false);
  new Uint8Array(copy.buffer)[0] = 1;
  assert.equal(new Uint8Array(segment.buffer)[0], 0);
});

test('a forged handle opens nothing: another inode, descriptor, process, or a name that leads elsewhere', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 8 });
  using other = Segment.anonymous(8);
  using nameless = Segment.anonymous(8);
  const { fd: otherFd } = other.handle;
  const stranger = await startChild();
  const nullFd = fs.openSync('/dev/null', 'r');
  const forgeries: Partial<SegmentHandle>[] = [
    { ino: '1' },
    { ino: '' },
    { ino: ' ' },
    { ino: `${nameless.handle.ino}.0` },
    { dev: '0' },
    { fd: otherFd },
    { fd: nullFd },
    { fd: 0 },
    { fd: 2 ** 31 },
    { fd: Number.MAX_SAFE_INTEGER },
    { pid: stranger.pid },
    { pid: 0 },
    { pid: 2 ** 31 },
    { pid: 1e300 },
    { kind: 'named', name },
    { kind: 'named', name: 'memspan-test-no-such-thing' },
    { kind: 'file', name: '/dev/zero' },
    { kind: 'file', name: '/dev/shm' },
    { kind: 'file', name: shmPath(name) },
  ];
  const before = fs.readdirSync('/proc/self/fd').length;
  for (const forgery of forgeries) {
    // One of the two ways to an object may be true; the identity decides.
    const isLost = !('name' in forgery);
    const code = codeOf(() => Segment.fromHandle({ ...nameless.handle, ...forgery }).close());
    assert.equal(code, isLost ? NOT_FOUND : undefined, JSON.stringify(forgery));
  }
  for (const name of ['', '..', 'a/b', '/etc/passwd', 'x'.repeat(256), 'nul\0']) {
    assert.match(
      String(codeOf(() => Segment.fromHandle({ ...nameless.handle, kind: 'named', name }))),
      /ERR_MEMSPAN_INVALID_(NAME|ARGUMENT)/,
    );
  }
  assert.equal(fs.readdirSync('/proc/self/fd').length, before);
  fs.closeSync(nullFd);
  segment.unlink();
});

test('what is no handle is refused: missing parts, wrong types, tricks with prototypes and getters', () => {
  using segment = Segment.anonymous(8);
  const { handle } = segment;
  const parts: [keyof SegmentHandle, unknown[]][] = [
    ['memspan', ['ring', '', null, 1]],
    ['version', [0, 2, '1', null]],
    ['kind', ['external', 'toString', '__proto__', '', null, 1]],
    ['pid', [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null, {}, 1n]],
    ['fd', [-1, 1.5, Number.NaN, '3', null, [], '../../../etc/passwd']],
    ['dev', [1, 1n, null, {}]],
    ['ino', [1, 1n, null, {}]],
    ['readOnly', ['false', 0, null]],
    ['name', ['x', null, 5, {}, '']],
  ];
  for (const [part, values] of parts) {
    for (const value of part === 'name' ? values : [undefined, ...values]) {
      const forged = { ...handle, [part]: value } as unknown as SegmentHandle;
      assert.equal(
        codeOf(() => Segment.fromHandle(forged)),
        INVALID,
        `${part}: ${String(value)}`,
      );
    }
  }
  for (const handle of [undefined, null, 1, 'x', Symbol(''), () => {}, [], {}, new Map()]) {
    assert.equal(
      codeOf(() => Segment.fromHandle(handle as unknown as SegmentHandle)),
      INVALID,
    );
  }
  // Each part is read once: it cannot change between the look and the use.
  let reads = 0;
  const shifty = {
    ...handle,
    get fd() {
      return ++reads === 1 ? handle.fd : ('../../../../etc/passwd' as unknown as number);
    },
  };
  Segment.fromHandle(shifty).close();
  assert.equal(reads, 1);
  assert.equal(Segment.fromHandle(Object.create(handle)).size, 8);
});
