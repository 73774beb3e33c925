// Runtimes that give no SharedArrayBuffer over foreign memory (Deno, Electron): buffers are ArrayBuffers then, and
// `kind` says so. Played here by MEMSPAN_WITHOUT=sharedarraybuffer; the other side has real ones.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { forkWith, notify, Segment } from '../../src/index.ts';
import { leadChild, puppetPath, startChild } from '../support/puppets.ts';
import { shmPath, uniqueName, until } from '../support/segments.ts';

const env = { ...process.env, MEMSPAN_WITHOUT: 'sharedarraybuffer' };

test('segments of every kind are external, and the memory is the same', async () => {
  const name = uniqueName();
  const path = shmPath(uniqueName());
  using named = Segment.create(name, { size: 8 });
  using anonymous = Segment.anonymous(8);
  using file = Segment.file(path, { size: 8 });
  const segments = [named, anonymous, file];
  const child = await startChild({ env });
  const seen = await child.run(
    ({ memspan }, handles) => {
      return handles.map((handle) => {
        const segment = memspan.Segment.fromHandle(handle);
        const again = memspan.Segment.fromHandle(segment.handle);
        new Uint8Array(again.buffer)[0] = 7;
        const isPlain = segment.buffer instanceof ArrayBuffer;
        return [segment.kind, segment.handle.kind, segment.buffer.byteLength, isPlain];
      });
    },
    segments.map((segment) => segment.handle),
  );
  for (const [i, segment] of segments.entries()) {
    assert.deepEqual(seen[i], ['external', segment.kind, 8, true]);
    assert.equal(new Uint8Array(segment.buffer)[0], 7);
  }
  named.unlink();
  file.unlink();
});

test('it inherits, resizes, closes to zeros, and survives truncation', async () => {
  using segment = Segment.anonymous(8);
  const share = { a: segment };
  const child = await leadChild(forkWith(puppetPath, { share, env, serialization: 'advanced' }));
  const name = uniqueName();
  const seen = await child.run(({ memspan, fs }, name) => {
    const segment = memspan.inherited('a');
    segment.resize(10_000);
    new Uint8Array(segment.buffer)[9_999] = 1;
    const named = memspan.Segment.create(name, { size: 8192 });
    const bytes = new Uint8Array(named.buffer).fill(3);
    fs.truncateSync(`/dev/shm/${name}`, 1);
    const cut = [bytes[0], bytes[8191], named.status[0]];
    named.unlink();
    named.close();
    return [...cut, bytes[0]];
  }, name);
  assert.deepEqual(seen, [3, 0, 1, 0]);
  segment.resize();
  assert.equal(new Uint8Array(segment.buffer)[9_999], 1);
  assert.equal(fs.existsSync(shmPath(name)), false);
});

test('it can be waited on across processes', async () => {
  using segment = Segment.anonymous(8);
  const words = new Int32Array(segment.buffer);
  const child = await startChild({ env });
  const answer = child.run(({ memspan }, handle) => {
    const words = new Int32Array(memspan.Segment.fromHandle(handle).buffer);
    words[1] = 1;
    return memspan.wait(words, 0, 0, 20_000);
  }, segment.handle);
  await until(() => words[1] === 1 && notify(words, 0) === 1, 'the waiter');
  assert.equal(await answer, 'ok');
});
