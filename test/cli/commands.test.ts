// `memspan` itself, and the commands `ls` and `rm`: help, version, errors of one line, JSON, closed pipes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { shmPath, uniqueName } from '../support/segments.ts';
import { manifest } from '../support/tree.ts';
import { failureOf, lineOf, memspan, start } from './memspan.ts';

const COMMANDS = ['demo', 'ls', 'inspect', 'doctor', 'shell', 'lab', 'rm', 'send', 'recv'];

function make(t: { after(clean: () => void): void }, size = 4096, mode = 0o600): string {
  const name = uniqueName();
  Segment.create(name, { size, mode }).close();
  t.after(() => Segment.unlink(name));
  return name;
}

test('memspan alone shows its help, which names every command', async () => {
  const { code, stdout, stderr } = await memspan();
  assert.deepEqual([code, stderr], [0, '']);
  for (const name of COMMANDS) assert.match(String(stdout), new RegExp(`^  ${name} `, 'm'));
});

test('--help is the same help', async () => {
  const [alone, help] = await Promise.all([memspan(), memspan('--help')]);
  assert.equal(help.code, 0);
  assert.equal(String(help.stdout), String(alone.stdout));
});

for (const name of COMMANDS) {
  test(`${name} --help explains it within 80 columns, --json included`, async () => {
    const { code, stdout, stderr } = await memspan(name, '--help');
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(String(stdout), new RegExp(`^Usage: memspan ${name} `));
    assert.match(String(stdout), /--json/);
    assert.ok(Math.max(...lengths(String(stdout))) <= 80);
  });
}

test('help and usage errors need no native core', async () => {
  const execArgv = ['--no-addons'];
  for (const args of [['--help'], ['send', '--help'], ['--version']]) {
    assert.equal((await start(args, { execArgv }).ended).code, 0, args.join(' '));
  }
  assert.match(lineOf(await start(['ls'], { execArgv }).ended), /native core.*--allow-addons/);
});

test('--version is that of the package', async () => {
  const { version } = manifest as unknown as { version: string };
  assert.equal(String((await memspan('--version')).stdout), `${version}\n`);
});

for (const [args, message] of [
  [['sned'], /unknown command 'sned'\. Did you mean `send`\? See `memspan --help`$/],
  [['no'], /unknown command 'no'\. See `memspan --help`$/],
  [['--verbose'], /unknown option '--verbose'\. See `memspan --help`$/],
  [['ls', '--jsno'], /unknown option '--jsno'\. Did you mean `--json`\? See `memspan ls --help`$/],
  [['send'], /missing required argument 'name'\. See `memspan send --help`$/],
  [['rm'], /missing required argument 'name'\. See `memspan rm --help`$/],
  [['recv', 'a', 'b'], /too many arguments.*\. See `memspan recv --help`$/],
  [['send', 'a', '--ring'], /option '--ring <bytes>' argument missing\. See/],
] as const) {
  test(`memspan ${args.join(' ')}: one line with a remedy`, async () => {
    assert.match(lineOf(await memspan(...args)), message);
  });
}

test('with --json a usage error is a line of JSON', async () => {
  const { code, message, remedy } = failureOf(await memspan('rm', '--json'));
  assert.deepEqual(
    [code, message, remedy],
    ['ERR_MEMSPAN_USAGE', "missing required argument 'name'", 'See `memspan rm --help`'],
  );
});

test('ls shows what there is, sorted, under a heading', async (t) => {
  const names = [make(t, 4096), make(t, 3 * 2 ** 20, 0o640)].sort();
  const { code, stdout, stderr } = await memspan('ls', `memspan-test-${process.pid}-*`);
  assert.deepEqual([code, stderr], [0, '']);
  const [head, ...rows] = String(stdout).trimEnd().split('\n');
  assert.match(
    head as string,
    /^NAME +KIND +SIZE +RESIDENT +MODE +OWNER +AGE +HELD +PROCS +MAPPED BY$/,
  );
  assert.deepEqual(
    rows.map((row) => row.split(/ {2,}/)[0]),
    names,
  );
  assert.match(rows.join('\n'), / 4\.0 KiB .* 0600 /);
  assert.match(rows.join('\n'), / 3\.0 MiB .* 0640 /);
});

test('a name cannot command the terminal', async (t) => {
  const name = `${uniqueName()}\x1b[2J\n\u202egnp`;
  fs.writeFileSync(shmPath(name), '');
  t.after(() => fs.rmSync(shmPath(name)));
  const listed = String((await memspan('ls', `${name.slice(0, -12)}*`)).stdout);
  assert.match(listed, /\\x1b\[2J\\x0a\\u\{202e\}gnp/);
  assert.match(lineOf(await memspan('send', name)), /\\x1b\[2J\\x0a/);
});

test('rm removes, and says so', async (t) => {
  const names = [make(t), make(t)];
  const { code, stdout, stderr } = await memspan('rm', ...names);
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(String(stdout), names.map((name) => `removed ${name}\n`).join(''));
  assert.deepEqual(
    names.flatMap((name) => Segment.list(name)),
    [],
  );
});

test('rm of what is missing fails, and removes the others', async (t) => {
  const [missing, there] = [uniqueName(), make(t)];
  const { code, stdout, stderr } = await memspan('rm', missing, there);
  assert.deepEqual([code, String(stdout)], [1, `removed ${there}\n`]);
  assert.match(stderr, /^memspan: rm: there is no segment '.*'\. .*`memspan ls`; --force .*\n$/);
});

test('rm --force takes no notice of what is missing', async () => {
  const { code, stdout, stderr } = await memspan('rm', '--force', uniqueName());
  assert.deepEqual([code, String(stdout), stderr], [0, '', '']);
});

test('rm --json lists what became of each', async (t) => {
  const [missing, there] = [uniqueName(), make(t)];
  const { code, stdout, stderr } = await memspan('rm', '--json', there, missing, 'a/b');
  assert.deepEqual([code, stderr], [1, '']);
  const [first, second, third] = JSON.parse(String(stdout));
  assert.deepEqual(first, { name: there, removed: true });
  assert.equal(second.error.code, 'ERR_MEMSPAN_NOT_FOUND');
  assert.equal(third.error.code, 'ERR_MEMSPAN_INVALID_NAME');
});

for (const args of [['--help'], ['ls'], ['ls', '--json']]) {
  test(`memspan ${args.join(' ')} | true is success`, async () => {
    const command = start(args, { unread: true });
    command.child.stdout?.destroy();
    const { code, stderr } = await command.ended;
    assert.deepEqual([code, stderr], [0, '']);
  });
}

function lengths(text: string): number[] {
  return text.split('\n').map((line) => line.length);
}
