// The keys of `memspan shell` on a real terminal (tmux): Ctrl-C, Ctrl-D, history, completion; and colours.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../support/segments.ts';
import { board, open, pidOf, script, startScript, stateFolder, type, waits } from './shell.ts';
import { shows, skip } from './terminal.ts';

test('Ctrl-C clears the line and ends a wait, which has taken nothing', { skip }, async (t) => {
  const name = board(t);
  const pane = await open(t, name, '--as left');
  pane.keys('-l', 'w not this');
  await shows(pane, /> w not this$/m);
  pane.keys('C-c');
  await until(() => !pane.screen().includes('not this'), 'a clear line');
  pane.keys('C-c');
  await shows(pane, /^q or Ctrl-D quits$/m);
  await type(pane, 'g', /^the ring is empty: waiting for an item; Ctrl-C ends it$/m);
  await waits(name, 'left', 'items');
  pane.keys('C-c');
  await shows(pane, /g: given up\./);
  const { stdout } = await script(name, ['p for later']);
  assert.equal(String(stdout), 'items 1 of 8\n');
  await type(pane, 'g', /^for later$/m);
  await type(pane, 'r', /^version 0$/m);
});

test('Ctrl-D quits, q quits, and the terminal is as before', { skip }, async (t) => {
  const name = board(t);
  for (const leave of [['C-d'], ['q', 'Enter']]) {
    const pane = await open(t, name);
    pane.keys(...leave);
    await shows(pane, /^exit code 0$/m);
    // Echoed by the terminal, and shown again by cat: line by line, as before.
    pane.keys('-l', 'as before');
    pane.keys('Enter');
    await shows(pane, /^as before\nas before$/m);
  }
});

test('Ctrl-D while something is waited for quits, too, and so does SIGTERM', {
  skip,
}, async (t) => {
  const name = board(t);
  const pane = await open(t, name, '--as left');
  await type(pane, 'wait', /^no permit: waiting for a post; Ctrl-C ends it$/m);
  await waits(name, 'left', 'semaphore');
  pane.keys('C-d');
  await shows(pane, /^exit code 0$/m);

  const other = await open(t, name, '--as right');
  await type(other, 'lock', /^locked$/m);
  process.kill(pidOf(name, 'right'), 'SIGTERM');
  await shows(other, /exit code 143$/m);
  other.keys('-l', 'as before');
  other.keys('Enter');
  await shows(other, /^as before\nas before$/m);
  // It has left in order: nobody is told of a death.
  assert.equal(String((await script(name, ['lock'])).stdout), 'locked\n');
});

test('what was typed comes back: in this shell, and in the next', { skip }, async (t) => {
  const name = board(t);
  const folder = stateFolder(t);
  const state = `XDG_STATE_HOME="${folder}"`;
  const first = await open(t, name, '', state);
  await type(first, 'w to be repeated', /^version 1$/m);
  first.keys('Up');
  first.keys('Enter');
  await shows(first, /^version 2$/m);
  process.kill(pidOf(name, 'shell'), 'SIGKILL');
  await shows(first, /exit code 137$/m);
  const file = path.join(folder, 'memspan', 'shell-history');
  assert.equal(fs.readFileSync(file, 'utf8'), 'w to be repeated\nw to be repeated\n');
  assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  // Whatever is in it: what commands the terminal is left out, what is too much, too.
  fs.appendFileSync(file, `${'w old\n'.repeat(3000)}w last\nw \x1b[2J\n`);
  const next = await open(t, name, '', state);
  assert.equal(fs.readFileSync(file, 'utf8').split('\n').length, 1001);
  next.keys('Up');
  await shows(next, /> w last$/m);
  next.keys('Enter');
  await shows(next, /^version 3$/m);
});

test('Tab completes commands', { skip }, async (t) => {
  const pane = await open(t, board(t));
  pane.keys('-l', 'unl');
  pane.keys('Tab');
  await shows(pane, /> unlock$/m);
  pane.keys('C-c');
  pane.keys('-l', 'help wa');
  pane.keys('Tab');
  await shows(pane, /> help wait$/m);
  pane.keys('Enter');
  await shows(pane, /^wait +take a permit/m);
  // Two in a row, of which a terminal that is slow makes one piece, as of something that was pasted.
  await until(() => {
    pane.keys('Tab');
    return /^r +w +i +d/m.test(pane.screen());
  }, 'all commands');
});

test('fill goes on until Ctrl-C, and other shells read mixtures', { skip }, async (t) => {
  const name = board(t);
  const pane = await open(t, name);
  await type(pane, 'fill', /^writing a, b, c … in place/m);
  const reader = startScript(name);
  let reads = 0;
  await until(() => {
    const answers = String(reader.output());
    if (answers.match(/^text/gm)?.length === reads || reads === 0) {
      reader.child.stdin?.write('r\n');
      reads++;
    }
    return /^ {8}a mixture: \d+ × [a-z], \d+ × [a-z]/m.test(answers);
  }, 'a mixture');
  t.diagnostic(`${reads} reads`);
  reader.child.stdin?.end();
  assert.equal((await reader.ended).code, 0);
  pane.keys('C-c');
  const screen = await shows(pane, /^filled [\d,]+ times in /m);
  assert.match(screen, /span\.latest\('page', Page\)/);
  await type(pane, 'who', /^lock free/m);
});

test('where nothing can be remembered it works all the same; with NO_COLOR without colours', {
  skip,
}, async (t) => {
  const name = board(t);
  const plain = await open(t, name, '', 'XDG_STATE_HOME=/dev/null NO_COLOR=1');
  await type(plain, 'w hello', /^version 1$/m);
  assert.ok(!plain.coloured().includes('\x1b'));
  plain.keys('Up');
  await shows(plain, /> w hello$/m);
  const coloured = await open(t, name);
  assert.ok(coloured.coloured().includes('\x1b['));
});
