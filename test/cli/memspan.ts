// Runs `memspan` as users do: bin/memspan.js in a process of its own, with real pipes. No process outlives its test
// file, and none is waited for for ever.
import assert from 'node:assert/strict';
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import path from 'node:path';
import { after } from 'node:test';
import { root } from '../support/tree.ts';

const LIMIT_MS = 40_000;
export const bin: string = path.join(root, 'bin', 'memspan.js');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Standard output so far, unless somebody else reads it. */
  output(): Buffer;
  /** Standard error so far. */
  errors(): string;
  readonly ended: Promise<Ended>;
}

export interface StartOptions {
  /** Default: standard input is empty, the outputs are collected. */
  readonly stdio?: StdioOptions;
  readonly env?: NodeJS.ProcessEnv;
  /** Leaves standard output to the test. */
  readonly unread?: boolean;
  readonly execArgv?: readonly string[];
}

const running = new Set<ChildProcess>();

after(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts `memspan ARGS`. */
export function start(args: readonly string[], options: StartOptions = {}): Running {
  return startProgram(process.execPath, [...(options.execArgv ?? []), bin, ...args], options);
}

/** Runs `memspan ARGS` to its end, with nothing on standard input. */
export function memspan(...args: string[]): Promise<Ended> {
  return start(args).ended;
}

/** Starts any program under the same care. */
export function startProgram(
  program: string,
  args: readonly string[],
  { stdio = ['ignore', 'pipe', 'pipe'], env = {}, unread = false }: StartOptions = {},
): Running {
  const child = spawn(program, args, { stdio, env: { ...plainEnvironment(), ...env } });
  running.add(child);
  const stdout: Buffer[] = [];
  let stderr = '';
  if (!unread) child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // Who writes to a process that has ended is told by its end.
  child.stdin?.on('error', () => {});
  const ended = new Promise<Ended>((resolve, reject) => {
    const hung = (): void => {
      child.kill('SIGKILL');
      reject(new Error(`hung: ${path.basename(program)} ${args.join(' ')}\n${stderr}`));
    };
    const watchdog = setTimeout(hung, LIMIT_MS);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(watchdog);
      running.delete(child);
      resolve({ code, signal, stdout: Buffer.concat(stdout), stderr });
    });
  });
  // Met by whoever awaits it.
  ended.catch(() => {});
  return {
    child,
    pid: child.pid as number,
    output: () => Buffer.concat(stdout),
    errors: () => stderr,
    ended,
  };
}

/** Without what makes output coloured or other than a user's. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR, NO_COLOR, CI, MEMSPAN_DEBUG, ...rest } = process.env;
  return rest;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** The error that a command with --json ended with: one line of stderr, exit code 1. */
export function failureOf({ code, signal, stderr }: Ended): Failure {
  const lines = stderr.trimEnd().split('\n');
  assert.deepEqual([code, signal, lines.length], [1, null, 1], stderr);
  return (JSON.parse(lines[0] as string) as { error: Failure }).error;
}

/** The line that a command without --json ended with; exit code 1. */
export function lineOf({ code, signal, stderr }: Ended): string {
  assert.deepEqual([code, signal, stderr.split('\n').length], [1, null, 2], stderr);
  assert.match(stderr, /^memspan: .+\. .+\n$/);
  return stderr.trimEnd();
}
