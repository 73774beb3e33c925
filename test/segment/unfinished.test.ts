// What a maker leaves under a temporary name, where the kernel has no unnamed files: it can be removed once the maker
// is dead, and not before; a maker that is overtaken begins again.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { hasMaker, removeUnfinished } from '../../src/segment/unfinished.ts';
import { startChild } from '../support/puppets.ts';
import { shmPath, uniqueName } from '../support/segments.ts';
import { isStopped, stopAt } from '../support/victims.ts';

const env = { MEMSPAN_WITHOUT: 'o_tmpfile', MEMSPAN_STEPS: '1' };

function unfinishedOf(pid: number): string[] {
  return fs.readdirSync('/dev/shm').filter((name) => name.startsWith(`.memspan-${pid}-`));
}

test('while its maker lives, paused or not, nobody removes it; when it is dead, one does', async () => {
  const maker = await startChild({ env });
  const making = maker.run(({ memspan }, name) => {
    memspan.Segment.create(name, {
      size: 4096,
      init: () => process.kill(process.pid, 'SIGSTOP'),
    });
  }, uniqueName());
  making.catch(() => {});
  await isStopped(maker, 'the maker to stop in init');
  const [name = ''] = unfinishedOf(maker.pid);
  assert.deepEqual([hasMaker(name), removeUnfinished(name)], [true, false]);
  assert.ok(fs.existsSync(shmPath(name)));

  await maker.kill();
  await assert.rejects(making);
  assert.deepEqual([hasMaker(name), removeUnfinished(name)], [false, true]);
  assert.deepEqual(unfinishedOf(maker.pid), []);
  assert.deepEqual([hasMaker(name), removeUnfinished(name)], [true, false], 'gone');
});

test('a maker that has not come to its lock is overtaken, and begins again', async () => {
  const maker = await startChild({ env });
  const name = uniqueName();
  await stopAt(maker, 'temporary-opened');
  const making = maker.run(({ memspan, kept }, name) => {
    kept.segment = memspan.Segment.create(name, { size: 4096 });
    return kept.segment.isLinked;
  }, name);
  await isStopped(maker, 'the maker to stop');
  const [first = ''] = unfinishedOf(maker.pid);
  assert.equal(removeUnfinished(first), true);
  process.kill(maker.pid, 'SIGCONT');
  assert.equal(await making, true);
  assert.deepEqual(unfinishedOf(maker.pid), []);
  Segment.unlink(name);
});
