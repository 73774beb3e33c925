// A peer makes the object shorter while this side is using it (truncate(2); on its own that is SIGBUS, and
// the end of the process). The pages that are gone read as zeros, the process goes on, and the next operation
// says ERR_MEMSPAN_TRUNCATED.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { native } from '../../src/binding.ts';
import { Segment } from '../../src/index.ts';
import { type Puppet, startChild, startWorker, type Tools } from '../support/puppets.ts';
import { shmPath, uniqueName, until } from '../support/segments.ts';

const PAGE = 4096;
const SIZE = 64 * PAGE;
const TRUNCATED = 'ERR_MEMSPAN_TRUNCATED';

interface Memory {
  readonly buffer: SharedArrayBuffer;
  readonly bulk: ArrayBuffer;
}

/** Ways to use every page but the first, none of which may end the process. They travel as text. */
const reads: Record<string, (memory: Memory) => unknown> = {
  'a typed array is read': ({ buffer }) => new Uint8Array(buffer).reduce((a, b) => a + b),
  'atomics read': ({ buffer }) => {
    const words = new Int32Array(buffer);
    for (let i = 1024; i < words.length; i += 512) Atomics.load(words, i);
  },
  'a Buffer is copied out': ({ buffer }) => Buffer.from(buffer).copy(Buffer.alloc(64 * 4096)),
  'a typed array is set from it': ({ buffer }) =>
    new Uint8Array(64 * 4096).set(new Uint8Array(buffer)),
  'the bulk buffer is sliced': ({ bulk }) => new Uint8Array(bulk).slice(),
  'it is searched, compared and encoded': ({ buffer }) => {
    const bytes = Buffer.from(buffer);
    return bytes.toString('base64').length + bytes.indexOf('needle') + bytes.compare(bytes);
  },
};

const writes: Record<string, (memory: Memory) => unknown> = {
  'a typed array is filled': ({ buffer }) => new Uint8Array(buffer).fill(1, 4096),
  'atomics write': ({ buffer }) => {
    const words = new Int32Array(buffer);
    for (let i = 1024; i < words.length; i += 512) Atomics.add(words, i, 1);
  },
  'a DataView writes': ({ buffer }) => {
    const view = new DataView(buffer);
    for (let i = 4096; i < buffer.byteLength; i += 512) view.setFloat64(i, 1);
  },
  'a Buffer is copied in': ({ buffer }) =>
    Buffer.alloc(63 * 4096, 1).copy(Buffer.from(buffer), 4096),
  'a typed array is set': ({ buffer }) =>
    new Uint8Array(buffer).set(new Uint8Array(63 * 4096), 4096),
  'the bulk buffer is moved about': ({ bulk }) => new Uint8Array(bulk).copyWithin(4096, 8192),
};

for (const [where, start] of [
  ['a process', startChild],
  ['a worker', startWorker],
] as const) {
  test(`cut short by a peer in the middle of any use, in ${where}: zeros, and then an error`, async () => {
    const puppet = await start();
    for (const [what, use] of Object.entries({ ...reads, ...writes })) {
      const name = uniqueName();
      using segment = Segment.create(name, { size: SIZE });
      const words = new Int32Array(segment.buffer);
      words.fill(7, 1);
      const order = useUntilDamaged(puppet, name, use);
      await until(() => Atomics.load(words, 0) > 3, `the loop in which ${what}`);
      fs.truncateSync(shmPath(name), PAGE);
      const { status, rest, code } = await order;
      segment.unlink();
      assert.equal(status, 1, what);
      assert.equal(code, TRUNCATED, what);
      if (what in reads) assert.deepEqual(rest, new Uint8Array(SIZE - PAGE), what);
    }
    assert.equal(await puppet.run(() => 'alive'), 'alive');
  });
}

/** Uses the memory again and again; word 0 counts, on the page that stays. */
function useUntilDamaged(
  puppet: Puppet,
  name: string,
  use: (memory: Memory) => unknown,
): Promise<{ status: number | undefined; rest: Uint8Array; code: string }> {
  return puppet.run(
    async ({ memspan }, name, text) => {
      const segment = memspan.Segment.open(name);
      const { buffer, bulk } = segment;
      const words = new Int32Array(buffer);
      const use = new Function(`return ${text}`)();
      const deadline = Date.now() + 20_000; // a watchdog
      while (segment.status[0] === 0 && Date.now() < deadline) {
        use({ buffer, bulk });
        Atomics.add(words, 0, 1);
      }
      const rest = new Uint8Array(buffer).slice(4096);
      let code = 'none';
      try {
        void segment.buffer;
      } catch (error) {
        ({ code } = error as { code: string });
      }
      const [status] = segment.status;
      segment.close();
      return { status, rest, code };
    },
    name,
    String(use),
  );
}

test('cut short during a wait: it ends in time, and what is asked after says what happened', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: SIZE });
  const words = new Int32Array(segment.buffer);
  const child = await startChild();
  const order = child.run(async ({ memspan }, name) => {
    const segment = memspan.Segment.open(name);
    const words = new Int32Array(segment.buffer);
    const last = words.length - 1;
    const answerOf = async (ask: () => unknown): Promise<unknown> => {
      try {
        return await ask();
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const waitAsync = (): unknown => memspan.waitAsync(words, last, 0, 80).value;
    const pending = answerOf(waitAsync);
    Atomics.store(words, 0, 1);
    const during = [await answerOf(() => memspan.wait(words, last, 0, 80)), await pending];
    while (Atomics.load(words, 1) === 0) await new Promise(setImmediate);
    const seen = words[last];
    const after = [
      await answerOf(() => memspan.wait(words, last, 0, 80)),
      await answerOf(waitAsync),
      await answerOf(() => memspan.notify(words, last)),
      await answerOf(() => segment.buffer),
    ];
    return { during, seen, after };
  }, name);
  await until(() => Atomics.load(words, 0) === 1, 'the wait');
  fs.truncateSync(shmPath(name), PAGE);
  Atomics.store(words, 1, 1);
  const { during, seen, after } = await order;
  for (const answer of during) assert.ok(['timed-out', TRUNCATED].includes(String(answer)));
  assert.equal(seen, 0);
  assert.deepEqual(after, [TRUNCATED, TRUNCATED, TRUNCATED, TRUNCATED]);
  segment.unlink();
});

test('what a peer gives back is seen by whoever opens it again, not in the old buffer', () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 2 * PAGE });
  const bytes = new Uint8Array(segment.buffer);
  bytes.fill(7);
  fs.truncateSync(shmPath(name), 0);
  assert.deepEqual([bytes[0], bytes[PAGE]], [0, 0]);
  fs.truncateSync(shmPath(name), 2 * PAGE);
  using again = Segment.open(name);
  new Uint8Array(again.buffer).fill(8);
  assert.deepEqual([bytes[0], bytes[PAGE]], [0, 0]);
  assert.throws(() => segment.buffer, { code: TRUNCATED });
  assert.throws(() => segment.buffer, { code: TRUNCATED });
  segment.resize();
  assert.equal(new Uint8Array(segment.buffer)[0], 8);
  segment.unlink();
});

test('cut short between the look at its size and the mapping: as if it had been a moment later', () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: PAGE });
  const raw = native.map(segment.handle.fd, 2 * PAGE, 1);
  assert.ok(typeof raw === 'object');
  assert.equal(new Uint32Array(raw.status)[0], 1);
  assert.equal(new Uint8Array(raw.buffer)[PAGE], 0);
  segment.unlink();
});

test('read-only and private mappings are guarded in the same way', () => {
  for (const options of [{ readOnly: true }, { private: true }]) {
    const name = uniqueName();
    Segment.create(name, {
      size: 4 * PAGE,
      init: (made) => new Uint8Array(made.buffer).fill(7),
    }).close();
    using segment = Segment.open(name, options);
    const bytes = new Uint8Array(segment.buffer);
    if ('private' in options) bytes[2 * PAGE] = 9;
    fs.truncateSync(shmPath(name), PAGE);
    assert.deepEqual([bytes[0], bytes[PAGE], bytes[2 * PAGE]], [7, 0, 0]);
    bytes[3 * PAGE] = 1;
    assert.throws(() => segment.buffer, { code: TRUNCATED });
    Segment.unlink(name);
  }
});

test('a system call that is given cut-off memory fails, and nothing else does', () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 4 * PAGE });
  const random = fs.openSync('/dev/urandom', 'r');
  const bytes = new Uint8Array(segment.buffer);
  fs.truncateSync(shmPath(name), PAGE);
  assert.throws(() => fs.readSync(random, bytes, 2 * PAGE, PAGE, null), { code: 'EFAULT' });
  fs.closeSync(random);
  assert.equal(bytes[2 * PAGE], 0);
  segment.unlink();
});

test('damaged in more places than a process may have mappings: zeros everywhere, few mappings', async () => {
  // The limit is vm.max_map_count, 65,530 by default.
  const pages = 80_000;
  for (const order of ['ascending', 'descending'] as const) {
    const name = uniqueName();
    fs.writeFileSync(shmPath(name), '');
    fs.truncateSync(shmPath(name), pages * PAGE);
    const child = await startChild();
    const found = await child.run(touchEveryOther, name, pages, order);
    assert.deepEqual({ ...found, mappings: 0 }, { sum: 0, status: 1, mappings: 0 });
    assert.ok(found.mappings < 1000, `${found.mappings} mappings`);
    Segment.unlink(name);
  }
});

function touchEveryOther(
  { memspan, fs }: Tools,
  name: string,
  pages: number,
  order: 'ascending' | 'descending',
): { sum: number; status: number | undefined; mappings: number } {
  const segment = memspan.Segment.open(name);
  const bytes = new Uint8Array(segment.buffer);
  fs.truncateSync(`/dev/shm/${name}`, 4096);
  let sum = 0;
  for (let i = 1; i < pages; i += 2) {
    sum += bytes[(order === 'ascending' ? i : pages - i) * 4096] as number;
  }
  const mappings = fs.readFileSync('/proc/self/maps', 'utf8').split('\n').length;
  return { sum, status: segment.status[0], mappings };
}
