// The wait-for graph: a deadlock of two processes is marked, and it is the one that one of them is told of; a circle of
// tasks is one, too.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { type DeadlockMember, type MemspanError, Span } from '../../src/index.ts';
import { dissect, type WaitCycle } from '../../src/inspect/anatomy.ts';
import { LockManager } from '../../src/locks/locks.ts';
import { memspan } from '../cli/memspan.ts';
import { startChild, type Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';

const PATIENCE_MS = 40_000;

function hold({ memspan, kept }: Tools, name: string, as: string, object: string): void {
  kept.span = memspan.Span.join(name, { as });
  kept.span.mutex(object).lock();
}

/** Blocks; what it is told. */
function block({ kept }: Tools, object: string, timeoutMs: number): unknown {
  try {
    return kept.span.mutex(object).lock({ timeoutMs }) === null ? 'timed out' : 'taken';
  } catch (error) {
    return (error as MemspanError).found;
  }
}

test('two processes in a deadlock: the cycle is marked, and one of them is told of it', async () => {
  const name = uniqueName();
  using _ = Span.create(name, { lifetime: 'last-close', as: 'test' });
  const [low, high] = await Promise.all([startChild(), startChild()]);
  await low.run(hold, name, 'low', 'a');
  await high.run(hold, name, 'high', 'b');
  // The one with the higher id would end it. Stopped, it stays.
  const told = high.run(block, 'a', PATIENCE_MS);
  await until(() => blockedOn(name, 'high') === 'a', 'the first half of it');
  process.kill(high.pid, 'SIGSTOP');
  await until(() => /\) T/.test(fs.readFileSync(`/proc/${high.pid}/stat`, 'utf8')), 'it to stop');
  const other = low.run(block, 'b', PATIENCE_MS);
  await until(() => blockedOn(name, 'low') === 'b', 'the second half of it');

  const { cycles, waits } = dissect(name);
  assert.deepEqual(cycles.map(wayOf), [
    [
      ['low', 'b', 'high', true],
      ['high', 'a', 'low', true],
    ],
  ]);
  assert.deepEqual(
    cycles.map(({ deadlock }) => deadlock),
    [true],
  );
  assert.equal(waits.length, 2);
  const text = String((await memspan('inspect', name)).stdout);
  assert.match(text, /DEADLOCK\n +low → b → high → a → low\n/);

  process.kill(high.pid, 'SIGCONT');
  const members = (await told) as DeadlockMember[];
  assert.deepEqual(
    members.map(({ thread, waitsFor }) => [thread, waitsFor]).sort(),
    cycles[0]?.edges.map(({ waiter, object }) => [waiter.name, object]).sort(),
  );
  await high.run(({ kept }) => kept.span.close());
  assert.equal(await other, 'taken');
  assert.deepEqual(dissect(name).cycles, []);
  await low.run(({ kept }) => kept.span.close());
});

test('tasks that wait in a circle are one, but no deadlock: their threads may let go yet', async () => {
  const name = uniqueName();
  using _ = Span.create(name, { lifetime: 'last-close', as: 'test' });
  const [one, two] = await Promise.all([startChild(), startChild()]);
  await one.run(hold, name, 'one', 'a');
  await two.run(hold, name, 'two', 'b');
  const ask = ({ kept }: Tools, object: string): void => {
    kept.span
      .mutex(object)
      .lockAsync()
      .catch(() => {});
  };
  await one.run(ask, 'b');
  await two.run(ask, 'a');
  const { cycles } = dissect(name);
  assert.deepEqual(cycles.map(wayOf), [
    [
      ['one', 'b', 'two', false],
      ['two', 'a', 'one', false],
    ],
  ]);
  assert.deepEqual(
    cycles.map(({ deadlock }) => deadlock),
    [false],
  );
  for (const child of [one, two]) await child.run(({ kept }) => kept.span.close());
});

test('locks of a lock space: who holds them, who asks for them', async () => {
  const space = uniqueName();
  using manager = new LockManager({ space, as: 'test' });
  const child = await startChild();
  await manager.request('report', async () => {
    await child.run(({ locks, kept }, space) => {
      const manager = new locks.LockManager({ space, as: 'child' });
      Object.assign(kept, { manager });
      manager.request('report', () => {}).catch(() => {});
    }, space);
    await until(() => dissect(space).waits.length === 1, 'the child to ask');
    const { waits, objects, participants } = dissect(space);
    const [claims] = objects.map(({ claims }) => claims);
    assert.deepEqual(
      claims?.map(({ name, who, mode, phase }) => [name, who.name, mode, phase]).sort(),
      [
        ['report', 'child', 'exclusive', 'pending'],
        ['report', 'test', 'exclusive', 'held'],
      ],
    );
    assert.deepEqual(wayOf({ edges: waits }), [['child', 'locks/report', 'test', false]]);
    const test = participants.find(({ who }) => who.name === 'test');
    assert.deepEqual(test?.holds, ['locks/report']);
  });
  await child.kill();
});

function blockedOn(name: string, thread: string): string | undefined {
  const found = dissect(name).participants.find(({ who }) => who.name === thread);
  return found?.waits.find(({ blocking }) => blocking)?.object;
}

function wayOf({ edges }: Pick<WaitCycle, 'edges'>): unknown[] {
  return edges.map(({ waiter, object, holder, blocking }) => [
    waiter.name,
    object,
    holder.name,
    blocking,
  ]);
}
