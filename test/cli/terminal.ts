// A real terminal for tests (tmux), of 80×24 unless it is to be wider: keys in, screen out. Each pane is a session that ends with its test.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, type TestContext } from 'node:test';
import { needs } from '../support/extras.ts';
import { uniqueName, until } from '../support/segments.ts';
import { bin } from './memspan.ts';

/** For node:test's `skip`. */
export const skip: false | string = needs('tmux');
const SERVER = `memspan-test-${process.pid}`;
const tmux = (...args: string[]): string => {
  const { NO_COLOR, ...env } = process.env;
  const done = spawnSync('tmux', ['-L', SERVER, '-f', '/dev/null', ...args], {
    env,
    encoding: 'utf8',
  });
  assert.equal(done.status, 0, `tmux ${args[0]}: ${done.error ?? done.stderr}`);
  return done.stdout;
};

// A server ends with its last session, and swallows a new one while it does: one session stays.
before(() => {
  if (!skip) tmux('new-session', '-d', '-s', 'stays', 'exec cat');
});
after(() => {
  if (!skip) tmux('kill-server');
});

export interface Pane {
  /** What is on the screen now. */
  screen(): string;
  /** The same with colours. */
  coloured(): string;
  /** All that was ever written to it, with its escape sequences: also what was there for a moment only. */
  written(): string;
  keys(...keys: string[]): void;
  /** Another size of the window. */
  resize(columns: number, rows: number): void;
  /** What a program that has ended must have put back. */
  state(): { readonly cursor: boolean; readonly alternateScreen: boolean };
}

/** A shell that runs `memspan COMMAND` and then shows its exit code; what is typed after that is echoed, and shown again by cat. */
export function run(t: TestContext, command: string, env = '', columns = 80): Pane {
  const session = uniqueName();
  t.after(() => tmux('kill-session', '-t', session));
  // It starts when everything is recorded. The trap: Ctrl-C ends the command, and the shell goes on.
  const line = `read start; printf "\\033[H\\033[2J"; trap : INT; ${env} "${process.execPath}" "${bin}" ${command}; echo "exit code $?"; exec cat`;
  const size = ['-x', String(columns), '-y', '24'];
  tmux('new-session', '-d', '-s', session, ...size, `sh -c '${line}'`);
  const record = path.join(os.tmpdir(), session);
  t.after(() => fs.rmSync(record, { force: true }));
  tmux('pipe-pane', '-t', session, `cat > "${record}"`);
  tmux('send-keys', '-t', session, 'Enter');
  return {
    written: () => fs.readFileSync(record, 'utf8'),
    screen: () => tmux('capture-pane', '-p', '-t', session),
    coloured: () => tmux('capture-pane', '-p', '-e', '-t', session),
    keys: (...keys) => void tmux('send-keys', '-t', session, ...keys),
    resize: (columns, rows) =>
      void tmux('resize-window', '-t', session, '-x', String(columns), '-y', String(rows)),
    state: () => {
      const asked = tmux('display-message', '-p', '-t', session, '#{cursor_flag} #{alternate_on}');
      const [cursor, alternate] = asked.trim().split(' ');
      return { cursor: cursor === '1', alternateScreen: alternate === '1' };
    },
  };
}

/** Resolves with the screen when the text is on it. */
export async function shows(pane: Pane, text: RegExp): Promise<string> {
  let screen = '';
  try {
    await until(() => {
      screen = pane.screen();
      return text.test(screen);
    }, String(text));
  } catch (error) {
    throw new Error(`${error}\n${screen}`);
  }
  return screen;
}
