// `memspan shell` on real terminals (tmux): shells of one name, that see each other's text, locks and deaths.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { board, open, pidOf, script, type, waits } from './shell.ts';
import { shows, skip } from './terminal.ts';

test('what one shell writes the other one reads; each sees the other', { skip }, async (t) => {
  const name = board(t);
  const left = await open(t, name, '--as left');
  assert.match(left.screen(), new RegExp(`made; it stays until \`memspan rm ${name}\``));
  const right = await open(t, name, '--as right');
  assert.match(right.screen(), /^found\nhere: left \(pid \d+\); help lists the commands$/m);
  assert.match(right.screen(), /^memspan-test-[\d-]+> *$/m);
  await type(left, 'w grüße from the left', /^version 1$/m);
  await type(left, 'i 41', /^counter 41$/m);
  await type(right, 'i', /^counter 42$/m);
  const screen = await type(right, 'r', /^text/m);
  assert.match(screen, /^version 1\ncounter 42\ntext {4}grüße from the left$/m);
  const who = await type(right, 'who', /^lock free · semaphore 0 · items 0 of 8$/m);
  assert.match(who, /^left +\d+ +memspan\.js +\d+ s\n/m);
  assert.match(who, /^right +\d+ +memspan\.js +\d+ s +this shell\n/m);
});

test('who holds the lock is shown, and who waits for it gets it', { skip }, async (t) => {
  const name = board(t);
  const left = await open(t, name, '--as left');
  const right = await open(t, name, '--as right');
  await type(left, 'lock', /^locked\n.* \(locked\)> *$/m);
  await type(left, 'lock', /this thread holds it already/);
  await type(right, 'lock', /^held by left \(pid \d+\): waiting; Ctrl-C ends it$/m);
  await waits(name, 'right', 'lock');
  assert.match(right.screen(), new RegExp(`held by left \\(pid ${pidOf(name, 'left')}\\)`));
  const who = await type(left, 'who', /^lock held by left \(pid \d+\) · /m);
  assert.match(who, /^right .* waits: lock$/m);
  assert.match(who, /^left .* this shell, holds lock$/m);
  await type(left, 'unlock', /^unlocked$/m);
  await shows(right, /^locked$/m);
  await type(left, 'unlock', /this shell does not hold the lock \(right \(pid/);
});

test('a holder that is killed is reported to who waits', { skip }, async (t) => {
  const name = board(t);
  const left = await open(t, name, '--as left');
  const right = await open(t, name, '--as right');
  await type(left, 'lock', /^locked$/m);
  await type(right, 'lock', /^held by left/m);
  await waits(name, 'right', 'lock');
  const pid = pidOf(name, 'left');
  process.kill(pid, 'SIGKILL');
  await shows(left, /exit code 137$/m);
  await shows(
    right,
    new RegExp(`^locked, but its owner, left \\(pid ${pid}\\), died while holding it:$`, 'm'),
  );
  await type(right, 'unlock', /^unlocked$/m);
  assert.equal(String((await script(name, ['lock'])).stdout), 'locked\n');
});

test('read-only: it reads, and writes are refused', { skip }, async (t) => {
  const name = board(t);
  const writer = await open(t, name, '--as writer');
  await type(writer, 'w hello', /^version 1$/m);
  const pane = await open(t, name, '--read-only');
  assert.match(pane.screen(), /^mapped read-only\nhere: writer \(pid \d+\); /m);
  await type(pane, 'r', /^text {4}hello\n.* \(read-only\)> *$/m);
  await type(pane, 'w bye', /> w bye\nmemspan: view: the memory is mapped read-only/);
  await type(pane, 'lock', /> lock\nmemspan: Span\.fromSegment /);
  await type(writer, 'r', /^text {4}hello$/m);
});
