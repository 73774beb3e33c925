// `memspan lab`: the list and what was done, one exercise, --json, errors, and that nothing outlives it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { exercises } from '../../src/lab/index.ts';
import { childrenOf } from '../lab/perform.ts';
import { until } from '../support/segments.ts';
import { bin, type Ended, failureOf, lineOf, start, startProgram } from './memspan.ts';

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'memspan-test-lab-'));
after(() => fs.rmSync(home, { recursive: true }));
let states = 0;

/** An environment in which nothing was done yet. */
function fresh(): { XDG_STATE_HOME: string } {
  return { XDG_STATE_HOME: path.join(home, `${states++}`) };
}

function lab(args: readonly string[], env: NodeJS.ProcessEnv = fresh()): Promise<Ended> {
  return start(['lab', ...args], { env }).ended;
}

interface Row {
  readonly name: string;
  readonly title: string;
  readonly lesson: string;
  readonly doneAt: string | null;
}

const EXERCISE = 'private-vs-shared';
/** What labs have in /dev/shm. */
const namesOf = (pid: number): string[] =>
  fs.readdirSync('/dev/shm').filter((name) => name.includes(`memspan-lab-${pid}-`));

test('alone it lists all exercises; what was done is remembered', async () => {
  const env = fresh();
  const before = await lab([], env);
  assert.deepEqual([before.code, before.stderr], [0, '']);
  const lines = String(before.stdout).split('\n');
  for (const name of exercises.keys()) {
    const line = lines.find((each) => each.includes(` ${name} `)) ?? '';
    assert.ok(!line.includes('✓'), line);
  }
  assert.ok(lines.every((line) => line.length <= 80));
  assert.match(String(before.stdout), /^0 of \d+ done\. Next: memspan lab counter$/m);

  const { code, stderr } = await lab([EXERCISE], env);
  assert.deepEqual([code, stderr], [0, '']);
  const afterwards = String((await lab([], env)).stdout);
  assert.match(afterwards, new RegExp(`^✓ +${EXERCISE} .* (\\d+ s|\\d+ min) ago$`, 'm'));
  assert.match(afterwards, /^1 of \d+ done\. Next: memspan lab counter$/m);
  const rows = JSON.parse(String((await lab(['--json'], env)).stdout)) as Row[];
  assert.deepEqual(
    rows.map(({ name }) => name),
    [...exercises.keys()],
  );
  const done = rows.filter(({ doneAt }) => doneAt !== null);
  assert.deepEqual(
    done.map(({ name }) => name),
    [EXERCISE],
  );
  assert.ok(Math.abs(Date.now() - Date.parse(done[0]?.doneAt ?? '')) < 3_600_000);
});

test('an exercise says what will happen, what was seen, the question, the answer and memspan’s way', async () => {
  const { code, stdout, stderr } = await lab([EXERCISE]);
  const text = String(stdout);
  assert.deepEqual([code, stderr], [0, '']);
  assert.ok(!text.includes('\x1b'), 'no colours in a pipe');
  assert.ok(text.split('\n').every((line) => line.length <= 78));
  const order = [
    `${EXERCISE}  `,
    'MAP_PRIVATE',
    'page 1 = 100',
    '✓ really observed',
    'Question',
    'Answer',
    'memspan   ',
  ];
  const places = order.map((each) => text.indexOf(each));
  assert.ok(!places.includes(-1), String(places));
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
});

test('--json prints what was observed, and nothing else', async () => {
  const { code, stdout, stderr } = await lab([EXERCISE, '--json']);
  assert.deepEqual([code, stderr], [0, '']);
  const report = JSON.parse(String(stdout));
  assert.deepEqual(Object.keys(report), ['name', 'observed', 'seconds', 'facts']);
  assert.deepEqual([report.name, report.observed], [EXERCISE, true]);
  assert.equal(report.facts.steps.length, 6);
});

test('what was not observed is said, is an error, and is not done', async () => {
  const env = fresh();
  // The note is never written: in the lab's children, too, which get its options.
  const execArgv = ['--import', 'data:text/javascript,Buffer.prototype.write = () => 0'];
  const ended = await start(['lab', 'named-lifetime'], { env, execArgv }).ended;
  assert.match(
    lineOf(ended),
    /^memspan: lab: named-lifetime: not observed this time\. Run it again/,
  );
  assert.match(String(ended.stdout), /✗ not observed this time/);
  const json = await start(['lab', 'named-lifetime', '--json'], { env, execArgv }).ended;
  assert.equal(failureOf(json).code, 'ERR_MEMSPAN_LAB');
  assert.equal(JSON.parse(String(json.stdout)).observed, false);
  assert.match(String((await lab([], env)).stdout), /^0 of \d+ done/m);
});

test('--all does all of them, in order', async () => {
  const env = fresh();
  const { code, stdout, stderr } = await lab(['--all', '--json'], env);
  assert.deepEqual([code, stderr], [0, '']);
  const reports = JSON.parse(String(stdout)) as { name: string; observed: boolean }[];
  assert.deepEqual(
    reports.map(({ name, observed }) => [name, observed]),
    [...exercises.keys()].map((name) => [name, true]),
  );
  assert.match(
    String((await lab([], env)).stdout),
    new RegExp(`^${exercises.size} of ${exercises.size} done`, 'm'),
  );
});

test('wrong names and too much are said', async () => {
  const unknown = lineOf(await lab(['counters']));
  assert.equal(unknown, "memspan: lab: there is no exercise 'counters'. `memspan lab` lists them");
  for (const args of [
    ['toString', '--json'],
    [EXERCISE, '--all', '--json'],
  ]) {
    assert.equal(failureOf(await lab(args)).code, 'ERR_MEMSPAN_USAGE');
  }
});

test('where nothing can be remembered it works all the same', async () => {
  const file = path.join(home, 'file');
  fs.writeFileSync(file, '');
  for (const XDG_STATE_HOME of [file, '/proc/nowhere']) {
    const { code, stderr } = await lab([EXERCISE], { XDG_STATE_HOME });
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal((await lab([], { XDG_STATE_HOME })).code, 0);
  }
});

test('| head -1 ends it in order, and nothing is left', async () => {
  for (const what of ['', EXERCISE, '--all']) {
    const line = `"${process.execPath}" "${bin}" lab ${what} | head -1`;
    const ended = await startProgram('/bin/sh', ['-c', line], { env: fresh() }).ended;
    assert.deepEqual(
      [ended.code, ended.stderr, String(ended.stdout).split('\n').length],
      [0, '', 2],
    );
  }
});

test('it ends by a signal and takes everything along', async () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const { child, pid, ended } = start(['lab', '--all'], { env: fresh() });
    await until(() => namesOf(pid).length > 1, 'an exercise');
    const children = childrenOf(pid);
    child.kill(signal);
    const end = await ended;
    assert.deepEqual([end.code, end.signal, end.stderr], [code, null, '']);
    assert.deepEqual(namesOf(pid), []);
    await until(
      () => children.every((each) => !fs.existsSync(`/proc/${each}`)),
      'its children to go',
    );
  }
});

test('what a killed lab has left, its children first, goes with the next one', async () => {
  const { child, pid, ended } = start(['lab', '--all'], { env: fresh() });
  await until(() => namesOf(pid).length > 1 && childrenOf(pid).length > 0, 'an exercise');
  child.kill('SIGSTOP');
  const children = childrenOf(pid);
  child.kill('SIGKILL');
  assert.equal((await ended).signal, 'SIGKILL');
  await until(
    () => children.every((each) => !fs.existsSync(`/proc/${each}`)),
    'its children to go',
  );
  assert.equal((await lab([EXERCISE])).code, 0);
  assert.deepEqual(namesOf(pid), []);
});
