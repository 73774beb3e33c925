// `memspan top` without a terminal: one frame, frames, lines of JSON, what cannot be meant; damaged spans, names that come and
// go, and not a byte changed.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment, Span } from '../../src/index.ts';
import { shmPath, uniqueName } from '../support/segments.ts';
import { bin, type Ended, failureOf, lineOf, memspan, start, startProgram } from './memspan.ts';
import { newScene } from './top.ts';

interface Line {
  readonly seconds: number;
  readonly shm: { readonly size: number; readonly used: number };
  readonly totals: Readonly<Record<string, number>>;
  readonly items: readonly Item[];
}

interface Item {
  readonly name: string;
  readonly kind: string;
  readonly pids: readonly number[];
  readonly participants: { readonly alive: number; readonly dead: number } | null;
  readonly troubles: readonly { readonly kind: string; readonly what: string }[];
  readonly operationsPerSecond: number | null;
  readonly bytesPerSecond: number | null;
  readonly waitsPerSecond: number | null;
  readonly objects: readonly { readonly name: string; readonly operationsPerSecond: number }[];
}

function linesOf({ code, stdout, stderr }: Ended): Line[] {
  assert.deepEqual([code, stderr], [0, '']);
  const lines = String(stdout).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Line);
}

test('--json: a line for each sample, with rates from the first one on', async (t) => {
  const { prefix, flow, idle, torn, raw } = newScene(t);
  const before = hashOf(idle);
  const args = ['top', '--json', '--samples', '2', '--interval', '150', '--sort', 'name'];
  const lines = linesOf(await memspan(...args, `${prefix}-*`));
  assert.equal(lines.length, 2);
  for (const { items, seconds, shm, totals } of lines) {
    assert.deepEqual(
      items.map(({ name }) => name),
      [flow, idle, raw, torn],
    );
    assert.ok(seconds > 0.1 && shm.size >= shm.used && shm.used > 0);
    assert.deepEqual([totals.spans, totals.segments, totals.alive, totals.troubled], [3, 1, 2, 1]);
    const [flows, idles, raws, tears] = items as [Item, Item, Item, Item];
    assert.deepEqual(flows.participants, { alive: 1, dead: 0 });
    assert.ok(flows.pids.includes(process.pid));
    assert.ok(flows.operationsPerSecond! > 0 && flows.bytesPerSecond! > 0);
    assert.equal(flows.objects[0]?.name, 'orders');
    assert.ok(flows.objects[0]?.operationsPerSecond > 0);
    assert.deepEqual([idles.operationsPerSecond, idles.waitsPerSecond], [null, 0]);
    assert.deepEqual([raws.kind, raws.participants, raws.objects], ['segment', null, []]);
    assert.match(tears.troubles[0]?.what ?? '', /header: it says 1048576 bytes, but .* cut off/);
  }
  assert.equal(hashOf(idle), before, 'not a byte was changed');
});

function hashOf(name: string): string {
  return createHash('sha256')
    .update(fs.readFileSync(shmPath(name)))
    .digest('hex');
}

test('--once: a frame as text, with every row and every column, nothing cut', async (t) => {
  const { prefix, flow, torn, raw } = newScene(t);
  const { code, stdout, stderr } = await memspan('top', '--once', '-i', '150', `${prefix}*`);
  assert.deepEqual([code, stderr], [0, '']);
  const lines = String(stdout).trimEnd().split('\n');
  assert.equal(lines.length, 4 + 4);
  assert.match(lines[0] as string, /^memspan top {2}\d\d:\d\d:\d\d {2}every 0\.15 s {2}by rate$/);
  assert.match(lines[1] as string, /^3 spans, 1 segment, 0 others +\/dev\/shm .* of .*B/);
  assert.match(lines[2] as string, /^2 participants, 0 waiting, 1 in trouble +[\d.k]+ ops\/s/);
  assert.match(lines[3] as string, /^ {3}NAME +KIND +SIZE +RES +PART PROCS WAIT WAITS\/S RATE\/S$/);
  const row = (name: string): string => lines.find((line) => line.includes(`${name} `)) ?? '';
  assert.match(row(flow), / span +256K +256K +1 +1 +0 +0 +(?!0 )[\d.k]+ +[▁-█]+$/);
  assert.match(row(torn), /^ ✗ .* span +512K .* 0 +0 /);
  assert.match(row(raw), /^ {3}\S+ segment +2\.0M +2\.0M +- +0 +- +- +-$/);
  assert.ok(lines[4]?.includes(flow), 'what flows comes first');
});

test('in a pipe a frame for each interval; `| head` is success, for one frame and for many', async (t) => {
  const { prefix } = newScene(t);
  const frames = await memspan('top', '-n', '3', '-i', '100', `${prefix}*`);
  assert.equal(String(frames.stdout).match(/^memspan top/gm)?.length, 3);
  for (const args of ['--once', '', '--json']) {
    const line = `"${process.execPath}" "${bin}" top ${args} -i 100 "${prefix}*" | head -1; exit \${PIPESTATUS[0]}`;
    const { code, stdout, stderr } = await startProgram('bash', ['-c', line]).ended;
    assert.deepEqual([code, stderr], [0, ''], args);
    assert.equal(String(stdout).split('\n').length, 2);
  }
});

test('names that come, go, and are made anew in between are no trouble', async (t) => {
  const prefix = uniqueName();
  let round = 0;
  const storm = setInterval(() => {
    const name = `${prefix}-${round++ % 5}`;
    if (!Span.unlink(name))
      Span.create(name, { size: 2 ** 16, participants: 4, objects: 4 }).close();
  }, 1);
  t.after(() => {
    clearInterval(storm);
    for (let i = 0; i < 5; i++) Segment.unlink(`${prefix}-${i}`);
  });
  const args = ['top', '--json', '-n', '10', '-i', '100', `${prefix}*`];
  const lines = linesOf(await memspan(...args));
  assert.equal(lines.length, 10);
  for (const { name, troubles } of lines.flatMap(({ items }) => items))
    assert.ok(name.startsWith(prefix) && troubles.every(({ kind }) => kind === 'damaged'));
});

test('what cannot be meant is one line with a remedy', async () => {
  const cases: [args: string[], message: RegExp][] = [
    [['--interval', '99'], /--interval takes milliseconds, 100 to 3600000, not '99'/],
    [['--interval', '1s'], /--interval takes milliseconds, .* not '1s'/],
    [['--sort', 'colour'], /--sort takes a column, not 'colour'/],
    [['--samples', '0'], /--samples takes a number from 1 on, not '0'/],
    [['--once', '--samples', '2'], /--once is one sample/],
    [['--refresh'], /unknown option '--refresh'/],
  ];
  await Promise.all(
    cases.map(async ([args, message]) => {
      const failure = failureOf(await memspan('top', ...args, '--json'));
      assert.equal(failure.code, 'ERR_MEMSPAN_USAGE');
      assert.match(failure.message, message);
    }),
  );
  assert.match(lineOf(await memspan('top', '--sort', 'x')), /Columns are rate, name, kind/);
});

test('a signal ends it as it ends others', async () => {
  const running = start(['top', '--json', '-i', '100', uniqueName()]);
  running.child.stdout?.once('data', () => running.child.kill('SIGTERM'));
  assert.equal((await running.ended).signal, 'SIGTERM');
});
