// Scripts of `memspan shell` that are killed, interrupted or that end with the lock; and those that only read.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { test } from 'node:test';
import { Span, struct, u32 } from '../../src/index.ts';
import { shmPath, uniqueName, until } from '../support/segments.ts';
import { failureOf, memspan, type Running } from './memspan.ts';
import { board, script, startScript } from './shell.ts';

async function holder(name: string): Promise<Running> {
  const running = startScript(name, '--as', 'holder');
  running.child.stdin?.write('lock\n');
  await until(() => String(running.output()).startsWith('locked'), 'the lock');
  return running;
}

/** What a script is told that locks. */
async function locked(name: string, ...more: string[]): Promise<Record<string, unknown>> {
  const { code, stdout } = await script(name, ['lock', ...more], '--json');
  assert.equal(code, 0);
  return JSON.parse(String(stdout).split('\n')[0] as string);
}

test('a holder that is killed is reported to the next one, until that one unlocks', async (t) => {
  const name = board(t);
  const witness = startScript(name);
  witness.child.stdin?.write('r\n');
  await until(() => String(witness.output()).includes('text'), 'the witness');
  const { child, pid, ended } = await holder(name);
  child.kill('SIGKILL');
  assert.equal((await ended).signal, 'SIGKILL');
  // Who dies in a shell's presence is seen in `who`.
  witness.child.stdin?.write('who\n');
  await until(() => /^lock .*\n/m.test(String(witness.output())), 'who');
  assert.match(String(witness.output()), new RegExp(`^holder +${pid} .* dead, holds lock$`, 'm'));
  assert.match(
    String(witness.output()),
    new RegExp(`^lock held by holder \\(pid ${pid}\\), dead`, 'm'),
  );
  // One that leaves without unlocking leaves it as it was.
  const first = await locked(name, 'q');
  assert.deepEqual([first.ownerDied, first.pid], [true, pid]);
  assert.equal((await locked(name, 'unlock')).ownerDied, true);
  assert.equal((await locked(name, 'unlock')).ownerDied, false);
  witness.child.stdin?.end();
  assert.equal((await witness.ended).code, 0);
});

test('when all were killed, the next one finds what they left', async (t) => {
  const name = board(t);
  const running = await holder(name);
  running.child.stdin?.write('w left\np item\ni 3\n');
  await until(() => String(running.output()).endsWith('counter 3\n'), 'the last answer');
  running.child.kill('SIGKILL');
  await running.ended;
  const { stdout, stderr, code } = await script(name, ['r', 'g', 'lock', 'unlock', 'lock']);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(
    String(stdout),
    /^version 1\ncounter 3\ntext {4}left\nitem\nlocked, but its owner, holder .*\n.*\nunlocked\nlocked\n$/,
  );
});

test('a signal ends a script that holds the lock in order', async (t) => {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  await Promise.all(
    Object.entries(codes).map(async ([signal, code]) => {
      const name = board(t);
      const { child, ended } = await holder(name);
      child.kill(signal as NodeJS.Signals);
      assert.equal((await ended).code, code);
      assert.equal((await locked(name)).ownerDied, false, signal);
    }),
  );
});

test('a script that ends or fails with the lock gives it up', async (t) => {
  const name = board(t);
  assert.equal((await locked(name)).ownerDied, false);
  assert.equal((await script(name, ['lock', 'nix'])).code, 1);
  assert.equal((await locked(name)).ownerDied, false);
});

test('read-only: r and who, and not a byte is changed', async (t) => {
  const name = board(t);
  await script(name, ['w hello', 'i 5', 'p item', 'post']);
  const writer = await holder(name);
  const hash = () =>
    createHash('sha256')
      .update(fs.readFileSync(shmPath(name)))
      .digest('hex');
  const before = hash();
  const { code, stdout } = await script(name, ['r', 'who', 'help r', 'q'], '--read-only', '--json');
  assert.equal(code, 0);
  const [r, who] = String(stdout)
    .split('\n', 2)
    .map((line) => JSON.parse(line));
  assert.deepEqual([r.version, r.counter, r.text], [1, 5, 'hello']);
  assert.deepEqual(
    who.participants.map(({ name: as, pid }: { name: string; pid: number }) => [as, pid]),
    [['holder', writer.pid]],
  );
  const refused = ['w x', 'i', 'd', 'p x', 'g', 'wait', 'post', 'lock', 'unlock', 'fill 1'];
  await Promise.all(
    refused.map(async (line) => {
      const failure = failureOf(await script(name, [line], '--read-only', '--json'));
      assert.equal(failure.code, 'ERR_MEMSPAN_READ_ONLY', line);
    }),
  );
  assert.equal(hash(), before);
  writer.child.stdin?.end();
  assert.equal((await writer.ended).code, 0);
});

test('read-only: there must be something to read', async (t) => {
  const nothing = await memspan('shell', uniqueName(), '--read-only', '--json');
  assert.equal(failureOf(nothing).code, 'ERR_MEMSPAN_NOT_FOUND');
  const name = board(t);
  const span = Span.create(name);
  t.after(() => span.close());
  const noPage = failureOf(await memspan('shell', name, '--read-only', '--json'));
  assert.deepEqual(
    [noPage.code, noPage.remedy],
    ['ERR_MEMSPAN_NOT_FOUND', `Run \`memspan shell ${name}\` first`],
  );
});

test('a page of another layout is refused, whoever made it', async (t) => {
  const name = board(t);
  const span = Span.create(name);
  t.after(() => span.close());
  span.view('page', struct({ version: u32 }));
  for (const options of [[], ['--read-only']]) {
    const { code, message } = failureOf(await memspan('shell', name, '--json', ...options));
    assert.equal(code, 'ERR_MEMSPAN_LAYOUT_MISMATCH', message);
  }
});
