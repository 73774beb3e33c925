// `memspan doctor`: what it says and what it exits with, on a machine as it is and on poorer ones; --clean and --yes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment, Span } from '../../src/index.ts';
import type { Outcome } from '../../src/inspect/diagnosis/leftover.ts';
import type { Finding } from '../../src/inspect/diagnosis.ts';
import { startChild } from '../support/puppets.ts';
import { shmPath, uniqueName } from '../support/segments.ts';
import { bin, type Ended, failureOf, lineOf, memspan, start, startProgram } from './memspan.ts';

interface Report {
  readonly healthy: boolean;
  readonly findings: readonly Finding[];
}

const reportOf = ({ stdout }: Ended): Report => JSON.parse(String(stdout)) as Report;

/** A span that goes with its last participant, who was killed holding a lock. */
async function leak(): Promise<string> {
  const name = uniqueName();
  const victim = await startChild();
  await victim.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.open(name, { lifetime: 'last-close', as: 'render-1' });
    kept.span.mutex('ledger').lock();
  }, name);
  await victim.kill();
  return name;
}

/** Runs it again while somebody who lists all segments of this machine has the leftover open just then. */
async function doctorAlone(expected: RegExp, ...args: string[]): Promise<Ended> {
  for (let tries = 0; ; tries++) {
    const ended = await memspan('doctor', ...args);
    if (tries === 20 || expected.test(String(ended.stdout))) return ended;
  }
}

test('names that nothing is wrong with are healthy, exit code 0', async () => {
  const name = uniqueName();
  const { code, stdout, stderr } = await memspan('doctor', name);
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(String(stdout), `Healthy: nothing is wrong with '${name}'.\n`);
});

test('a leak: what, the remedy, the way to clean, exit code 0; a dry run leaves it; --yes removes it', async () => {
  const name = await leak();
  const told = await doctorAlone(/One can go/, name);
  assert.deepEqual([told.code, told.stderr], [0, '']);
  assert.match(
    String(told.stdout),
    new RegExp(
      `^! ${name}: render-1 \\(pid \\d+\\) died attached, and nobody is left\n {2}→ .*\n` +
        `! ${name}/ledger: render-1 \\(pid \\d+\\) died holding this mutex\n {2}→ .*\n\n` +
        'No errors, 2 warnings\\. One can go: `memspan doctor --clean`\\.\n$',
    ),
  );
  const dry = String((await doctorAlone(/would remove/, '--clean', name)).stdout);
  assert.match(dry, new RegExp(`^would remove {2}${name} \\(span, 1\\.0 MiB\\): nobody has it\n`));
  assert.match(
    dry,
    /\nNothing has been removed yet: `memspan doctor --clean --yes` removes it\.\n$/,
  );
  assert.ok(fs.existsSync(shmPath(name)));
  const done = String((await doctorAlone(/^removed/, '--clean', '--yes', name)).stdout);
  assert.match(
    done,
    new RegExp(`^removed {2}${name} \\(span, 1\\.0 MiB\\): nobody had it\n1 removed\\.\n$`),
  );
  assert.ok(!fs.existsSync(shmPath(name)));
  const again = String((await memspan('doctor', '--clean', '--yes', name)).stdout);
  assert.equal(again, 'Nothing removed.\n');
});

test('--json: findings, and what became of each leftover', async () => {
  const name = await leak();
  const { healthy, findings } = reportOf(await doctorAlone(/"fix"/, '--json', name));
  assert.equal(healthy, true);
  assert.deepEqual(
    findings.map(({ code, severity, subject }) => [code, severity, subject]),
    [
      ['leaked-span', 'warning', name],
      ['abandoned-lock', 'warning', `${name}/ledger`],
    ],
  );
  assert.equal(findings[0]?.fix?.name, name);
  for (const [args, outcome] of [
    [['--clean'], 'removable'],
    [['--clean', '--yes'], 'removed'],
  ] as const) {
    const { code, stdout } = await doctorAlone(new RegExp(outcome), '--json', ...args, name);
    const { dryRun, leftovers } = JSON.parse(String(stdout)) as {
      dryRun: boolean;
      leftovers: Outcome[];
    };
    assert.deepEqual([code, dryRun], [0, outcome === 'removable']);
    assert.deepEqual(
      leftovers.map(({ name, kind, outcome }) => [name, kind, outcome]),
      [[name, 'span', outcome]],
    );
  }
});

test('--clean keeps what lives, what stays by its own word, and raw segments', async () => {
  const prefix = uniqueName();
  using span = Span.open(`${prefix}-alive`, { lifetime: 'last-close' });
  Span.open(`${prefix}-rest`).close();
  Segment.create(`${prefix}-raw`, { size: 4096 }).close();
  const { code, stdout } = await memspan('doctor', '--clean', '--yes', `${prefix}-*`);
  assert.deepEqual([code, String(stdout)], [0, 'Nothing removed.\n']);
  assert.ok(span.segment.isLinked);
  for (const what of ['rest', 'raw']) assert.ok(Segment.unlink(`${prefix}-${what}`));
});

test('an error is exit code 1', async () => {
  const name = uniqueName();
  Span.open(name, { mode: 0o666 }).close();
  const { code, stdout } = await memspan('doctor', name);
  assert.equal(code, 1);
  assert.match(String(stdout), new RegExp(`^✗ ${name}: mode 0666: every user`));
  assert.match(String(stdout), /\n1 error, 1 note\.\n$/);
  const report = await memspan('doctor', '--json', name);
  assert.deepEqual([report.code, reportOf(report).healthy], [1, false]);
  Span.unlink(name);
});

test('limits and missing features are found as they are', async () => {
  const command = `ulimit -n 60; exec "${process.execPath}" "${bin}" doctor --json`;
  const env = { MEMSPAN_WITHOUT: 'futex_waitv,inotify,o_tmpfile,sharedarraybuffer' };
  const ended = await startProgram('sh', ['-c', command], { env }).ended;
  const { findings, healthy } = reportOf(ended);
  assert.deepEqual([ended.code, ended.stderr, healthy], [1, '', false]);
  const codes = findings.map(({ code, severity }) => `${severity} ${code}`);
  for (const expected of [
    'error low-nofile',
    'warning no-futex-waitv',
    'warning no-inotify',
    'warning no-o-tmpfile',
    'warning no-shared-buffers',
  ]) {
    assert.ok(codes.includes(expected), `${expected} in ${codes}`);
  }
  const ranks = findings.map(({ severity }) => ['error', 'warning', 'note'].indexOf(severity));
  assert.deepEqual(ranks, [...ranks].sort(), 'the worst first');
});

test('a name cannot command the terminal', async () => {
  const name = `${uniqueName()}\x1b[2J\n`;
  fs.writeFileSync(shmPath(name), '', { mode: 0o644 });
  const { stdout } = await memspan('doctor', `${name.slice(0, -5)}*`);
  fs.rmSync(shmPath(name));
  assert.match(String(stdout), /\\x1b\[2J\\x0a: mode 0644/);
  assert.ok(!String(stdout).includes('\x1b'));
});

test('--yes alone is a mistake', async () => {
  assert.match(lineOf(await memspan('doctor', '--yes')), /--yes goes with --clean\. See what/);
  const { code } = failureOf(await memspan('doctor', '--yes', '--json'));
  assert.equal(code, 'ERR_MEMSPAN_USAGE');
});

test('memspan doctor | true is success', async () => {
  const command = start(['doctor', uniqueName()], { unread: true });
  command.child.stdout?.destroy();
  const { code, stderr } = await command.ended;
  assert.deepEqual([code, stderr], [0, '']);
});
