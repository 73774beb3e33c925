// On a real terminal of 80×24 (tmux): the waiting line, the progress line, the demo's bars, colours and their absence.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { needs } from '../support/extras.ts';
import { shmPath, uniqueName, until } from '../support/segments.ts';
import { bin, memspan, start } from './memspan.ts';

const skip = needs('tmux');
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

interface Pane {
  /** What is on the screen now. */
  screen(): string;
  /** The same with colours. */
  coloured(): string;
  /** All that was ever written to it, with its escape sequences: also what was there for a moment only. */
  written(): string;
  keys(...keys: string[]): void;
}

/** A shell that runs `memspan COMMAND` and then shows its exit code. */
function run(t: TestContext, command: string, env = ''): Pane {
  const session = uniqueName();
  t.after(() => tmux('kill-session', '-t', session));
  // It starts when everything is recorded. The trap: Ctrl-C ends the command, and the shell goes on.
  const line = `read start; printf "\\033[H\\033[2J"; trap : INT; ${env} "${process.execPath}" "${bin}" ${command}; echo "exit code $?"; exec cat`;
  tmux('new-session', '-d', '-s', session, '-x', '80', '-y', '24', `sh -c '${line}'`);
  const record = path.join(os.tmpdir(), session);
  t.after(() => fs.rmSync(record, { force: true }));
  tmux('pipe-pane', '-t', session, `cat > "${record}"`);
  tmux('send-keys', '-t', session, 'Enter');
  return {
    written: () => fs.readFileSync(record, 'utf8'),
    screen: () => tmux('capture-pane', '-p', '-t', session),
    coloured: () => tmux('capture-pane', '-p', '-e', '-t', session),
    keys: (...keys) => void tmux('send-keys', '-t', session, ...keys),
  };
}

async function shows(pane: Pane, text: RegExp): Promise<string> {
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

test('send of a file shows a bar, amounts, a rate, and at the end a summary', {
  skip,
}, async (t) => {
  const name = uniqueName();
  const pane = run(t, `send ${name} < "${process.execPath}"`);
  await shows(pane, /waiting for a receiver… \(memspan recv /);
  const receiver = start(['recv', name], { unread: true });
  const read = receiver.child.stdout!;
  // What nobody reads does not arrive: it stands still midway.
  await until(() => read.read() !== null, 'the first bytes');
  await shows(pane, /^send \S+ +█*░+ +\d+% +[\d.]+ MB of [\d.]+ MB +[\d.]+ .?B\/s/m);
  read.resume();
  const screen = await shows(pane, /exit code 0/);
  assert.match(screen, /^sent [\d.]+ MB in [\d.]+ s \([\d.]+ [kMG]B\/s\)\nexit code 0$/m);
  assert.equal((await receiver.ended).code, 0);
});

test('recv shows amounts and a rate; --quiet shows nothing', { skip }, async (t) => {
  for (const quiet of ['', '--quiet ']) {
    const name = uniqueName();
    const pane = run(t, `recv ${quiet}${name} > /dev/null`);
    if (quiet === '') await shows(pane, /waiting for a sender…/);
    const sender = start(['send', name], { stdio: ['pipe', 'pipe', 'pipe'] });
    sender.child.stdin?.write('x'.repeat(2000));
    if (quiet === '') await shows(pane, /^recv \S+ +2\.0 kB +[\d.]+ k?B\/s$/m);
    sender.child.stdin?.end();
    const screen = await shows(pane, /exit code 0/);
    assert.match(screen, quiet === '' ? /received 2\.0 kB in .*\nexit/ : /^exit code 0/);
    assert.equal((await sender.ended).code, 0);
  }
});

test('what is typed is sent, Ctrl-D ends it', { skip }, async (t) => {
  const name = uniqueName();
  const pane = run(t, `send ${name}`);
  const receiver = start(['recv', name]);
  await shows(pane, /type; Ctrl-D ends/);
  pane.keys('hello', 'Enter');
  await until(() => String(receiver.output()) === 'hello\n', 'the line');
  pane.keys('C-d');
  await shows(pane, /exit code 0/);
  assert.equal((await receiver.ended).code, 0);
});

test('Ctrl-C clears the line and leaves nothing', { skip }, async (t) => {
  for (const command of ['send', 'recv']) {
    const name = uniqueName();
    const pane = run(t, `${command} ${name} < /dev/zero > /dev/null`);
    await shows(pane, /waiting for/);
    pane.keys('C-c');
    const screen = await shows(pane, /exit code 130/);
    assert.ok(!screen.includes('waiting'), 'a clear line');
    assert.ok(!fs.existsSync(shmPath(name)));
  }
});

test('ls cuts long names to the width of the terminal', { skip }, async (t) => {
  const name = `${uniqueName()}-${'long'.repeat(40)}`;
  Segment.create(name, { size: 4096 }).close();
  t.after(() => Segment.unlink(name));
  const screen = await shows(run(t, `ls "${name.slice(0, 30)}*"`), /exit code 0/);
  const rows = screen.split('\n').filter((line) => line.startsWith(name.slice(0, 20)));
  assert.equal(rows.length, 1);
  assert.match(rows[0] as string, /long…|lon…|lo…|l….* 4\.0 KiB /);
  assert.ok((rows[0] as string).length <= 80);
  assert.match(String((await memspan('ls', name)).stdout), new RegExp(`^${name} `, 'm'));
});

test('the demo draws bars and colours; with NO_COLOR no colours', { skip }, async (t) => {
  const pane = run(t, 'demo --quick');
  const screen = await shows(pane, /exit code 0/);
  assert.match(screen, /^ +memspan +[\d,]+ +[\d,]+ +[\d.]+ µs +✓$/m);
  assert.ok(!/[█░]/.test(screen), 'every bar has become a row');
  assert.ok(pane.coloured().includes('\x1b[3'));
  await until(() => /process\.send +[^\n]*█/.test(pane.written()), 'a bar');

  const plain = run(t, 'demo --quick', 'NO_COLOR=1');
  await shows(plain, /exit code 0/);
  assert.ok(!plain.coloured().includes('\x1b'));
});
