// The core for macOS and the segments over it, run on Linux with stand-ins for what only macOS has (test/fixtures/darwin):
// `npm run check:darwin`. What a Mac does differently is not seen here.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { darwin } from '../../src/binding.ts';
import * as memspan from '../../src/index.ts';
import { type Puppet, startChild, startWorker } from '../support/puppets.ts';
import { leftovers, uniqueName } from '../support/segments.ts';

const { Segment } = memspan;
const PAGE = 16384;

/** A name of 30 bytes at most, taken away at the end. */
function name(t: { after(work: () => void): void }): string {
  const own = uniqueName();
  assert.ok(own.length <= 30);
  t.after(() => void Segment.unlink(own));
  return own;
}

function run(program: string, env: NodeJS.ProcessEnv = {}): [number | null, string] {
  const index = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);
  const args = ['--input-type=module', '-e', `import * as memspan from ${index};${program}`];
  const options = { encoding: 'utf8', env: { ...process.env, ...env }, timeout: 60_000 } as const;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, options);
  return [status, `${signal ?? ''}${stdout}${stderr}`];
}

test('it is the core for macOS that is loaded, with the stand-ins below it', () => {
  assert.notEqual(darwin, undefined);
  assert.match(process.env.LD_PRELOAD ?? '', /\/macos\.so$/);
});

test('create here, open there: one memory; exact for who makes it, whole pages for who opens it', async (t) => {
  const own = name(t);
  using segment = Segment.create(own, { size: 100_001 });
  assert.deepEqual(
    [segment.size, segment.buffer.byteLength, segment.name],
    [100_001, 100_001, own],
  );
  assert.deepEqual([segment.created, segment.readOnly], [true, false]);
  const words = new Int32Array(segment.buffer, 0, 2);
  words[0] = 41;
  const child = await startChild();
  const seen = await child.run(({ memspan, kept }, own) => {
    const segment = memspan.Segment.open(own);
    kept.segment = segment;
    const words = new Int32Array(segment.buffer, 0, 2);
    return [segment.size, segment.created, Atomics.add(words, 0, 1)];
  }, own);
  assert.deepEqual([seen, words[0]], [[7 * PAGE, false, 41], 42]);
  using again = Segment.openOrCreate(own, { size: 100_001 });
  assert.deepEqual([again.size, again.created], [100_001, false]);
  assert.throws(() => Segment.create(own, { size: 8 }), { code: 'ERR_MEMSPAN_EXISTS' });
  assert.throws(() => Segment.openOrCreate(own, { size: 8 }), {
    code: 'ERR_MEMSPAN_SIZE_MISMATCH',
  });
});

test('two processes and a worker add 100,000 each to one word, none is lost', async (t) => {
  const own = name(t);
  using segment = Segment.create(own, { size: 4096 });
  const puppets = await Promise.all([startChild(), startChild(), startWorker()]);
  const add = (puppet: Puppet): Promise<void> =>
    puppet.run(({ memspan }, own) => {
      const segment = memspan.Segment.open(own);
      const words = new Int32Array(segment.buffer);
      for (let i = 0; i < 100_000; i++) Atomics.add(words, 0, 1);
      segment.close();
    }, own);
  await Promise.all(puppets.map(add));
  assert.equal(new Int32Array(segment.buffer)[0], 300_000);
});

test('unlink: the name goes, who has it open keeps it, and the name can be another’s', (t) => {
  const own = name(t);
  using segment = Segment.create(own, { size: 8 });
  new Int32Array(segment.buffer)[0] = 7;
  assert.deepEqual([Segment.unlink(own), Segment.unlink(own)], [true, false]);
  assert.throws(() => Segment.open(own), { code: 'ERR_MEMSPAN_NOT_FOUND' });
  using other = Segment.create(own, { size: 8 });
  assert.deepEqual(
    [segment, other].map(({ buffer }) => new Int32Array(buffer)[0]),
    [7, 0],
  );
});

test('closed: zeros, writes that reach nobody, and ERR_MEMSPAN_CLOSED', (t) => {
  const own = name(t);
  const segment = Segment.create(own, { size: 8, populate: true });
  using other = Segment.open(own);
  const [closed, open] = [segment, other].map(({ buffer }) => new Int32Array(buffer));
  const { bulk } = segment;
  (open as Int32Array)[0] = 7;
  segment.close();
  segment.close();
  assert.deepEqual([closed?.[0], bulk.byteLength, open?.[0]], [0, 0, 7]);
  (closed as Int32Array)[0] = 8;
  assert.equal(open?.[0], 7);
  for (const use of [() => segment.buffer, () => segment.flush(), () => segment.bulk]) {
    assert.throws(use, { code: 'ERR_MEMSPAN_CLOSED' });
  }
  assert.throws(() => memspan.wait(closed as Int32Array, 0, 0, 10), { code: 'ERR_MEMSPAN_CLOSED' });
  assert.throws(() => memspan.notify(closed as Int32Array, 0), { code: 'ERR_MEMSPAN_CLOSED' });
});

test('anonymous memory, flush, and buffers that outlive their segments', () => {
  for (let i = 0; i < 200; i++) {
    using segment = Segment.anonymous(100_001, { lock: i % 10 === 0 });
    assert.equal(segment.buffer.byteLength, 100_001);
    const bytes = new Uint8Array(segment.bulk);
    bytes[100_000] = i + 1;
    assert.equal(new Uint8Array(segment.buffer)[100_000], i + 1 - (i > 254 ? 256 : 0));
    segment.flush();
    segment.flush({ offset: 5, length: 7 });
    assert.throws(() => segment.flush({ offset: 100_002 }), { name: 'RangeError' });
  }
});

test('a write to a read-only segment ends the process', (t) => {
  const own = name(t);
  using segment = Segment.create(own, { size: 8 });
  new Int32Array(segment.buffer)[0] = 7;
  const open = `const words = new Int32Array(memspan.Segment.open('${own}', { readOnly: true }).buffer);`;
  assert.deepEqual(run(`${open} console.log(words[0]);`), [0, '7\n']);
  const [status, text] = run(`${open} words[0] = 8; console.log('alive');`);
  assert.deepEqual([status, text.slice(0, 7)], [null, 'SIGSEGV']);
  assert.equal(new Int32Array(segment.buffer)[0], 7);
});

test('what it cannot do is refused, and nothing is left', async (t) => {
  const own = name(t);
  using segment = Segment.anonymous(4096);
  const words = new Int32Array(segment.buffer);
  const { posix, sysv } = {
    posix: await import('../../src/os/posix.ts'),
    sysv: await import('../../src/os/sysv.ts'),
  };
  const refused: Record<string, () => unknown> = {
    init: () => Segment.create(own, { size: 8, init: () => {} }),
    span: () => memspan.Span.open(own),
    'anonymous span': () => memspan.Span.anonymous(),
    waitAsync: () => memspan.waitAsync(words, 0, 0),
    list: () => Segment.list(),
    file: () => Segment.file('/tmp/x', { size: 8 }),
    handle: () => segment.handle,
    resize: () => segment.resize(8192),
    'resize to what it is': () => segment.resize(),
    lifeline: () => segment.lifeline(0),
    isHeld: () => segment.isHeld(0),
    unlink: () => segment.unlink(),
    isLinked: () => segment.isLinked,
    shm_open: () => posix.shm_open(own, posix.O_CREAT | posix.O_RDWR, 0o600),
    semget: () => sysv.semget(1, 1, 0o600),
  };
  for (const [what, call] of Object.entries(refused)) {
    assert.throws(
      call,
      { code: 'ERR_MEMSPAN_UNSUPPORTED', message: /macOS.*docs\/platforms\.md/ },
      what,
    );
  }
  assert.deepEqual(leftovers(), []);
  // All went well with the memory.
  assert.equal(memspan.wait(words, 0, 0, 1), 'timed-out');
});

test('workers load the core and end; the main thread goes on, and what they opened is closed', async (t) => {
  const own = name(t);
  using segment = Segment.create(own, { size: 8 });
  const workers = await Promise.all(Array.from({ length: 8 }, () => startWorker()));
  await Promise.all(
    workers.map((worker) =>
      worker.run(({ memspan, kept }, own) => {
        const segment = memspan.Segment.open(own);
        kept.segment = segment;
        Atomics.add(new Int32Array(segment.buffer), 0, 1);
      }, own),
    ),
  );
  await Promise.all(workers.map((worker) => worker.kill()));
  assert.equal(new Int32Array(segment.buffer)[0], 8);
});
