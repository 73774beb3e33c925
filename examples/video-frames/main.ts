// A camera, two filters and an encoder, each a process, and frames that go from one to the next without being copied.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { forkWith, type Pool, Span } from 'memspan';
import type { Written } from './encoder.ts';
import { chunks, type Filter, type Frame, filters, poolsIn, spanSizeFor } from './frame.ts';

const help = `main [--frames N] [--rate HZ] [--width N] [--height N] [--out FOLDER] [--kill N]
  --frames  of the video (60)
  --rate    frames a second of the camera (30)
  --width   pixels (320)
  --height  pixels (240)
  --out     where the PNG files stay (a temporary folder, where they do not)
  --kill    the blur filter is killed in the midst of frame N, and started again (0: it is not)`;

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '60' },
    rate: { type: 'string', default: '30' },
    width: { type: 'string', default: '320' },
    height: { type: 'string', default: '240' },
    out: { type: 'string' },
    kill: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit();
}
const frames = number('frames', 1, 9999);
const rate = number('rate', 1, 1000);
const size = { width: number('width', 3, 8192), height: number('height', 3, 8192) };
const kill = number('kill', 0, 9999);

const temporary = values.out === undefined ? mkdtempSync(path.join(tmpdir(), 'video-')) : undefined;
const folder = path.resolve(values.out ?? (temporary as string));
mkdirSync(folder, { recursive: true });
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

using span = Span.anonymous({ size: spanSizeFor(size), as: 'main' });
const pools = poolsIn(span, size);
const shape = [`${size.width}`, `${size.height}`];

// Whoever is to get the first frame must be there before it is published.
const encoder = start('encoder', [folder, ...shape]);
await Promise.all([once(encoder, 'message'), ...filters.map((filter) => startFilter(filter))]);
console.log(`${frames} frames of ${size.width} × ${size.height}, ${rate} a second`);
start('camera', [...shape, `${frames}`, `${rate}`]);
const [[written]] = await Promise.all([once(encoder, 'message'), once(encoder, 'exit')]);

for (const { filter, files, damaged } of written as Written[]) {
  const missing = frames - files;
  console.log(`${filter.padEnd(6)} ${files} files, ${damaged} damaged, ${missing} missing`);
  if (damaged > 0) process.exitCode = 1;
}
const free = [pools.raw, ...filters.map((filter) => pools.filtered[filter])].map(countFree);
console.log(`chunks that can be had in the end: ${free.join(', ')} of ${chunks} each`);
if (free.some((count) => count !== chunks)) process.exitCode = 1;

/** Starts it, and again when it is killed; resolves when it is ready. */
async function startFilter(filter: Filter, killAt = filter === 'blur' ? kill : 0): Promise<void> {
  const child = start('filter', [filter, ...shape, `${killAt}`], () => {
    console.log(`${filter} was killed in the midst of frame ${killAt}: it is started again`);
    void startFilter(filter, 0);
  });
  await once(child, 'message');
}

/** How many loans can be had at the same time: all chunks, unless the dead have kept some. */
function countFree(pool: Pool<Frame, Frame, Frame>): number {
  using writer = pool.writer(); // gives them all back
  let count = 0;
  while (writer.tryLoan() !== null) count++;
  return count;
}

/** What ends badly ends everything, but for being killed if `onKilled` says what to do then. */
function start(name: string, args: readonly string[], onKilled?: () => void): ChildProcess {
  const extension = path.extname(import.meta.url); // .js, or .ts where Node runs that
  const script = new URL(`${name}${extension}`, import.meta.url);
  const child = forkWith(script, { share: { video: span.segment } }, args);
  children.add(child);
  child.once('exit', (code, signal) => {
    children.delete(child);
    if (signal === 'SIGINT') process.exit(130); // Ctrl-C, which it has heard before us
    if (signal === 'SIGKILL' && onKilled !== undefined) onKilled();
    else if (code !== 0) throw new Error(`${name} has ended with ${signal ?? code}`);
  });
  return child;
}

type Numeric = 'frames' | 'rate' | 'width' | 'height' | 'kill';
function number(name: Numeric, min: number, max: number): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  console.error(`--${name} is a whole number from ${min} to ${max}`);
  process.exit(2);
}
