// Two binaries of the core over one span: words, waiting, a mutex, rings, and who dies with a lock.
// By default this clone's and the package's; scripts/arm64.mjs and scripts/musl.mjs give others (foreigner.ts).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { f64, i64, notify, Span, struct, u16, utf8, waitAsync } from '../../src/index.ts';
import { type Child, startChild } from '../support/puppets.ts';
import { foreign, startForeigner } from './foreigner.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const name = `memspan-test-${process.pid}-exchange`;
const COUNT = 20_000;
const LIMIT_MS = 40_000;

let span: Span;
let foreigner: Child;

before(async () => {
  const made = spawnSync(process.execPath, ['scripts/prebuild.mjs', 'linux-x64-glibc'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(made.status, 0, made.stderr);
  span = Span.create(name, { size: 2 << 20 });
  foreigner = await attached(await startForeigner());
});

after(() => {
  span.close();
  Span.unlink(name);
});

/** `kept.span` is the span from then on. */
async function attached(child: Child): Promise<Child> {
  await child.run(({ memspan, kept }, which) => {
    kept.span = memspan.Span.open(which);
  }, name);
  return child;
}

test(`${foreign.name}: it is another binary, of the package`, async () => {
  const maps = await foreigner.run(({ fs }) => fs.readFileSync('/proc/self/maps', 'utf8'));
  assert.match(maps, /\/prebuilds\/linux-\w+\/memspan\.\w+\.node$/m);
});

test('words: additions of both are all there, and numbers mean the same', async () => {
  const bytes = span.bytes('words', { size: 8 });
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, 2);
  const adding = foreigner.run(async ({ kept }, count) => {
    const theirs = kept.span.bytes('words', { size: 8 });
    const view = new Int32Array(theirs.buffer, theirs.byteOffset, 2);
    Atomics.store(view, 1, 1);
    for (let i = 0; i < count; i++) {
      Atomics.add(view, 0, 1);
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }, COUNT);
  for (let i = 0; i < COUNT; i++) {
    Atomics.add(words, 0, 1);
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await adding;
  assert.deepEqual([...words], [2 * COUNT, 1]);

  const Record = struct({ short: u16, long: i64, real: f64, words: utf8(16) });
  const record = span.view('record', Record);
  Object.assign(record, { short: 65_535, long: -(2n ** 62n), real: Math.PI, words: 'größer' });
  const seen = await foreigner.run(({ memspan, kept }) => {
    const { u16, i64, f64, utf8, struct } = memspan;
    const theirs = kept.span.view(
      'record',
      struct({ short: u16, long: i64, real: f64, words: utf8(16) }),
    );
    const had = [theirs.short, `${theirs.long}`, theirs.real, theirs.words];
    Object.assign(theirs, { short: 1, long: 2n ** 62n, real: -0.5, words: 'zurück' });
    return had;
  });
  assert.deepEqual(seen, [65_535, `${-(2n ** 62n)}`, Math.PI, 'größer']);
  assert.deepEqual(
    [record.short, record.long, record.real, record.words],
    [1, 2n ** 62n, -0.5, 'zurück'],
  );
});

test('waiting: each wakes the other, a thousand times in turn', async () => {
  const bytes = span.bytes('turns', { size: 4 });
  const turn = new Int32Array(bytes.buffer, bytes.byteOffset, 1);
  const theirs = foreigner.run(({ memspan, kept }, limitMs) => {
    const own = kept.span.bytes('turns', { size: 4 });
    const word = new Int32Array(own.buffer, own.byteOffset, 1);
    for (let i = 0; i < 1000; i++) {
      while (Atomics.load(word, 0) !== 2 * i + 1) {
        if (memspan.wait(word, 0, 2 * i, limitMs) === 'timed-out') return i;
      }
      Atomics.store(word, 0, 2 * i + 2);
      memspan.notify(word, 0);
    }
    return 1000;
  }, LIMIT_MS);
  for (let i = 0; i < 1000; i++) {
    Atomics.store(turn, 0, 2 * i + 1);
    notify(turn, 0);
    while (Atomics.load(turn, 0) !== 2 * i + 2) {
      const { value } = waitAsync(turn, 0, 2 * i + 1, LIMIT_MS);
      if ((await value) === 'timed-out') assert.fail(`no answer to turn ${i}`);
    }
  }
  assert.equal(await theirs, 1000);
});

test('a mutex: no step of either is lost', async () => {
  const bytes = span.bytes('guarded', { size: 4 });
  const count = new Int32Array(bytes.buffer, bytes.byteOffset, 1);
  const mutex = span.mutex('guard');
  const theirs = foreigner.run(async ({ kept }) => {
    const own = kept.span.bytes('guarded', { size: 4 });
    const word = new Int32Array(own.buffer, own.byteOffset, 1);
    const lock = kept.span.mutex('guard');
    for (let i = 0; i < 2000; i++) {
      const guard = i % 2 === 0 ? lock.lock() : await lock.lockAsync();
      word[0] = (word[0] as number) + 1;
      guard.release();
    }
  });
  for (let i = 0; i < 2000; i++) {
    const guard = await mutex.lockAsync({ timeoutMs: LIMIT_MS });
    assert.ok(guard);
    count[0] = (count[0] as number) + 1;
    guard.release();
  }
  await theirs;
  assert.equal(count[0], 4000);
});

test('rings: each message once, in order, in both directions', async () => {
  const there = span.ring('there', { capacity: 4096 }).writer();
  const back = span.ring('back', { capacity: 4096 }).reader();
  const theirs = foreigner.run(async ({ kept }) => {
    const reader = kept.span.ring('there').reader();
    const writer = kept.span.ring('back').writer();
    for await (const message of reader) await writer.sendAsync(message);
    reader.close();
    writer.close();
  });
  const sending = (async () => {
    for (let i = 0; i < COUNT / 4; i++) await there.sendAsync(`${i}:${'x'.repeat(i % 99)}`);
    there.close();
  })();
  let expected = 0;
  const decoder = new TextDecoder();
  for await (const message of back) {
    assert.equal(decoder.decode(message), `${expected}:${'x'.repeat(expected % 99)}`);
    expected += 1;
  }
  await Promise.all([theirs, sending]);
  assert.equal(expected, COUNT / 4);
  back.close();
});

test('it is killed with the mutex: we get it, and hear of that', async () => {
  const mutex = span.mutex('theirs');
  const victim = await attached(await startForeigner());
  await victim.run(({ kept }) => {
    kept.span.mutex('theirs').lock();
  });
  assert.equal(mutex.tryLock(), null);
  const waiting = mutex.lockAsync({ timeoutMs: LIMIT_MS });
  await victim.kill();
  const guard = await waiting;
  assert.equal(guard?.ownerDied, true);
  guard.markConsistent();
  guard.release();
});

test('one of ours is killed with the mutex: it gets it, and hears of that', async () => {
  const victim = await attached(await startChild());
  await victim.run(({ kept }) => {
    kept.span.mutex('ours').lock();
  });
  const waiting = foreigner.run(async ({ kept }, limitMs) => {
    const guard = await kept.span.mutex('ours').lockAsync({ timeoutMs: limitMs });
    const ownerDied = guard?.ownerDied;
    guard?.markConsistent();
    guard?.release();
    return ownerDied;
  }, LIMIT_MS);
  // Its answer would come if it got the lock from who lives.
  const early = await Promise.race([
    waiting,
    new Promise((resolve) => setTimeout(resolve, 200, 'still waiting')),
  ]);
  assert.equal(early, 'still waiting');
  await victim.kill();
  assert.equal(await waiting, true);
  const guard = span.mutex('ours').lock();
  assert.equal(guard.ownerDied, false);
  guard.release();
});
