// `memspan demo`: shows what it says, within 80 columns, and leaves nothing behind however it ends.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { until } from '../support/segments.ts';
import { lineOf, memspan, type Running, start } from './memspan.ts';

const ownSegments = ({ pid }: Running): string[] =>
  Segment.list(`memspan-demo-${pid}-*`).map(({ name }) => name);

const childrenOf = ({ pid }: Running): string[] =>
  fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);

const commandOf = (pid: string): string => {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
};

test('--json is one document: counters, transports, segments', async () => {
  const demo = start(['demo', '--quick', '--json']);
  const { code, stdout, stderr } = await demo.ended;
  assert.deepEqual([code, stderr], [0, '']);
  const { node, counter, file, transports, segments } = JSON.parse(String(stdout));
  assert.equal(node, process.version);
  assert.equal(counter.atomic, 2_000_000);
  assert.equal(counter.plain + counter.lost, 2_000_000);
  const sent = fs.readFileSync(process.execPath).subarray(0, file.bytes);
  assert.equal(file.sha256, createHash('sha256').update(sent).digest('hex'));
  assert.deepEqual(
    transports.map(({ name, isIntact }: Record<string, unknown>) => [name, isIntact]),
    [
      ['process.send', true],
      ['Unix socket', true],
      ['memspan', true],
    ],
  );
  for (const transport of transports) {
    for (const key of ['megabytesPerSecond', 'messagesPerSecond', 'roundTripMicroseconds']) {
      assert.ok(transport[key] > 0, `${transport.name} ${key}`);
    }
  }
  assert.deepEqual([segments.before, segments.during.length, segments.after], [[], 3, []]);
  assert.deepEqual(ownSegments(demo), []);
});

test('it fits into 80 columns, and without a terminal there are no escape codes', async () => {
  for (const env of [{ NO_COLOR: '1' }, { CI: 'true' }]) {
    const { code, stdout, stderr } = await start(['demo', '--quick'], { env }).ended;
    assert.deepEqual([code, stderr], [0, '']);
    const text = String(stdout);
    assert.ok(!text.includes('\x1b'), JSON.stringify(text));
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
    for (const part of [
      /Atomics\.add/,
      /^ +memspan .*✓$/m,
      /^ +after +nothing/m,
      /memspan --help/,
    ]) {
      assert.match(text, part);
    }
  }
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} ends its children and removes its segments`, async () => {
    const demo = start(['demo']);
    let children: string[] = [];
    await until(() => {
      children = childrenOf(demo);
      return (
        children.some((pid) => commandOf(pid).includes('far-end')) && ownSegments(demo).length > 0
      );
    }, 'the second part');
    demo.child.kill(signal);
    assert.equal((await demo.ended).code, signal === 'SIGINT' ? 130 : 143);
    assert.deepEqual(ownSegments(demo), []);
    await until(() => children.every((pid) => commandOf(pid) === ''), 'the children');
  });
}

for (const program of ['counting', 'far-end']) {
  test(`a child that dies (${program}) is an error of one line, at once`, async () => {
    const demo = start(['demo', '--json']);
    let victim: string | undefined;
    await until(() => {
      victim = childrenOf(demo).find((pid) => commandOf(pid).includes(program));
      return victim !== undefined;
    }, program);
    process.kill(Number(victim), 'SIGKILL');
    const { error } = JSON.parse((await demo.ended).stderr);
    assert.match(error.message, /^demo: the .* process ended with SIGKILL$/);
    assert.deepEqual(ownSegments(demo), []);
  });
}

test('| head is success, and leaves nothing either', async () => {
  const demo = start(['demo'], { unread: true });
  await until(() => ownSegments(demo).length > 0, 'its segments');
  demo.child.stdout?.destroy();
  const { code, stderr } = await demo.ended;
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(ownSegments(demo), []);
});

test('what a killed demo has left is removed by the next one', async () => {
  const demo = start(['demo']);
  await until(() => ownSegments(demo).length > 0, 'its segments');
  demo.child.kill('SIGKILL');
  await demo.ended;
  assert.ok(ownSegments(demo).length > 0);
  assert.equal((await memspan('demo', '--quick')).code, 0);
  assert.deepEqual(ownSegments(demo), []);
});

test('an unknown option is refused before anything starts', async () => {
  assert.match(lineOf(await memspan('demo', '--fast')), /unknown option '--fast'/);
});
