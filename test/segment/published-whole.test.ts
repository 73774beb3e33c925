// A name appears when its segment is complete, or not at all, and a creator that is killed leaves nothing:
// at random moments, and at each system call of its work.
//
// Where the kernel has no unnamed files, the segment is made under a hidden name (.memspan-PID-…, mode 0600
// until it is complete) and renamed; a creator killed meanwhile leaves that one behind, and no other.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Segment } from '../../src/index.ts';
import { needs } from '../support/extras.ts';
import { startChild } from '../support/puppets.ts';
import { leftovers, seededRandom, shmPath, uniqueName } from '../support/segments.ts';

const SIZE = 3 * 4096 + 5;
const FILL = 0xa5;
// Children in the making while another one is killed.
const LANES = 3;
const TEMPORARY = { MEMSPAN_WITHOUT: 'o_tmpfile' };

test('200 creators killed at random moments: no half-made name, nothing left', async (t) => {
  const { unfinished } = await killCreators(t, 200, {});
  assert.equal(unfinished, 0);
});

test('40 creators without O_TMPFILE killed: no half-made name, each leaves at most its hidden one', async (t) => {
  const { unfinished } = await killCreators(t, 40, TEMPORARY);
  assert.ok(unfinished <= 40);
});

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
  ]) {
    const { pid, signal } = createUnderStrace(uniqueName(), call, env);
    const where = `killed at ${call} ${JSON.stringify(env)}`;
    assert.equal(signal, 'SIGKILL', where);
    assert.deepEqual(leftovers(), [], where);
    assert.equal(removeUnfinished(pid), leaves, where);
  }
});

test('a create that fails leaves nothing either, also without O_TMPFILE', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 8 });
  for (const env of [{}, TEMPORARY]) {
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

/** Each creates one segment after the other until it is killed, within 8 ms or so. */
async function killCreators(
  t: TestContext,
  kills: number,
  env: NodeJS.ProcessEnv,
): Promise<{ unfinished: number }> {
  const random = seededRandom(t);
  let left = kills;
  let complete = 0;
  let unfinished = 0;
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const name = uniqueName();
      const creator = await startChild({ env });
      const order = creator.run(
        ({ memspan }, name, size, fill) => {
          for (let i = 0; ; i++) {
            const init = (made: Segment): unknown => new Uint8Array(made.buffer).fill(fill);
            memspan.Segment.create(`${name}-${i}`, { size, init }).close();
          }
        },
        name,
        SIZE,
        FILL,
      );
      await Promise.all([
        assert.rejects(order, { code: 'SIGKILL' }),
        delay(random() * 8).then(() => creator.kill()),
      ]);
      complete += removeComplete(name);
      const hidden = removeUnfinished(creator.pid);
      assert.ok(hidden <= 1, `${hidden} hidden files of one creator`);
      unfinished += hidden;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  t.diagnostic(`${complete} complete segments, ${unfinished} hidden files`);
  assert.ok(complete > 0, 'all were killed before their first segment');
  return { unfinished };
}

function removeComplete(prefix: string): number {
  const names = leftovers().filter((name) => name.startsWith(`${prefix}-`));
  for (const name of names) {
    using segment = Segment.open(name);
    assert.equal(segment.size, SIZE);
    const bytes = new Uint8Array(segment.buffer);
    assert.ok(
      bytes.every((byte) => byte === FILL),
      'a name without its content',
    );
    segment.unlink();
  }
  return names.length;
}

/** How many hidden files a creator has left. */
function removeUnfinished(pid: number): number {
  const names = fs.readdirSync('/dev/shm').filter((name) => name.startsWith(`.memspan-${pid}-`));
  for (const name of names) fs.rmSync(shmPath(name));
  return names.length;
}

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
