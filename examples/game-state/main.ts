// Draws the newest state of a world that another process computes, at a rate of its own, and starts that process again
// when it dies.

import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { forkWith, Span } from 'memspan';
import { draw } from './screen.ts';
import { isWhole, World } from './world.ts';

const help = `main [--frames N] [--rate HZ] [--kill N]
  --frames  of steps not seen before, then it ends (0: goes on until Ctrl-C)
  --rate    frames a second (30)
  --kill    after so many frames the physics is killed (0: it is not)`;

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '0' },
    rate: { type: 'string', default: '30' },
    kill: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit();
}
const frames = number('frames', 0, 1e9);
const rate = number('rate', 1, 1000);
const kill = number('kill', 0, 1e9);

const isScreen = process.stdout.isTTY;
process.once('exit', () => {
  physics?.kill('SIGKILL');
  if (isScreen) process.stdout.write('\x1b[?25h'); // the cursor
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

using span = Span.anonymous({ as: 'renderer' });
const latest = span.latest('world', World);
const reader = latest.reader();
let physics: ChildProcess | undefined;
let restarts = 0;
let isOver = false;
startPhysics();

let drawn = 0;
let broken = 0;
let lastStep = -1;
if (isScreen) process.stdout.write('\x1b[?25l\x1b[2J');
while (frames === 0 || drawn < frames) {
  // Null: nothing newer. What is on the screen is still the newest there is.
  const world = reader.tryReceive();
  if (world !== null) show(world);
  await delay(1000 / rate);
}
isOver = true;
physics?.kill();
console.log(
  `${drawn} frames, ${broken} broken, ${reader.missed} steps not drawn, ${restarts} restarts`,
);
if (broken > 0) process.exitCode = 1;

function show(world: World): void {
  if (!isWhole(world) || world.step <= lastStep) broken++;
  lastStep = world.step;
  drawn++;
  const title = `frame ${drawn}, step ${world.step}`;
  if (isScreen) process.stdout.write('\x1b[H');
  console.log(`${title}\n${draw(world)}`);
  if (drawn === kill) physics?.kill('SIGKILL');
}

function startPhysics(): void {
  const script = new URL(`physics${path.extname(import.meta.url)}`, import.meta.url); // .js, or .ts where Node runs that
  physics = forkWith(script, { share: { game: span.segment } });
  physics.once('exit', (code, signal) => {
    if (isOver) return;
    if (signal === 'SIGINT') process.exit(130); // Ctrl-C, which it has heard before us
    if (signal !== 'SIGKILL') throw new Error(`the physics has ended with ${signal ?? code}`);
    restarts++;
    startPhysics();
  });
}

function number(name: 'frames' | 'rate' | 'kill', min: number, max: number): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  console.error(`--${name} is a whole number from ${min} to ${max}`);
  process.exit(2);
}
