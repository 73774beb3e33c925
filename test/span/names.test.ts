// What threads are called in a span: `as`, the program's name, and how both are cut.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Span } from '../../src/index.ts';
import { startChild, startWorker } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';

test('a thread is called as it says, in up to 64 bytes of any characters', () => {
  for (const as of ['render-1', ' ', '*?/', 'é'.repeat(32), 'x'.repeat(64), '日本'.repeat(10)]) {
    using span = Span.anonymous({ as });
    const [me] = span.threads();
    assert.deepEqual([me?.name, me?.fullName, me?.pid], [as, `/${as}`, process.pid]);
  }
});

test('without a name it is called by its program, a worker with its number', async () => {
  const name = uniqueName();
  using span = Span.create(name);
  const [child, worker] = await Promise.all([startChild(), startWorker()]);
  for (const puppet of [child, worker]) {
    await puppet.run(({ memspan, kept }, name) => {
      kept.span = memspan.Span.join(name);
    }, name);
  }
  const [me, first, second] = span.threads();
  assert.equal(me?.name, 'names.test.js');
  assert.equal(first?.name, 'puppet.js');
  assert.equal(first?.program, 'puppet.js');
  assert.match(second?.name ?? '', /^puppet\.js#\d+$/);
  assert.equal(second?.program, 'puppet.js');
  assert.equal(first?.pid, child.pid);
  assert.equal(first?.tid, child.pid);
  assert.notEqual(second?.tid, process.pid);
  span.unlink();
});

test("a program's name is cut to whole characters of at most 64 bytes", () => {
  const program = `
    const { Span } = await import(${JSON.stringify(new URL('../../src/index.js', import.meta.url).href)});
    const called = (path) => {
      process.argv[1] = path;
      const span = Span.anonymous();
      const name = span.threads()[0].name;
      span.close();
      return name;
    };
    console.log(JSON.stringify([
      called(undefined),
      called('/bin/' + 'x'.repeat(70)),
      called('é'.repeat(40)),
      called('x' + 'é'.repeat(40)),
      called('xx' + '😀'.repeat(40)),
      called('/a/b/'),
    ]));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 30_000, // watchdog
  });
  assert.deepEqual(JSON.parse(stdout), [
    'node',
    'x'.repeat(64),
    'é'.repeat(32),
    `x${'é'.repeat(31)}`,
    `xx${'😀'.repeat(15)}`,
    'b',
  ]);
});

test('threads() gives those whose names match the pattern', async () => {
  const name = uniqueName();
  using span = Span.create(name, { as: 'render-1' });
  const puppets = await Promise.all([startWorker(), startWorker()]);
  for (const [i, as] of ['render-2', 'sound'].entries()) {
    await puppets[i]?.run(
      ({ memspan, kept }, name, as) => {
        kept.span = memspan.Span.join(name, { as });
      },
      name,
      as,
    );
  }
  const matching = (pattern?: string): string[] => span.threads(pattern).map((t) => t.name);
  assert.deepEqual(matching(), ['render-1', 'render-2', 'sound']);
  assert.deepEqual(matching('render-?'), ['render-1', 'render-2']);
  assert.deepEqual(matching('*-*'), ['render-1', 'render-2']);
  assert.deepEqual(matching('Render*'), []);
  span.unlink();
});
