// The least that must work wherever memspan is said to work: an installed package, one segment, two processes.
//   node scripts/smoke.mjs [folder in which memspan is installed]
//
// On Linux also a span with a mutex and a ring; elsewhere it says what it was told of them.
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ADDITIONS = 100_000;
const limitMs = 120_000; // watchdog

const root = fileURLToPath(new URL('..', import.meta.url));
const isChild = process.argv[2] === '--child';
const folder = path.resolve(process.argv[isChild ? 5 : 2] ?? root);
const { Segment, Span } = await import(
  pathToFileURL(createRequire(path.join(folder, 'package.json')).resolve('memspan')).href
);
if (isChild) await child(...process.argv.slice(3, 5));
else await parent();

async function parent() {
  const { platform, arch, version } = process;
  console.log(`memspan in ${folder}: ${platform} ${arch}, Node ${version}`);
  const name = `memspan-smoke-${process.pid}`;
  const segment = Segment.create(name, { size: 4096 });
  try {
    const other = start('add', name);
    const words = new Int32Array(segment.buffer);
    for (let i = 0; i < ADDITIONS; i += 1) Atomics.add(words, 0, 1);
    await other;
    expect('both processes have added to one word', words[0], 2 * ADDITIONS);
  } finally {
    segment.close();
    // On Windows a name goes with its last handle.
    if (process.platform !== 'win32') Segment.unlink(name);
  }
  const span = openSpan(`${name}-span`);
  if (span === undefined) return;
  const mutex = span.mutex('lock');
  const reader = span.ring('words', { capacity: 4096 }).reader();
  const guard = mutex.lock();
  const other = start('send', span.name);
  guard.release();
  let count = 0;
  for await (const message of reader) count += message.length;
  // The writer waits for it.
  reader.close();
  await other;
  expect('a ring has brought everything, and a mutex was handed over', count, 300);
  span.close();
}

/** Undefined where memspan says itself that it has no spans. */
function openSpan(name) {
  try {
    return Span.open(name, { lifetime: 'last-close' });
  } catch (error) {
    if (process.platform === 'linux' || error.code !== 'ERR_MEMSPAN_UNSUPPORTED') throw error;
    console.log(`no spans: ${error.message}`);
    return undefined;
  }
}

async function child(deed, name) {
  if (deed === 'add') {
    const segment = Segment.open(name);
    const words = new Int32Array(segment.buffer);
    for (let i = 0; i < ADDITIONS; i += 1) Atomics.add(words, 0, 1);
    segment.close();
    return;
  }
  const span = Span.open(name, { lifetime: 'last-close' });
  span.mutex('lock').lock().release();
  const writer = span.ring('words', { capacity: 4096 }).writer();
  for (let i = 0; i < 100; i += 1) await writer.sendAsync('abc');
  writer.close();
  await writer.finished();
  span.close();
}

function start(...args) {
  const script = fileURLToPath(import.meta.url);
  const other = fork(script, ['--child', ...args, folder], { timeout: limitMs });
  return new Promise((resolve, reject) => {
    other.once('error', reject);
    other.once('exit', (code, signal) =>
      code === 0 ? resolve() : reject(new Error(`the other process ended with ${signal ?? code}`)),
    );
  });
}

function expect(what, found, wanted) {
  if (found !== wanted) throw new Error(`not so: ${what}: ${found} instead of ${wanted}`);
  console.log(`ok: ${what}`);
}
