// The weights of a model: once in each of N processes, then once for all of them. What do they occupy?

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Segment } from 'memspan';
import { readDigits } from './digits.ts';
import { type Memory, memoryOf } from './memory.ts';
import type { Answer, Order, Prediction, Source } from './protocol.ts';

const help = `main [--workers N] [--hidden N] [--train N] [--images N] [--seed N]
  --workers   inference processes (4)
  --hidden    units of the hidden layer (64000): 300 bytes of weights each
  --train     digits to train with, up to 1000 (1000)
  --images    digits to recognise, up to 797 others (200)
  --seed      of the random weights (1)`;

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '4' },
    hidden: { type: 'string', default: '64000' },
    train: { type: 'string', default: '1000' },
    images: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit();
}
const workers = number('workers', 1, 64);
const images = number('images', 1, 797);
const first = 1000; // the digits before it are for training

const folder = mkdtempSync(path.join(tmpdir(), 'model-weights-'));
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const file = path.join(folder, 'weights');
await trainInto(file);
const copies = await infer({ file });
const segment = loadOnce(file);
const shared = await infer({ segment: segment.handle }, () => segment.close());
report(copies, shared);

interface Result {
  readonly predictions: readonly Prediction[];
  readonly memory: readonly Memory[];
}

async function trainInto(file: string): Promise<void> {
  console.log(`training with ${values.train} digits`);
  const start = performance.now();
  const options = [number('hidden', 1, 1e6), number('train', 1, first), number('seed', 0, 2 ** 31)];
  const trainer = launch('train', file, ...options.map(String));
  const [code] = await once(trainer, 'exit');
  if (code !== 0) throw new Error(`the training has ended with ${code}`);
  const seconds = (performance.now() - start) / 1000;
  console.log(`trained in ${seconds.toFixed(1)} s`);
}

/** The file's bytes in memory of their own, which others can open. */
function loadOnce(file: string): Segment {
  const fd = openSync(file, 'r');
  const segment = Segment.anonymous(fstatSync(fd).size);
  const bytes = new Uint8Array(segment.bulk);
  for (let at = 0; at < bytes.length; ) at += readSync(fd, bytes, at, bytes.length - at, at);
  closeSync(fd);
  return segment;
}

/** Lets all workers predict, each its share, and looks at their memory before it lets them go. */
async function infer(source: Source, onLoaded = () => {}): Promise<Result> {
  const processes = Array.from({ length: workers }, () => launch('worker'));
  await Promise.all(processes.map((child) => ask(child, { load: source })));
  onLoaded(); // they have it; it lives as long as one of them does
  const answers = await Promise.all(
    processes.map((child, worker) => {
      const all = Array.from({ length: images }, (_, i) => first + i);
      return ask(child, { predict: all.filter((digit) => digit % workers === worker) });
    }),
  );
  const memory = processes.map((child) => memoryOf(child.pid as number));
  await Promise.all(
    processes.map((child) => {
      child.disconnect(); // ends it
      return once(child, 'exit');
    }),
  );
  return { predictions: answers.flat().sort((a, b) => a.digit - b.digit), memory };
}

function launch(name: string, ...args: string[]): ChildProcess {
  const extension = path.extname(import.meta.url); // .js, or .ts where Node runs that
  const child = fork(new URL(`${name}${extension}`, import.meta.url), args);
  children.add(child);
  child.once('exit', (_, signal) => {
    children.delete(child);
    if (signal === 'SIGINT') process.exit(130); // Ctrl-C, which it has heard before us
  });
  return child;
}

function ask(child: ChildProcess, order: Order): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const failed = (code: unknown) => reject(new Error(`a worker has ended with ${code}`));
    child.once('exit', failed);
    child.once('message', (answer: Answer) => {
      child.off('exit', failed);
      resolve(answer);
    });
    child.send(order);
  });
}

function report(copies: Result, shared: Result): void {
  const labels = readDigits().map(({ label }) => label);
  const right = shared.predictions.filter(({ digit, guess }) => guess === labels[digit]).length;
  const isEqual = JSON.stringify(copies.predictions) === JSON.stringify(shared.predictions);
  const rows = [
    ['', 'Rss of each', 'Pss of each', 'Pss of all', 'of it shared'],
    row('a copy in each', copies.memory),
    row('one segment for all', shared.memory),
  ];
  console.log(`${images} digits, ${workers} processes, ${right} recognised`);
  for (const [title = '', ...cells] of rows) {
    console.log(title.padEnd(20) + cells.map((cell) => cell.padStart(14)).join(''));
  }
  console.log(`saved: ${megabytes(pssOf(copies) - pssOf(shared))}`);
  console.log(`every score of the one is ${isEqual ? 'equal to' : 'DIFFERENT from'} the other's`);
  if (!isEqual) process.exitCode = 1;
}

function row(title: string, memory: readonly Memory[]): string[] {
  const sum = (of: keyof Memory) => memory.reduce((all, one) => all + one[of], 0);
  const cells = [sum('rss') / workers, sum('pss') / workers, sum('pss'), sum('shared')];
  return [title, ...cells.map(megabytes)];
}

function pssOf({ memory }: Result): number {
  return memory.reduce((all, { pss }) => all + pss, 0);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function number(
  name: 'workers' | 'hidden' | 'train' | 'images' | 'seed',
  min: number,
  max: number,
): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  console.error(`--${name} is a whole number from ${min} to ${max}`);
  process.exit(2);
}
