// Processes in pid namespaces of their own, as in containers, that share /dev/shm: a pid says nothing there, and nothing
// depends on it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { test } from 'node:test';
import { type FoundThread, find, Span } from '../../src/index.ts';
import { needs } from '../support/extras.ts';
import { type Child, startChild, type Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';

const CONTAINER = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];

const works = (): boolean => {
  const [command = '', ...args] = CONTAINER;
  return spawnSync(command, [...args, 'true'], { timeout: 10_000 }).status === 0;
};

/** In there its pid is 1. */
const startContainer = (): Promise<Child> => startChild({ under: CONTAINER });

/** Its pid out here: it is the only child of unshare. */
function hostPid({ pid }: Child): number {
  return Number(fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
}

function attach({ memspan, kept }: Tools, name: string): number {
  kept.span = memspan.Span.open(name, { as: 'main' });
  return process.pid;
}

function lock({ kept }: Tools): boolean | undefined {
  const guard = kept.span.mutex('m', { recover: () => {} }).lock({ timeoutMs: 20_000 });
  return guard?.ownerDied;
}

function tryLock({ kept }: Tools): boolean {
  const guard = kept.span.mutex('m').tryLock();
  guard?.release();
  return guard !== null;
}

test('two with the same pid in different pid namespaces contend for a mutex, and one is killed', {
  skip: needs('unshare', works),
}, async () => {
  const name = uniqueName();
  using span = Span.create(name, { as: 'outside' });
  const [first, second] = await Promise.all([startContainer(), startContainer()]);
  assert.deepEqual([await first.run(attach, name), await second.run(attach, name)], [1, 1]);
  const threads = span.threads('main');
  assert.deepEqual(
    threads.map(({ pid, tid, alive }) => [pid, tid, alive]),
    [
      [1, 1, true],
      [1, 1, true],
    ],
  );

  assert.equal(await first.run(lock), false);
  assert.equal(await second.run(tryLock), false, 'what pid 1 holds is not its own');
  // A paused one keeps what it holds.
  process.kill(hostPid(first), 'SIGSTOP');
  const waiting = second.run(lock);
  await until(() => threads[1]?.waitingOn.length === 1, 'the other to wait');
  assert.equal(span.mutex('m').owner?.alive, true);
  process.kill(hostPid(first), 'SIGCONT');

  const exited = threads[0]?.exited();
  process.kill(hostPid(first), 'SIGKILL');
  assert.equal(await waiting, true);
  await exited;
  assert.deepEqual(
    threads.map(({ alive }) => alive),
    [false, true],
  );
  assert.equal(span.mutex('m').tryLock(), null);
  const found = find({ kind: 'thread', name: `${name}/main` }) as FoundThread[];
  assert.deepEqual(found.map(({ alive }) => alive).sort(), [false, true]);
  for (const thread of found) {
    using opened = thread.open();
    assert.deepEqual([opened.alive, opened.pid], [thread.alive, 1]);
  }

  // Pid 1 once more: it is not taken for the dead one, nor for the owner.
  const third = await startContainer();
  assert.equal(await third.run(attach, name), 1);
  assert.equal(await third.run(tryLock), false);
  await second.run(({ kept }) => kept.span.close());
  assert.equal(await third.run(lock), true, 'who leaves abandons what it holds');
  span.unlink();
});

test('everybody killed in their containers: the next one, outside or inside, recovers', {
  skip: needs('unshare', works),
}, async () => {
  const name = uniqueName();
  const container = await startContainer();
  await container.run(attach, name);
  await container.run(lock);
  process.kill(hostPid(container), 'SIGKILL');
  await container.exited;
  const next = await startContainer();
  const recovered = await next.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.open(name);
    return kept.span.recovered;
  }, name);
  assert.equal(recovered, true);
  assert.equal(await next.run(lock), true);
  Span.unlink(name);
});
