// Compiles a firmware, starts it and a reader on shared memory of fixed size, and restarts the firmware when it hangs.

import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { forkWith, Segment, spawnWith } from 'memspan';
import { cHeader, initialize, size } from './telemetry.ts';

const help = `main [--samples N] [--rate HZ] [--watchdog MS] [--hang N]
  --samples   to be read, then it ends (20000)
  --rate      readings a second, of four sensors each (1000)
  --watchdog  after so many milliseconds without a sign of life the firmware is restarted (1000)
  --hang      after so many samples the first firmware hangs (0: it does not)
CC is the compiler (cc).`;

const { values } = parseArgs({
  options: {
    samples: { type: 'string', default: '20000' },
    rate: { type: 'string', default: '1000' },
    watchdog: { type: 'string', default: '1000' },
    hang: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit();
}
const samples = number('samples', 4, 1e9);
const rate = number('rate', 1, 1e6);
const watchdogMs = number('watchdog', 10, 1e6);
const hang = number('hang', 0, 2e9);

const folder = mkdtempSync(path.join(tmpdir(), 'embedded-'));
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const program = await compile();
const telemetry = Segment.anonymous(size);
const shared = initialize(telemetry.buffer);
console.log(`${size} bytes of shared memory`);

// They end when it does.
const parent = `${process.pid}`;
let restarts = 0;
let isOver = false;
const reader = own(forkWith(scriptOf('reader'), { share: { telemetry } }, [`${samples}`, parent]));
await Promise.race([once(reader, 'message'), once(reader, 'exit')]); // ready
const firmware = runFirmware();
const [code] = await Promise.race([once(reader, 'exit'), firmware]);
isOver = true;
Atomics.store(shared.stop, 0, 1);
await firmware;
console.log(`firmware: ${restarts} restarts`);
process.exitCode = code ?? 1;

/** The path of the program. */
async function compile(): Promise<string> {
  const source = besideThis('firmware.c');
  const program = path.join(folder, 'firmware');
  writeFileSync(path.join(folder, 'telemetry.h'), cHeader());
  const options = ['-std=gnu11', '-O2', `-I${folder}`];
  await promisify(execFile)(process.env.CC ?? 'cc', [...options, source, '-o', program, '-lm']);
  return program;
}

/** Starts it, and again whenever the watchdog has ended it. */
async function runFirmware(): Promise<never[]> {
  for (let hangAfter = hang; ; hangAfter = 0) {
    // Its descriptor 3 is the shared memory.
    const stdio = ['ignore', 'inherit', 'inherit'] as const;
    const options = { stdio: [...stdio], share: { telemetry } };
    const process = own(spawnWith(program, [`${rate}`, `${hangAfter}`, parent], options));
    const watching = watch(process);
    const [code, signal] = await once(process, 'exit');
    clearInterval(watching);
    if (isOver) return [];
    // Only now, or there would be two who write.
    if (signal !== 'SIGKILL') throw new Error(`the firmware has ended with ${signal ?? code}`);
    restarts++;
  }
}

/** Ends the firmware when its counter has stood still for too long. */
function watch(firmware: ChildProcess): NodeJS.Timeout {
  let last = 0;
  let changedAt = performance.now();
  return setInterval(() => {
    const now = performance.now();
    const counter = Atomics.load(shared.watchdog, 0);
    if (counter !== last) [last, changedAt] = [counter, now];
    else if (now - changedAt >= watchdogMs) {
      console.log('the firmware gives no sign of life: it is started again');
      firmware.kill('SIGKILL');
      changedAt = now;
    }
  }, watchdogMs / 4);
}

/** The script beside this one: .js, or .ts where Node runs that. */
function scriptOf(name: string): URL {
  return new URL(`${name}${path.extname(import.meta.url)}`, import.meta.url);
}

/** The file beside this source, also when what runs is compiled to dist/. */
function besideThis(name: string): string {
  const near = fileURLToPath(new URL(name, import.meta.url));
  if (existsSync(near)) return near;
  return fileURLToPath(new URL(`../../../examples/embedded/${name}`, import.meta.url));
}

function own(child: ChildProcess): ChildProcess {
  children.add(child);
  child.once('exit', (_, signal) => {
    children.delete(child);
    if (signal === 'SIGINT') process.exit(130); // Ctrl-C, which it has heard before us
  });
  return child;
}

type Numeric = 'samples' | 'rate' | 'watchdog' | 'hang';
function number(name: Numeric, min: number, max: number): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  console.error(`--${name} is a whole number from ${min} to ${max}`);
  process.exit(2);
}
