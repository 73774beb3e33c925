// The programs of examples/, started as their READMEs say: the first `console` block of a README is a command and what it
// has printed. A test adds options that make it short, and compares what is printed but for the numbers in it.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { read, root } from '../support/tree.ts';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

const LIMIT_MS = 60_000;
const running = new Set<ChildProcess>();
// Their temporary files, so that what they leave behind is seen.
const folder = mkdtempSync(path.join(tmpdir(), 'memspan-test-examples-'));
after(() => {
  for (const child of running) child.kill('SIGKILL');
  const left = readdirSync(folder);
  rmSync(folder, { recursive: true });
  assert.deepEqual(left, [], 'temporary files that were left behind');
});

/** What the README shows: the command without `$`, and its output. */
export function shownFor(example: string): { command: string[]; output: string } {
  const readme = read(`examples/${example}/README.md`);
  const block = /^```console\n\$ ([^\n]*)\n(.*?)^```$/ms.exec(readme);
  assert.ok(block, `examples/${example}/README.md shows no run`);
  return { command: (block[1] as string).split(' '), output: block[2] as string };
}

/** Runs the command that the README shows, with more options, to its good end; it prints what the README shows. */
export async function runAsShown(example: string, ...more: string[]): Promise<string> {
  const { command, output } = shownFor(example);
  const ended = await start([...command, ...more]).ended;
  assert.deepEqual([ended.code, ended.errors], [0, ''], ended.output);
  assert.equal(shapeOf(ended.output), shapeOf(output));
  return ended.output;
}

/** The text less its numbers and the room that they take, and less what is inside of frames. */
function shapeOf(text: string): string {
  return text
    .replace(/^│.*│$/gm, '│')
    .replace(/-?\d+(?:[.,]\d+)*/g, '#')
    .replace(/ +/g, ' ')
    .trim();
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** When this has been printed. */
  printed(text: string): Promise<void>;
}

/** `command` begins with node. */
export function start([program, ...args]: readonly string[]): Running {
  assert.equal(program, 'node');
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a process group, as a shell would make it
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  running.add(child);
  let output = '';
  let errors = '';
  let onChange = () => {};
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    onChange();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal, output, errors });
    });
  });
  const printed = (text: string) =>
    new Promise<void>((resolve, reject) => {
      onChange = () => output.includes(text) && resolve();
      onChange();
      void ended.then(() => reject(new Error(`it ended before ${text}\n${output}${errors}`)));
    });
  return { child, ended, printed };
}

/** Types Ctrl-C when it has printed `text`: all its processes get SIGINT. It ends with 130 and says nothing. */
export async function interrupt(example: string, text: string, ...more: string[]): Promise<void> {
  const { child, ended, printed } = start([...shownFor(example).command, ...more]);
  await printed(text);
  process.kill(-(child.pid as number), 'SIGINT');
  const { code, signal, errors } = await ended;
  assert.deepEqual([code, signal, errors], [130, null, '']);
}

/** Ends it as a service manager may, without a word to its children: these must be gone, too. */
export async function terminate(example: string, text: string, ...more: string[]): Promise<void> {
  const { child, ended, printed } = start([...shownFor(example).command, ...more]);
  await printed(text);
  child.kill('SIGTERM');
  // Its children have its standard output; it is closed when the last of them has gone.
  const { code, signal } = await ended;
  assert.deepEqual([code, signal], [143, null]);
}

/** `--help` names every option of the README's table, and an unknown one is refused. */
export async function helps(example: string): Promise<void> {
  const { command } = shownFor(example);
  const program = command.slice(0, 2);
  const [help, unknown] = await Promise.all([
    start([...program, '--help']).ended,
    start([...program, '--no-such-option']).ended,
  ]);
  assert.deepEqual([help.code, help.errors], [0, '']);
  const options = (text: string) =>
    [...new Set(text.match(/--[a-z-]+/g))].filter((name) => name !== '--help').sort();
  const table = read(`examples/${example}/README.md`).match(/^\| `--.*$/gm) ?? [];
  assert.deepEqual(options(help.output), options(table.join('\n')));
  assert.notEqual(unknown.code, 0);
  assert.match(unknown.errors, /--no-such-option/);
}
