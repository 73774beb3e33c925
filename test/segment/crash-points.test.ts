// A creator killed at every step of its work, and one that fails: nothing is left but, without O_TMPFILE, one
// hidden file.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { removeUnfinished as removeDead } from '../../src/segment/unfinished.ts';
import { needs } from '../support/extras.ts';
import { startChild } from '../support/puppets.ts';
import { leftovers, removeUnfinished, uniqueName } from '../support/segments.ts';

const TEMPORARY = { MEMSPAN_WITHOUT: 'o_tmpfile' };
const LINKED = { MEMSPAN_WITHOUT: 'o_tmpfile,renameat2' };

test('a creator killed inside init leaves nothing', async () => {
  const name = uniqueName();
  const creator = await startChild();
  const order = creator.run(({ memspan }, name) => {
    memspan.Segment.create(name, {
      size: 4096,
      init: () => void process.kill(process.pid, 'SIGKILL'),
    });
  }, name);
  await assert.rejects(order, { code: 'SIGKILL' });
  assert.deepEqual(leftovers(), []);
});

test('a creator killed at any system call leaves nothing; without O_TMPFILE its hidden file at most', {
  skip: needs('strace'),
}, () => {
  for (const { call, env, leaves } of [
    { call: 'fchmod', env: {}, leaves: 0 },
    { call: 'fallocate', env: {}, leaves: 0 },
    { call: 'linkat', env: {}, leaves: 0 },
    { call: 'fchmod', env: TEMPORARY, leaves: 1 },
    { call: 'fallocate', env: TEMPORARY, leaves: 1 },
    { call: 'renameat2', env: TEMPORARY, leaves: 1 },
    { call: 'fchmod', env: LINKED, leaves: 1 },
    { call: 'fallocate', env: LINKED, leaves: 1 },
    { call: 'link', env: LINKED, leaves: 1 },
  ]) {
    const { pid, signal } = createUnderStrace(uniqueName(), call, env);
    const where = `killed at ${call} ${JSON.stringify(env)}`;
    assert.equal(signal, 'SIGKILL', where);
    assert.deepEqual(leftovers(), [], where);
    assert.equal(removeUnfinished(pid), leaves, where);
  }
});

test('killed between its two names, it is complete, and the hidden one is left', {
  skip: needs('strace'),
}, () => {
  const name = uniqueName();
  const { pid, signal } = createUnderStrace(name, 'unlink', LINKED);
  assert.equal(signal, 'SIGKILL');
  assert.deepEqual(leftovers(), [name]);
  const hidden = Segment.list('.memspan-*').filter((each) => each.name.includes(`-${pid}-`));
  assert.deepEqual(
    hidden.map((each) => [each.size, removeDead(each.name)]),
    [[4096, true]],
  );
  using segment = Segment.open(name);
  assert.deepEqual([segment.size, segment.isLinked], [4096, true]);
  segment.unlink();
});

test('a create that fails leaves nothing either, also without O_TMPFILE', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 8 });
  for (const env of [{}, TEMPORARY, LINKED]) {
    const child = await startChild({ env });
    const codes = await child.run(({ memspan }, name) => {
      const codeOf = (options: { size: number; init?: () => void }, to = name): unknown => {
        try {
          memspan.Segment.create(to, options);
          return 'created';
        } catch (error) {
          return (error as { code?: string }).code ?? String(error);
        }
      };
      const throwing = (): void => {
        throw new Error('boom');
      };
      const taken = codeOf({ size: 8 });
      return [taken, codeOf({ size: 2 ** 52 }), codeOf({ size: 8, init: throwing }, `${name}-2`)];
    }, name);
    assert.deepEqual(codes, ['ERR_MEMSPAN_EXISTS', 'ERR_MEMSPAN_NO_SPACE', 'Error: boom']);
    assert.equal(removeUnfinished(child.pid), 0);
    const fds = await child.run(({ fs }) => {
      const links = fs.readdirSync('/proc/self/fd').map((fd) => {
        return fs.existsSync(`/proc/self/fd/${fd}`) ? fs.readlinkSync(`/proc/self/fd/${fd}`) : '';
      });
      return links.filter((link) => link.startsWith('/dev/shm'));
    });
    assert.deepEqual(fds, []);
  }
  segment.unlink();
});

/** Runs one create and kills it when it enters `call`. */
function createUnderStrace(
  name: string,
  call: string,
  env: NodeJS.ProcessEnv,
): { pid: number; signal: NodeJS.Signals | null } {
  const memspan = new URL('../../src/index.js', import.meta.url).href;
  const program = `
    process.stdout.write(String(process.pid));
    const { Segment } = await import(${JSON.stringify(memspan)});
    Segment.create(${JSON.stringify(name)}, { size: 4096 });`;
  const strace = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`];
  const inject = ['-e', `inject=${call}:signal=SIGKILL:when=1`];
  const node = [process.execPath, '--input-type=module', '-e', program];
  const { stdout, signal, status, stderr } = spawnSync('strace', [...strace, ...inject, ...node], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 30_000,
  });
  assert.notEqual(stdout, '', `strace: ${status} ${stderr}`);
  return { pid: Number(stdout), signal };
}
