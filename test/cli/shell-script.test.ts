// `memspan shell` without a terminal: commands from standard input, answers as text and as JSON, the line that fails.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { uniqueName, until } from '../support/segments.ts';
import { bin, type Ended, failureOf, lineOf, memspan, start, startProgram } from './memspan.ts';
import { board, script, startScript } from './shell.ts';

/** The answers of a script with --json, without their line numbers; it must have ended well. */
function answers({ code, stdout, stderr }: Ended): Record<string, unknown>[] {
  assert.deepEqual([code, stderr], [0, '']);
  return String(stdout)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('each command is answered; empty lines and comments are not commands', async (t) => {
  const name = board(t);
  const lines = [
    '# a script',
    '',
    'w  two spaces ',
    'i 7',
    'd 9',
    '  r',
    'p a',
    'p b',
    'g',
    'post',
  ];
  const { code, stdout, stderr } = await script(name, [
    ...lines,
    'wait',
    'lock',
    'unlock',
    'q',
    'r',
  ]);
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(String(stdout).split('\n'), [
    'version 1',
    'counter 7',
    'counter -2',
    'version 1',
    'counter -2',
    'text     two spaces',
    'items 1 of 8',
    'items 2 of 8',
    'a',
    'semaphore 1',
    'semaphore 0',
    'locked',
    'unlocked',
    '',
  ]);
});

test('with --json each answer is a line, which says of what', async (t) => {
  const name = board(t);
  const lines = ['w grüße', '', 'i', 'r', 'p one', 'who', 'g', 'fill 2', 'help w'];
  const [w, i, r, p, who, g, fill, help, ...rest] = answers(await script(name, lines, '--json'));
  assert.deepEqual(w, { line: 1, command: 'w', version: 1 });
  assert.deepEqual(i, { line: 3, command: 'i', counter: 1 });
  assert.deepEqual(r, { line: 4, command: 'r', version: 1, counter: 1, text: 'grüße' });
  assert.deepEqual(p, { line: 5, command: 'p', items: 1, capacity: 8 });
  assert.ok(who);
  const [one, ...others] = who.participants as Record<string, unknown>[];
  assert.deepEqual(
    [one?.name, one?.program, one?.alive, one?.isThisShell, one?.holdsLock, one?.waitsFor, others],
    ['shell', 'memspan.js', true, true, false, [], []],
  );
  assert.deepEqual([who.semaphore, who.items, who.capacity], [0, 1, 8]);
  assert.deepEqual(g, { line: 7, command: 'g', text: 'one' });
  assert.deepEqual([fill?.fills, typeof fill?.seconds], [2, 'number']);
  assert.deepEqual(help?.commands, [{ usage: 'w TEXT', help: 'write the text: 1 more version' }]);
  assert.deepEqual(rest, []);
});

test('a command that fails says its line and what to do, and ends the script', async (t) => {
  const wrong: [line: string, message: RegExp][] = [
    ['nix', /there is no command 'nix'\. `help` lists the commands$/],
    ['r now', /r takes nothing, not 'now'\. `help r` explains it$/],
    ['i five', /i takes a whole number, not 'five'\. For example: i 5$/],
    ['i 2147483648', /i: 0 and 2147483648 are more than 32 bits hold\. /],
    [`w ${'ü'.repeat(511)}`, /w: the text has 1,022 bytes of UTF-8, 1,020 are allowed\. /],
    [`p ${'x'.repeat(257)}`, /p: the text has 257 bytes of UTF-8, 256 are allowed\. /],
    ['w a\0b', /w: a text has no zeros\. /],
    ['unlock', /this shell does not hold the lock \(nobody does\)\. `lock` takes it$/],
    ['fill 0', /fill takes a number from 1 up, not 0\. /],
    ['help nix', /there is no command 'nix'/],
  ];
  await Promise.all(
    wrong.map(async ([line, message]) => {
      const ended = await script(board(t), ['i 0', '', line, 'i 0']);
      assert.match(lineOf(ended), /^memspan: line 3: /);
      assert.match(lineOf(ended), message);
      assert.equal(String(ended.stdout), 'counter 0\n');
    }),
  );
});

test('with --json the failure is a line of JSON', async (t) => {
  const { code, message, remedy } = failureOf(await script(board(t), ['lock', 'lock'], '--json'));
  assert.equal(code, 'ERR_MEMSPAN_DEADLOCK');
  assert.match(message, /^line 2: mutex\.lock .*: this thread holds it already/);
  assert.match(remedy, /^Release it first/);
});

test('texts of the greatest length arrive whole', async (t) => {
  const name = board(t);
  const [text, item] = ['ü'.repeat(510), `${'x'.repeat(252)}🙂`];
  const [, r, , g] = answers(await script(name, [`w ${text}`, 'r', `p ${item}`, 'g'], '--json'));
  assert.deepEqual([r?.text, g?.text], [text, item]);
});

test('what somebody else has written cannot command the terminal', async (t) => {
  const name = board(t);
  await script(name, ['w \x1b[31mred']);
  assert.match(String((await script(name, ['r'])).stdout), /^text {4}\\x1b\[31mred$/m);
});

test('q ends it, and so does a failure, while standard input stays open', async (t) => {
  const name = board(t);
  for (const [line, code] of [
    ['q', 0],
    ['nix', 1],
  ] as const) {
    const running = startScript(name);
    running.child.stdin?.write(`${line}\n`);
    assert.equal((await running.ended).code, code);
    running.child.stdin?.end();
  }
});

test('one waits for a permit, another one posts it', async (t) => {
  const name = board(t);
  const waiting = startScript(name);
  waiting.child.stdin?.end('wait\nw after the post\n');
  // On stderr: answers only on stdout.
  await until(() => waiting.errors() !== '', 'the news');
  assert.equal(waiting.errors(), 'memspan: line 1: no permit: waiting for a post\n');
  await script(name, ['post']);
  const { code, stdout } = await waiting.ended;
  assert.deepEqual([code, String(stdout)], [0, 'semaphore 0\nversion 1\n']);
});

test('the ring holds up who puts while it is full; nothing is lost or given twice', async (t) => {
  const name = board(t);
  const [writers, readers, each] = [3, 2, 30];
  const ends: Promise<Ended>[] = [];
  for (let writer = 0; writer < writers; writer++) {
    const lines = Array.from({ length: each }, (_, i) => `p ${writer}:${i}`);
    ends.push(script(name, lines, '--json'));
  }
  const gets = Array.from({ length: (writers * each) / readers }, () => 'g');
  const received = await Promise.all(
    Array.from({ length: readers }, () => script(name, gets, '--json').then(answers)),
  );
  for (const end of await Promise.all(ends)) {
    for (const { items } of answers(end)) assert.ok((items as number) <= 8);
  }
  for (const texts of received.map((got) => got.map(({ text }) => text as string))) {
    for (let writer = 0; writer < writers; writer++) {
      const numbers = texts.flatMap((text) =>
        text.startsWith(`${writer}:`) ? [+text.slice(2)] : [],
      );
      assert.deepEqual(
        numbers,
        [...numbers].sort((a, b) => a - b),
        'in order',
      );
    }
  }
  const all = received.flat().map(({ text }) => text);
  assert.equal(all.length, writers * each);
  assert.equal(new Set(all).size, writers * each);
});

test('of what several shells add to the counter nothing is lost', async (t) => {
  const name = board(t);
  const lines = Array.from({ length: 300 }, () => 'i');
  await Promise.all([script(name, lines), script(name, lines), script(name, ['d 100'])]);
  const [r] = answers(await script(name, ['r'], '--json'));
  assert.equal(r?.counter, 500);
});

test('standard input that cannot be read is an error', async (t) => {
  const running = start(['shell', board(t)], { stdio: [openFolder(t), 'pipe', 'pipe'] });
  assert.match(lineOf(await running.ended), /standard input cannot be read \(EISDIR\)/);
});

function openFolder(t: { after(clean: () => void): void }): number {
  const fd = fs.openSync(os.tmpdir(), 'r');
  t.after(() => fs.closeSync(fd));
  return fd;
}

test('whoever has read enough ends it, with success', async (t) => {
  const running = startProgram('sh', [
    '-c',
    `yes r | "$0" "$1" shell ${board(t)} | head -1`,
    process.execPath,
    bin,
  ]);
  const { code, stdout, stderr } = await running.ended;
  assert.deepEqual([code, String(stdout), stderr], [0, 'version 0\n', '']);
});

test('names that cannot be shells are refused before anything is made', async (t) => {
  const raw = uniqueName();
  Segment.create(raw, { size: 4096 }).close();
  t.after(() => Segment.unlink(raw));
  assert.match(lineOf(await memspan('shell', raw)), /\. /);
  assert.equal(failureOf(await memspan('shell', raw, '--json')).code, 'ERR_MEMSPAN_NOT_A_SPAN');
  assert.match(lineOf(await memspan('shell', 'a/b')), /it contains a slash/);
  assert.match(lineOf(await memspan('shell', 'x', '--as', '')), /--as takes 1 to 64 bytes/);
});
