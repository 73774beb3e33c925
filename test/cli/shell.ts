// What tests of `memspan shell` have in common: names, shells at their prompt, lines that are typed, scripts.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { find, Span } from '../../src/index.ts';
import { uniqueName, until } from '../support/segments.ts';
import { type Ended, type Running, start } from './memspan.ts';
import { type Pane, run, shows } from './terminal.ts';

/** A folder for what shells remember. */
export function stateFolder(t: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'memspan-test-shell-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  return folder;
}

/** A name for shells, removed at the end. */
export function board(t: TestContext): string {
  const name = uniqueName();
  t.after(() => Span.unlink(name));
  return name;
}

/** A shell at its prompt, that remembers nothing unless `env` says otherwise. */
export async function open(
  t: TestContext,
  name: string,
  options = '',
  env = 'XDG_STATE_HOME=/dev/null',
): Promise<Pane> {
  const pane = run(t, `shell ${name} ${options}`, env);
  await shows(pane, /help lists the commands\n\S.*> *\n/);
  return pane;
}

/** Types a line; resolves when the text is on the screen. */
export function type(pane: Pane, line: string, answer: RegExp): Promise<string> {
  pane.keys('-l', line);
  pane.keys('Enter');
  return shows(pane, answer);
}

/** Resolves when a shell waits for that object. */
export function waits(name: string, as: string, object: string): Promise<void> {
  return until(
    () =>
      find({ kind: 'thread', name: `${name}/${as}` }).some(({ waitingOn }) =>
        waitingOn.some((wait) => wait.name.startsWith(object)),
      ),
    `${as} waiting for ${object}`,
  );
}

export function pidOf(name: string, as: string): number {
  return find({ kind: 'thread', name: `${name}/${as}` })[0]?.pid as number;
}

/** A shell without a terminal, whose standard input stays open. */
export function startScript(name: string, ...options: string[]): Running {
  return start(['shell', name, ...options], { stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Runs those lines to their end. */
export function script(
  name: string,
  lines: readonly string[],
  ...options: string[]
): Promise<Ended> {
  const running = startScript(name, ...options);
  running.child.stdin?.end(`${lines.join('\n')}\n`);
  return running.ended;
}
