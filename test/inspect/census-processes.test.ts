// The census and processes that come and go, that are half gone, and that may not be looked at.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Segment } from '../../src/index.ts';
import { CENSUS_KINDS, census } from '../../src/inspect/census.ts';
import { needs } from '../support/extras.ts';
import { startChild } from '../support/puppets.ts';
import { needsRoot, shmPath, until } from '../support/segments.ts';
import { isFree, itemOf, newName, pidsOf } from './items.ts';

test('a process whose first thread has ended counts', { skip: needs('python3') }, async (t) => {
  const name = newName(t);
  Segment.create(name, { size: 4096 }).close();
  const child = spawn('python3', ['-c', HEADLESS, shmPath(name)], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const ended = once(child, 'exit');
  const pid = child.pid as number;
  await until(() => stateOf(pid) === 'Z', 'its first thread to end');
  assert.deepEqual(pidsOf(itemOf(name)), [pid]);
  child.stdin.end();
  await ended;
  isFree(itemOf(name));
});

/** Maps the file, and goes on without its first thread until its input ends. SYS_exit ends a thread, not a process. */
const HEADLESS = `
import ctypes, mmap, os, platform, sys, threading
file = open(sys.argv[1], 'r+b')
memory = mmap.mmap(file.fileno(), 4096)
def wait():
    os.read(0, 1)
    os._exit(0)
threading.Thread(target=wait).start()
ctypes.CDLL(None).syscall(60 if platform.machine() == 'x86_64' else 93, 0)
`;

function stateOf(pid: number): string {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.charAt(stat.lastIndexOf(')') + 2);
}

test('what comes and goes meanwhile is left out or listed, and nothing fails', async (t) => {
  const [stays, passing] = [newName(t), newName(t)];
  using _mine = Segment.create(stays, { size: 4096 });
  const child = await startChild();
  const storm = child.run(
    async ({ memspan, fs, spawn }, name, file) => {
      const isOver = (): boolean => fs.existsSync(`${file}.over`);
      for (let i = 0; !isOver(); i++) {
        const made = memspan.Segment.create(name, { size: 4096 });
        if (i % 20 === 0) spawn('true').on('error', () => {});
        made.unlink();
        made.close();
        if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    },
    passing,
    shmPath(stays),
  );
  for (let round = 0; round < 60; round++) {
    const { items } = census({
      pattern: [stays, passing],
      kinds: CENSUS_KINDS,
      descriptors: round % 2 === 0,
    });
    const kept = items.filter(({ name }) => name === stays);
    assert.deepEqual(kept.map(pidsOf), [[process.pid]]);
    for (const { name, size } of items) assert.equal(size, 4096, name);
  }
  const over = `${shmPath(stays)}.over`;
  fs.writeFileSync(over, '');
  t.after(() => fs.rmSync(over));
  await storm;
});

test('another user’s processes are counted where they may not be looked at', {
  skip: needsRoot,
}, (t) => {
  const name = newName(t);
  using _mine = Segment.create(name, { size: 4096, mode: 0o644 });
  const closed = newName(t);
  using _closed = Segment.create(closed, { size: 4096 });
  const seen = JSON.parse(
    execFileSync(process.execPath, [STRANGER, name, closed], { encoding: 'utf8' }),
  );
  for (const item of seen) {
    assert.ok(item.hidden > 0);
    assert.deepEqual([item.mappers, item.isHeld], [[], undefined]);
  }
  assert.equal(seen[1].remark, 'may not be read');
});

const STRANGER = fileURLToPath(new URL('../fixtures/inspect/stranger.js', import.meta.url));
