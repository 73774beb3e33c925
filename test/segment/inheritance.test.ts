// Segments handed to a child at its birth, without any name: the fork-inherited mapping of the textbooks.
import assert from 'node:assert/strict';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import fs from 'node:fs';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { forkWith, inherited, Segment, type ShareOptions, spawnWith } from '../../src/index.ts';
import { type Child, leadChild, puppetPath, startChild } from '../support/puppets.ts';
import { codeOf, leftovers, shmPath, uniqueName } from '../support/segments.ts';

const INVALID = 'ERR_MEMSPAN_INVALID_ARGUMENT';
const advanced = { serialization: 'advanced' } as const;

/** What the child finds under each name, and whether it can write there. */
function look(child: Child, names: string[]): Promise<unknown[]> {
  return child.run(({ memspan }, names) => {
    return names.map((name) => {
      const segment = memspan.inherited(name);
      const { kind, readOnly, created } = segment;
      const bytes = new Uint8Array(segment.buffer);
      if (!readOnly) bytes[1] = 9;
      return { kind, readOnly, created, byte: bytes[0] };
    });
  }, names);
}

test('a forked child has every segment that was shared: named, anonymous, file, read-only', async () => {
  const name = uniqueName();
  const path = shmPath(uniqueName());
  using named = Segment.create(name, { size: 8 });
  using anonymous = Segment.anonymous(8);
  using file = Segment.file(path, { size: 8 });
  using readOnly = Segment.fromHandle(anonymous.handle, { readOnly: true });
  for (const [value, segment] of [named, anonymous, file].entries()) {
    new Uint8Array(segment.buffer)[0] = value + 1;
  }
  // Their names are gone before the child looks: it has descriptors.
  named.unlink();
  file.unlink();
  const share = { named, anonymous, file, readOnly };
  const child = await leadChild(forkWith(puppetPath, { share, ...advanced }));
  assert.deepEqual(await look(child, ['named', 'anonymous', 'file', 'readOnly']), [
    { kind: 'named', readOnly: false, created: false, byte: 1 },
    { kind: 'anonymous', readOnly: false, created: false, byte: 2 },
    { kind: 'file', readOnly: false, created: false, byte: 3 },
    { kind: 'anonymous', readOnly: true, created: false, byte: 2 },
  ]);
  for (const segment of [named, anonymous, file]) {
    assert.equal(new Uint8Array(segment.buffer)[1], 9);
  }
  assert.deepEqual(leftovers(), []);
});

test('any string names a share, also __proto__ and the empty one', async () => {
  using segment = Segment.anonymous(8);
  const names = ['__proto__', 'constructor', '', 'with space', 'ünï', '"'];
  const share = Object.fromEntries(names.map((name) => [name, segment]));
  const child = await leadChild(forkWith(puppetPath, { share, ...advanced }));
  assert.equal((await look(child, names)).length, names.length);
});

test('inherited() opens anew each time; closing one leaves the others', async () => {
  using segment = Segment.anonymous(8);
  const child = await leadChild(forkWith(puppetPath, { share: { a: segment }, ...advanced }));
  const byte = await child.run(({ memspan }) => {
    const first = memspan.inherited('a');
    const second = memspan.inherited('a');
    first.close();
    memspan.inherited('a').close();
    new Uint8Array(second.buffer)[0] = 5;
    return new Uint8Array(memspan.inherited('a').buffer)[0];
  });
  assert.equal(byte, 5);
  assert.equal(new Uint8Array(segment.buffer)[0], 5);
});

test('a name that was not shared is ERR_MEMSPAN_NOT_FOUND and says what there is', async () => {
  assert.throws(() => inherited('frames'), { code: 'ERR_MEMSPAN_NOT_FOUND', message: /nothing/ });
  using segment = Segment.anonymous(8);
  const share = { frames: segment, audio: segment };
  const child = await leadChild(forkWith(puppetPath, { share, ...advanced }));
  await assert.rejects(
    child.run(({ memspan }) => memspan.inherited('toString')),
    { code: 'ERR_MEMSPAN_NOT_FOUND', message: /only frames, audio/ },
  );
  await assert.rejects(
    child.run(({ memspan }) => memspan.inherited(Symbol('frames') as unknown as string)),
    { name: 'TypeError', code: INVALID },
  );
});

test('custom stdio stays as it was: the segments come after it', async () => {
  using segment = Segment.anonymous(8);
  for (const stdio of [
    ['ignore', 'pipe', 'inherit', 'ipc'],
    ['ignore', 'pipe', 'inherit', 'pipe', 'ipc', 'pipe'],
    ['ignore', 'pipe'],
    'pipe',
    undefined,
  ] as const) {
    const fork = forkWith(puppetPath, {
      share: { a: segment },
      ...advanced,
      silent: true,
      ...(stdio === undefined ? {} : { stdio: typeof stdio === 'string' ? stdio : [...stdio] }),
    });
    const child = await leadChild(fork);
    assert.ok(fork.stdout, 'its standard output is a pipe');
    const printed = text(fork.stdout);
    assert.equal((await look(child, ['a'])).length, 1);
    await child.run(() => void process.stdout.write('hello'));
    await child.kill();
    assert.equal(await printed, 'hello');
  }
});

test('spawnWith hands descriptors to any program: the child reads its own /proc/self/fd', async () => {
  using segment = Segment.anonymous(5);
  Buffer.from(segment.buffer).write('bytes');
  const child = spawnWith('cat', ['/dev/fd/3'], { share: { a: segment } });
  assert.ok(child.stdout);
  assert.equal(await text(child.stdout), 'bytes');
});

test('a grandchild inherits by forkWith again; by a plain fork it has nothing', async () => {
  using segment = Segment.anonymous(8);
  new Uint8Array(segment.buffer)[0] = 3;
  const child = await leadChild(forkWith(puppetPath, { share: { a: segment }, ...advanced }));
  const program = `
    import(${JSON.stringify(new URL('../../src/index.js', import.meta.url).href)}).then((memspan) => {
      try {
        const bytes = new Uint8Array(memspan.inherited('a').buffer);
        bytes[2]++;
        process.send(bytes[0]);
      } catch (error) {
        process.send(error.code);
      }
      process.disconnect();
    });`;
  const outcomes = await child.run(async ({ memspan, spawn }, program) => {
    const answerOf = (child: ChildProcess): Promise<unknown> =>
      new Promise((resolve) => child.once('message', resolve));
    const stdio: StdioOptions = ['ignore', 2, 2, 'ipc'];
    const share = { a: memspan.inherited('a') };
    return [
      await answerOf(memspan.spawnWith(process.execPath, ['-e', program], { share, stdio })),
      await answerOf(spawn(process.execPath, ['-e', program], { stdio })),
    ];
  }, program);
  assert.deepEqual(outcomes, [3, 'ERR_MEMSPAN_NOT_FOUND']);
  assert.equal(new Uint8Array(segment.buffer)[2], 1);
});

test('a variable MEMSPAN_INHERITED that memspan has not written is ERR_MEMSPAN_CORRUPT', async () => {
  using segment = Segment.anonymous(8);
  const { handle } = segment;
  const garbage = [
    '',
    '{',
    'null',
    '"text"',
    '[null]',
    '{"a":null}',
    '{"a":5}',
    '{"a":{}}',
    JSON.stringify({ a: { ...handle, fd: '3' } }),
    JSON.stringify({ a: { ...handle, kind: 'x' } }),
    JSON.stringify({ a: handle, b: 7 }),
    '\u{1f4a9}'.repeat(1000),
  ];
  const child = await startChild();
  const codes = await child.run(({ memspan }, garbage) => {
    return garbage.map((value) => {
      process.env.MEMSPAN_INHERITED = value;
      try {
        memspan.inherited('a');
        return undefined;
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
  }, garbage);
  assert.deepEqual(codes, Array(garbage.length).fill('ERR_MEMSPAN_CORRUPT'));
});

test('share is an object of open segments that can be shared', () => {
  using segment = Segment.anonymous(8);
  using copy = Segment.fromHandle(segment.handle, { private: true });
  const closed = Segment.anonymous(8);
  closed.close();
  const before = fs.readdirSync('/proc/self/fd').length;
  for (const share of [undefined, null, 1, 'x', { a: null }, { a: segment.handle }, { a: {} }]) {
    const options = { share } as unknown as ShareOptions;
    assert.equal(
      codeOf(() => forkWith(puppetPath, options)),
      INVALID,
    );
    assert.equal(
      codeOf(() => spawnWith('true', [], options)),
      INVALID,
    );
  }
  assert.equal(
    codeOf(() => forkWith(puppetPath, undefined as unknown as ShareOptions)),
    INVALID,
  );
  assert.equal(
    codeOf(() => forkWith(puppetPath, { share: { closed } })),
    'ERR_MEMSPAN_CLOSED',
  );
  assert.equal(
    codeOf(() => forkWith(puppetPath, { share: { copy } })),
    'ERR_MEMSPAN_UNSUPPORTED',
  );
  assert.equal(fs.readdirSync('/proc/self/fd').length, before);
});
