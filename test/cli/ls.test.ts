// `memspan ls`: what it lists and how: kinds, orders, processes, JSON, pipes, and terminals of 80 and 120 columns.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Segment, Span } from '../../src/index.ts';
import { O_CREAT, sem_close, sem_open, sem_unlink } from '../../src/os/posix.ts';
import { newSegment, newSet } from '../os/sysv/objects.ts';
import { type Child, startChild } from '../support/puppets.ts';
import { shmPath, uniqueName } from '../support/segments.ts';
import { bin, failureOf, lineOf, memspan, start, startProgram } from './memspan.ts';
import { run, shows, skip } from './terminal.ts';

/** One of each kind, all with the same beginning, and a child that has what can be had. */
interface Scene {
  readonly prefix: string;
  readonly span: string;
  readonly segment: string;
  readonly foreign: string;
  readonly semaphore: string;
  readonly memory: string;
  readonly set: string;
  readonly all: readonly string[];
  readonly child: Child;
}

async function newScene(t: TestContext): Promise<Scene> {
  const prefix = uniqueName();
  const [span, segment, foreign] = [`${prefix}-world`, `${prefix}-frames`, `${prefix}-folder`];
  const semaphore = `sem.${prefix}`;
  t.after(() => {
    for (const name of [span, segment]) Segment.unlink(name);
    fs.rmdirSync(shmPath(foreign));
    sem_unlink(`/${prefix}`);
  });
  Span.create(span, { size: 2 ** 20 }).close();
  Segment.create(segment, { size: 3 * 2 ** 20, mode: 0o666 }).close();
  fs.mkdirSync(shmPath(foreign));
  const opened = sem_open(`/${prefix}`, O_CREAT, 0o600, 1);
  // Until then it is not garbage.
  t.after(() => sem_close(opened));
  const [id, setId] = [newSegment(t, 2 ** 21), newSet(t, [1, 2, 3])];
  const child = await startChild();
  await child.run(
    ({ memspan, sysv, kept }, span, segment, id) => {
      kept.span = memspan.Span.open(span);
      kept.segments = [
        memspan.Segment.open(segment, { readOnly: true }),
        memspan.Segment.anonymous(5 * 4096),
      ];
      kept.buffer = sysv.shmat(id, null);
    },
    span,
    segment,
    id,
  );
  const [memory, set] = [`sysv/shm/${id}`, `sysv/sem/${setId}`];
  const all = [foreign, segment, span, semaphore, set, memory];
  return { prefix, span, segment, foreign, semaphore, memory, set, all, child };
}

interface Listed {
  readonly name: string;
  readonly kind: string;
  readonly size: number;
  readonly isHeld: boolean | null;
  readonly mappers: readonly { pid: number; command: string; readOnly: boolean }[];
  readonly [field: string]: unknown;
}

async function list(...args: string[]): Promise<Listed[]> {
  const { code, stdout, stderr } = await memspan('ls', '--json', ...args);
  assert.deepEqual([code, stderr], [0, '']);
  return JSON.parse(String(stdout)) as Listed[];
}

const namesOf = (items: readonly Listed[]): string[] => items.map(({ name }) => name);

test('of every kind one, and a child that has what can be had', async (t) => {
  const scene = await newScene(t);

  await t.test('in a pipe the table has every column, and nothing is cut', async () => {
    const { all, segment, memory, set, foreign, child } = scene;
    const lines = String((await memspan('ls', ...all)).stdout)
      .trimEnd()
      .split('\n');
    assert.equal(lines.length, all.length + 1);
    const row = (name: string): string => lines.find((line) => line.startsWith(`${name} `)) ?? '';
    assert.match(
      row(segment),
      new RegExp(
        ` segment +3\\.0 MiB +3\\.0 MiB  0666  \\S+ +\\d+ \\w+  yes +1  ${child.pid} node puppet\\.js$`,
      ),
    );
    assert.match(row(memory), / sysv shm +2\.0 MiB .* yes +1 {2}\d+ node puppet\.js$/);
    assert.match(row(set), / sysv sem +- +- .* - +0 {2}\(3 semaphores\)$/);
    assert.match(row(foreign), / foreign +- +- +\d{4} .* - +0 {2}\(directory\)$/);
  });

  await t.test('--kind takes any part of a kind’s name, and several', async () => {
    const { all, span, segment, semaphore, memory, set } = scene;
    const kind = async (kinds: string): Promise<string[]> =>
      namesOf(await list('--kind', kinds, ...all));
    assert.deepEqual(await kind('span'), [span]);
    assert.deepEqual(await kind('sem'), [semaphore, set]);
    assert.deepEqual(await kind('sysv-memory,segment'), [segment, memory]);
  });

  await t.test('--sort and --reverse', async () => {
    const { span, segment, memory } = scene;
    const sorted = async (...args: string[]): Promise<string[]> =>
      namesOf(await list(span, segment, memory, ...args));
    assert.deepEqual(await sorted('--sort', 'size'), [segment, memory, span]);
    assert.deepEqual(await sorted('--sort', 'size', '--reverse'), [span, memory, segment]);
    assert.deepEqual(await sorted('--sort', 'mode'), [segment, span, memory]);
    assert.deepEqual(await sorted('--sort', 'kind'), [segment, span, memory]);
  });

  await t.test('--processes shows below each who maps it', async () => {
    const { segment, set, child } = scene;
    const { stdout } = await memspan('ls', '--processes', segment, set);
    const [head, , who, , remark] = String(stdout).split('\n');
    assert.match(head as string, /PROCS$/);
    assert.match(who as string, new RegExp(`^ +${child.pid}  node puppet\\.js  \\S+  read-only$`));
    assert.match(remark as string, /^ +3 semaphores$/);
  });

  await t.test('memory without a name is listed with --anonymous only', async () => {
    const { child } = scene;
    const sizes = (items: readonly Listed[]): number[] =>
      items
        .filter(({ mappers }) => mappers.some(({ pid }) => pid === child.pid))
        .map(({ size }) => size);
    assert.deepEqual(sizes(await list('memfd:*')), []);
    assert.deepEqual(sizes(await list('--anonymous', 'memfd:*')), [5 * 4096]);
    assert.deepEqual(sizes(await list('--kind', 'anon', 'memfd:*')), [5 * 4096]);
  });

  await t.test('| head -1 ends well', async () => {
    const { prefix } = scene;
    const command = start(['ls', `${prefix}*`], { unread: true });
    command.child.stdout?.once('data', () => command.child.stdout?.destroy());
    const { code, stderr } = await command.ended;
    assert.deepEqual([code, stderr], [0, '']);
  });

  await t.test('on 80 columns a row is one line; on 120 it says who, too', { skip }, async (t) => {
    const { all, child } = scene;
    for (const columns of [80, 120]) {
      const pane = run(t, `ls ${all.map((name) => `"${name}"`).join(' ')}`, '', columns);
      const screen = await shows(pane, /exit code 0/);
      const lines = screen.trimEnd().split('\n');
      assert.ok(Math.max(...lines.map((line) => line.length)) <= columns, screen);
      const rows = lines.filter((line) => /^((sem\.)?memspan-test-|sysv\/)/.test(line));
      assert.equal(rows.length, all.length, screen);
      const row = rows.find((line) => line.includes(' 0666 ')) ?? '';
      assert.match(row, columns === 80 ? / yes +1$/ : new RegExp(` yes +1  ${child.pid} node`));
      assert.match(screen, /^6 objects, \d\.\d MiB resident$/m);
      assert.ok(pane.coloured().includes('\x1b[31m0666'), 'others may write to it');
    }
  });

  await t.test('with NO_COLOR no colours', { skip }, async (t) => {
    const { prefix } = scene;
    const plain = run(t, `ls "${prefix}*"`, 'NO_COLOR=1');
    await shows(plain, /exit code 0/);
    assert.ok(!plain.coloured().includes('\x1b'));
  });

  await t.test(
    'every kind of shared memory, with who has it, by any number of patterns',
    async () => {
      const { all, span, segment, foreign, semaphore, memory, set, child } = scene;
      const items = await list(...all);
      const kinds = items.map(({ name, kind, isHeld }) => [name, kind, isHeld]);
      assert.deepEqual(kinds, [
        [foreign, 'foreign', null],
        [segment, 'segment', true],
        [span, 'span', true],
        [semaphore, 'posix-semaphore', true],
        [set, 'sysv-semaphores', null],
        [memory, 'sysv-memory', true],
      ]);
      const had = new Map(items.map(({ name, mappers }) => [name, mappers.map(({ pid }) => pid)]));
      for (const name of [span, segment, memory])
        assert.deepEqual(had.get(name), [child.pid], name);
      assert.deepEqual(had.get(semaphore), [process.pid]);
      const frames = items[1] as Listed;
      assert.deepEqual(frames.mappers, [
        { pid: child.pid, command: 'node puppet.js', uid: process.getuid?.(), readOnly: true },
      ]);
      assert.deepEqual(
        [frames.size, frames.residentSize, frames.mode],
        [3 * 2 ** 20, 3 * 2 ** 20, '0666'],
      );
      assert.equal(typeof frames.ageMs, 'number');

      await child.kill();
      const left = await list(span, memory);
      assert.deepEqual(
        left.map(({ isHeld, mappers }) => [isHeld, mappers]),
        [
          [false, []],
          [false, []],
        ],
      );
    },
  );
});

test('thousands of rows stand in the columns of the first, at once', async (t) => {
  const prefix = uniqueName();
  const names = Array.from(
    { length: 3000 },
    (_, i) => `${prefix}-${i === 2999 ? 'the-longest' : i}`,
  );
  t.after(() => {
    for (const name of names) Segment.unlink(name);
  });
  for (const name of names) Segment.create(name, { size: 1 }).close();
  const { stdout } = await memspan('ls', `${prefix}-*`);
  const [head = '', ...rows] = String(stdout).trimEnd().split('\n');
  assert.equal(rows.length, names.length);
  const at = head.indexOf('KIND');
  assert.ok(at > `${prefix}-the-longest`.length);
  for (const row of rows) assert.equal(row.indexOf('segment', prefix.length), at, row);
});

test('a wrong column or kind is one line with a remedy', async () => {
  assert.match(
    lineOf(await memspan('ls', '--sort', 'x')),
    /a column, not 'x'\. Columns are name, /,
  );
  assert.match(
    lineOf(await memspan('ls', '--kind', 'xyz')),
    /kinds.* not 'xyz'\. Kinds are span, /,
  );
  assert.match(lineOf(await memspan('ls', '--kind', 'span,')), /not ''/);
  assert.equal(failureOf(await memspan('ls', '--json', '--sort', 'x')).code, 'ERR_MEMSPAN_USAGE');
});

test('what matches nothing is said in the words of the question', async () => {
  const [name, other] = [uniqueName(), `${uniqueName()}*`];
  const said = async (...args: string[]): Promise<string> =>
    String((await memspan('ls', ...args)).stdout);
  assert.equal(await said(name), `no shared memory matches '${name}'\n`);
  assert.equal(await said(name, other), `no shared memory matches '${name}' or '${other}'\n`);
  assert.equal(await said('-k', 'span', name), `no shared memory of kind span matches '${name}'\n`);
  assert.equal(await said('--json', name), '[]\n');
});

test('the first output comes within 150 ms, or a few times what node itself takes here', async (t) => {
  const programs = { node: ['-p', '1'], help: [bin, '--help'], ls: [bin, 'ls', 'no*'] };
  const best = { node: Infinity, help: Infinity, ls: Infinity };
  const isQuick = (): boolean =>
    Math.max(best.help, best.ls) < Math.max(150, SLOWER_THAN_NODE * best.node);
  // The machine may have much else to do: what counts is the best that was seen.
  for (let round = 0; round < ROUNDS_MAX && !isQuick(); round++) {
    for (const [name, args] of Object.entries(programs) as [keyof typeof best, string[]][]) {
      best[name] = Math.min(best[name], await firstOutput(args));
    }
  }
  t.diagnostic(JSON.stringify(best));
  assert.ok(isQuick(), JSON.stringify(best));
});

/** Of the processor's time, `ls` takes twice what node takes to start. */
const SLOWER_THAN_NODE = 4;
const ROUNDS_MAX = 30;

/** Milliseconds to the first byte of standard output. */
async function firstOutput(args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const { child, ended } = startProgram(process.execPath, args, { unread: true });
  const firstAt = await new Promise<number>((resolve) => {
    child.stdout?.once('data', () => resolve(performance.now()));
    ended.then(
      () => resolve(performance.now()),
      () => {},
    );
  });
  child.stdout?.resume();
  assert.equal((await ended).code, 0);
  return firstAt - startedAt;
}
