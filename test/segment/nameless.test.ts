// Anonymous segments where there are no memfds: nobody can find them, they go with their last user, and what a memfd is
// sealed against is seen.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { removeUnfinished } from '../../src/segment/unfinished.ts';
import { needs } from '../support/extras.ts';
import { startChild } from '../support/puppets.ts';

const hiddenOf = (pid: number): string[] =>
  fs.readdirSync('/dev/shm').filter((name) => name.startsWith(`.memspan-${pid}-`));

for (const without of ['memfd', 'memfd,o_tmpfile']) {
  test(`without ${without}: it has no name, its handle opens it, it grows, and goes`, async () => {
    const child = await startChild({ env: { MEMSPAN_WITHOUT: without } });
    const { handle, link, linked } = await child.run(({ memspan, fs, kept }) => {
      kept.segment = memspan.Segment.anonymous(4096);
      new Uint8Array(kept.segment.buffer)[4095] = 7;
      const { handle } = kept.segment;
      const link = fs.readlinkSync(`/proc/self/fd/${handle.fd}`);
      let linked = 'yes';
      try {
        fs.linkSync(`/proc/self/fd/${handle.fd}`, '/dev/shm/memspan-test-nameless');
      } catch (error) {
        linked = (error as { code: string }).code;
      }
      return { handle, link, linked };
    });
    assert.deepEqual([handle.kind, handle.name, hiddenOf(child.pid)], ['anonymous', undefined, []]);
    assert.match(link, /^\/dev\/shm\/.* \(deleted\)$/);
    assert.notEqual(linked, 'yes');
    using ours = Segment.fromHandle(handle);
    assert.deepEqual([ours.kind, ours.size], ['anonymous', 4096]);
    assert.equal(new Uint8Array(ours.buffer)[4095], 7);
    await child.run(({ kept }) => kept.segment.resize(8192));
    ours.resize();
    assert.equal(ours.size, 8192);
    assert.throws(() => ours.resize(4096), { code: 'ERR_MEMSPAN_UNSUPPORTED' });
    await child.kill();
    new Uint8Array(ours.buffer)[8191] = 1;
  });

  test(`without ${without}: one that is cut short is reported`, async () => {
    const child = await startChild({ env: { MEMSPAN_WITHOUT: without } });
    const code = await child.run(({ memspan, fs }) => {
      const segment = memspan.Segment.anonymous(8192);
      fs.truncateSync(`/proc/self/fd/${segment.handle.fd}`, 0);
      void new Uint8Array(segment.buffer)[8191];
      try {
        return String(segment.buffer);
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    assert.equal(code, 'ERR_MEMSPAN_TRUNCATED');
  });
}

test('killed before it has lost its name it leaves that hidden, and that can be removed', {
  skip: needs('strace'),
}, () => {
  const memspan = new URL('../../src/index.js', import.meta.url).href;
  const program = `
    process.stdout.write(String(process.pid));
    const { Segment } = await import(${JSON.stringify(memspan)});
    Segment.anonymous(4096);`;
  const kill = ['-e', 'trace=unlink', '-e', 'inject=unlink:signal=SIGKILL:when=1'];
  const node = [process.execPath, '--input-type=module', '-e', program];
  const { stdout, signal } = spawnSync(
    'strace',
    ['-f', '-qq', '-o', '/dev/null', ...kill, ...node],
    {
      env: { ...process.env, MEMSPAN_WITHOUT: 'memfd,o_tmpfile' },
      encoding: 'utf8',
      timeout: 30_000,
    },
  );
  assert.equal(signal, 'SIGKILL');
  const hidden = hiddenOf(Number(stdout));
  assert.deepEqual(hidden.map(removeUnfinished), [true]);
});

test('where there is neither a memfd nor a /dev/shm, it says what would do', {
  skip: needs('unshare'),
}, async () => {
  const under = ['unshare', '-m', 'sh', '-c', 'mount -t proc proc /dev/shm && exec "$@"', 'sh'];
  const child = await startChild({ under, env: { MEMSPAN_WITHOUT: 'memfd' } });
  const anonymous = child.run(({ memspan }) => void memspan.Segment.anonymous(4096));
  await assert.rejects(anonymous, /Segment.anonymous '\/dev\/shm': .*memfd_create/);
});
