// `memspan lab` on a real terminal of 80×24 (tmux): the list, an exercise with its picture, colours, and Ctrl-C.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { until } from '../support/segments.ts';
import { run, shows, skip } from './terminal.ts';

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'memspan-test-lab-'));
after(() => fs.rmSync(home, { recursive: true }));
const STATE = `XDG_STATE_HOME="${home}"`;

test('the list fits, and says what was done', { skip }, async (t) => {
  const exercise = run(t, 'lab named-lifetime', STATE);
  await shows(exercise, /exit code 0/);
  const pane = run(t, 'lab', STATE);
  const screen = await shows(pane, /exit code 0/);
  assert.match(screen, /^ +exercise +what is learned +done$/m);
  assert.match(screen, /^✓ +named-lifetime +A name outlives its processes +\d+ (s|min) ago$/m);
  assert.match(screen, /^1 of \d+ done\. Next: memspan lab counter$/m);
  assert.ok(pane.coloured().includes('\x1b[3'));
});

test('an exercise: the line while it happens, the picture, the question; in colours', {
  skip,
}, async (t) => {
  const pane = run(t, 'lab counter', STATE);
  const screen = await shows(pane, /exit code 0/);
  assert.match(screen, /^ {2}✓ really observed in [\d.]+ s$/m);
  assert.match(screen, /^ {2}Question {2}Both read 5/m);
  assert.ok(!screen.includes('it is happening'));
  assert.ok(pane.coloured().includes('\x1b[3'));
  await until(() => /it is happening…/.test(pane.written()), 'the line while it happens');
  await until(() => /[\d,]+ was due/.test(pane.written()), 'the picture');

  const plain = run(t, 'lab private-vs-shared', `NO_COLOR=1 ${STATE}`);
  const text = await shows(plain, /exit code 0/);
  assert.match(text, /^ {2}private {2}page 1 = 100 +100 +5 +6 +5$/m);
  assert.ok(!plain.coloured().includes('\x1b'));
});

test('Ctrl-C clears the line and leaves the terminal as it was', { skip }, async (t) => {
  const pane = run(t, 'lab --all', STATE);
  await shows(pane, /it is happening…/);
  pane.keys('C-c');
  const screen = await shows(pane, /exit code 130/);
  assert.ok(!screen.includes('it is happening'), 'a clear line');
  // The terminal echoes and the cursor is there, as before.
  pane.keys('still here');
  await shows(pane, /still here/);
});
