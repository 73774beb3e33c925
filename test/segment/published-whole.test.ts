// A name appears when its segment is complete, or not at all: creators killed at random moments leave whole
// segments and nothing else.
//
// Where the kernel has no unnamed files, the segment is made under a hidden name (.memspan-PID-…, mode 0600
// until it is complete) and renamed; a creator killed meanwhile leaves that one behind, and no other.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Segment } from '../../src/index.ts';
import {
  leftovers,
  removeUnfinished,
  seededRandom,
  uniqueName,
  until,
} from '../support/segments.ts';

const CREATOR = fileURLToPath(new URL('../fixtures/segment/creator.js', import.meta.url));
const SIZE = 3 * 4096 + 5;
const FILL = 0xa5;
// Creators at work while another one starts.
const LANES = 3;

test('100 creators killed at random moments: no half-made name, nothing left', async (t) => {
  assert.equal(await killCreators(t, 100, {}), 0);
});

test('40 creators without O_TMPFILE killed: no half-made name, each leaves at most its hidden one', async (t) => {
  const hidden = await killCreators(t, 40, { MEMSPAN_WITHOUT: 'o_tmpfile' });
  assert.ok(hidden <= 40);
});

/** Each is killed within 4 ms or so of its first segments; returns how many hidden files they have left. */
async function killCreators(
  t: TestContext,
  kills: number,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const random = seededRandom(t);
  let left = kills;
  let complete = 0;
  let hidden = 0;
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const name = uniqueName();
      const creator = spawn(process.execPath, [CREATOR, name, String(SIZE), String(FILL)], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, ...env },
      });
      const exited = once(creator, 'exit');
      const isStarted = (): boolean =>
        leftovers().some((left) => left.startsWith(`${name}-`)) || creator.exitCode !== null;
      await until(isStarted, 'the first segments');
      await delay(random() * 4);
      creator.kill('SIGKILL');
      assert.deepEqual(await exited, [null, 'SIGKILL']);
      complete += removeComplete(name);
      const own = removeUnfinished(creator.pid as number);
      assert.ok(own <= 1, `${own} hidden files of one creator`);
      hidden += own;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  t.diagnostic(`${complete} complete segments, ${hidden} hidden files`);
  return hidden;
}

/** Checks and removes them; how many there were. */
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
