// On a real terminal of 80×24 (tmux): the waiting line, the progress line, the demo's bars, colours and their absence.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { shmPath, uniqueName, until } from '../support/segments.ts';
import { memspan, start } from './memspan.ts';
import { run, shows, skip } from './terminal.ts';

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

test('doctor breaks its lines at the width of the terminal; with NO_COLOR no colours', {
  skip,
}, async (t) => {
  const name = uniqueName();
  Segment.create(name, { size: 4096, mode: 0o666 }).close();
  t.after(() => Segment.unlink(name));
  const pane = run(t, `doctor ${name}`);
  const screen = await shows(pane, /exit code 0/);
  assert.match(
    screen,
    /^! \S+: mode 0666: every user of this machine can change it\n {2}→ `chmod /m,
  );
  assert.match(screen, /\n {4}\S/);
  assert.ok(screen.split('\n').every((line) => line.length <= 80));
  assert.ok(pane.coloured().includes('\x1b[33m'));
  const plain = run(t, `doctor ${name}`, 'NO_COLOR=1');
  await shows(plain, /exit code 0/);
  assert.ok(!plain.coloured().includes('\x1b'));
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
