// find: what is in the spans on this machine, as a fresh process sees it; and what can be done with what was found.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import {
  type Found,
  type FoundThread,
  find,
  Mutex,
  type MutexGuard,
  Segment,
  Span,
} from '../../src/index.ts';
import { type Child, startChild, type Tools } from '../support/puppets.ts';
import { shmPath, uniqueName, until } from '../support/segments.ts';

/** Names like those of the issue, and odd ones. In 5 spans: 40 objects, every third a mutex. */
const plan = (prefix: string): [span: string, object: string, kind: string][] => {
  const spans = ['game', 'game-2', 'sound', 'odd *?[x]', 'ünï'].map((name) => `${prefix}-${name}`);
  const objects = ['player-1', 'player-2', 'player-10', 'ledger', 'a/b', '*', '?', 'é ✓'];
  return spans.flatMap((span, s) =>
    objects.map((object, o): [string, string, string] => {
      return [span, object, (s + o) % 3 === 0 ? 'mutex' : 'bytes'];
    }),
  );
};

function hold({ memspan, kept }: Tools, list: ReturnType<typeof plan>, as: string): void {
  kept.span = memspan.Span.open(list[0]?.[0] as string, { as });
  for (const [name, object, kind] of list) {
    const span = memspan.Span.open(name, { as });
    if (kind === 'mutex') span.mutex(object);
    else span.bytes(object, { size: 10 });
  }
}

/** What a child finds, as plain data. */
function look({ memspan }: Tools, options?: object): string[] {
  return memspan
    .find(options as { name: string })
    .map(({ kind, span, name, fullName }) => JSON.stringify([kind, span, name, fullName]));
}

test('a fresh process finds exactly the 40 objects that 3 others hold in 5 spans, by kind and pattern', async () => {
  const prefix = uniqueName();
  const all = plan(prefix);
  const holders = await Promise.all([startChild(), startChild(), startChild()]);
  // Each makes a third of them; every span is open in all three.
  await Promise.all(
    holders.map((child, i) =>
      child.run(
        hold,
        all.filter((_, k) => k % 3 === i),
        `holder-${i}`,
      ),
    ),
  );
  const fresh = await startChild();
  const expect = async (
    options: { name: string; kind?: string },
    isMatch: (fullName: string, kind: string) => boolean,
  ): Promise<void> => {
    const name = options.name.startsWith('*') ? options.name : `${prefix}-${options.name}`;
    const found = await fresh.run(look, { ...options, name });
    const ours = found.filter((line) => line.includes(prefix) && !line.startsWith('["thread"'));
    const expected = all
      .map(([span, object, kind]) => [kind, span, object, `${span}/${object}`] as const)
      .filter(([kind, , , fullName]) => isMatch(fullName.slice(prefix.length + 1), kind))
      .sort((a, b) => (a[3] < b[3] ? -1 : 1))
      .map((each) => JSON.stringify(each));
    assert.deepEqual(ours, expected, JSON.stringify(options));
  };
  await expect({ name: '*' }, () => true);
  await expect({ name: '*', kind: 'mutex' }, (_, kind) => kind === 'mutex');
  await expect({ name: 'game/*' }, (name) => name.startsWith('game/'));
  await expect({ name: 'game*/ledger', kind: 'bytes' }, (name, kind) => {
    return /^game.*\/ledger$/.test(name) && kind === 'bytes';
  });
  await expect({ name: 'game/player-?' }, (name) => /^game\/player-.$/.test(name));
  await expect({ name: 'game/player-??' }, (name) => name === 'game/player-10');
  await expect({ name: '*/a/b' }, (name) => name.endsWith('/a/b'));
  await expect({ name: 'odd *?[x]/*' }, (name) => name.startsWith('odd'));
  await expect({ name: 'sound/??' }, (name) => name === 'sound/??');
  await expect({ name: 'ünï/é ✓' }, (name) => name === 'ünï/é ✓');
  await expect({ name: 'game' }, () => false);
  await expect({ name: 'nothing/*' }, () => false);
  await expect({ name: '[g]ame/*' }, () => false);
  assert.equal((await fresh.run(look, { name: `${prefix}*`, kind: 'thread' })).length, 3 * 5);
  for (const name of new Set(all.map(([span]) => span))) Span.unlink(name);
  assert.deepEqual(await fresh.run(look, { name: `${prefix}*` }), []);
});

test('find leaves out what is no span, what is damaged, and what is too large or too small to be one', () => {
  const prefix = uniqueName();
  using good = Span.create(`${prefix}-good`);
  good.bytes('b', { size: 1 });
  Segment.create(`${prefix}-raw`, { size: 10 }).close();
  Segment.create(`${prefix}-zeros`, { size: 2 ** 20 }).close();
  Span.create(`${prefix}-damaged`).close();
  fs.writeSync(fs.openSync(shmPath(`${prefix}-damaged`), 'r+'), Buffer.alloc(4, 255), 0, 4, 32);
  Span.create(`${prefix}-cut`).close();
  fs.truncateSync(shmPath(`${prefix}-cut`), 5000);
  fs.writeFileSync(shmPath(`${prefix}-empty`), '');
  fs.symlinkSync(shmPath(`${prefix}-good`), shmPath(`${prefix}-link`));
  fs.mkdirSync(shmPath(`${prefix}-directory`));
  for (const [i, size] of [2 ** 33, 2 ** 40, 2 ** 46, 2 ** 52].entries()) {
    fs.writeFileSync(shmPath(`${prefix}-huge-${i}`), 'memspan\0');
    fs.truncateSync(shmPath(`${prefix}-huge-${i}`), size);
  }
  assert.deepEqual(
    find({ name: `${prefix}*`, kind: 'bytes' }).map(({ fullName }) => fullName),
    [`${prefix}-good/b`],
  );
  assert.equal(find({ name: `${prefix}*` }).length, 2);
  for (const name of fs.readdirSync('/dev/shm')) {
    if (name.startsWith(prefix)) fs.rmSync(shmPath(name), { recursive: true });
  }
});

test('finding attaches to nothing and leaves no descriptor', () => {
  using span = Span.create(uniqueName());
  span.mutex('m');
  const count = (): number => fs.readdirSync('/proc/self/fd').length;
  const before = count();
  for (let i = 0; i < 10; i++) {
    const found = find({ name: `${span.name}/*` });
    assert.equal(found.length, 2);
    assert.equal((found.find(({ kind }) => kind === 'thread') as FoundThread).alive, true);
  }
  assert.equal(count(), before);
  assert.equal(span.threads().length, 1);
  span.unlink();
});

test('a found mutex can be opened and locked, as what it is', async () => {
  const name = uniqueName();
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.create(name);
    kept.span.mutex('recursive', { recursive: true }).lock();
    kept.span.bytes('data', { size: 3 })[1] = 5;
  }, name);
  const [found] = find({ kind: 'mutex', name: `${name}/*` });
  const mutex = found?.open() as Mutex;
  assert.ok(mutex instanceof Mutex);
  assert.deepEqual([mutex.fullName, mutex.tryLock()], [`${name}/recursive`, null]);
  assert.equal(mutex.owner?.pid, child.pid);
  await child.kill();
  const guard = mutex.lock();
  assert.equal(guard.ownerDied, true);
  guard.markConsistent();
  // Recursive, as it was made.
  mutex.lock().release();
  (guard as MutexGuard).release();
  mutex.span.close();
  const [data] = find({ kind: 'bytes', name: `${name}/data` }) as [Found];
  assert.deepEqual([...(data.open() as Uint8Array)], [0, 5, 0]);
  using again = Span.join(name);
  // Who found the mutex outlived its owner, and left in order.
  assert.equal(again.recovered, false);
  again.unlink();
  assert.throws(() => data.open(), { code: 'ERR_MEMSPAN_NOT_FOUND' });
});

function attach({ memspan, kept }: Tools, name: string, as: string): number {
  kept.span = memspan.Span.join(name, { as });
  return process.pid;
}

const threadsIn = (name: string): FoundThread[] => find({ kind: 'thread', name: `${name}/*` });

test("a found thread has the process's numbers, says what it waits for, and tells of its end", async () => {
  const name = uniqueName();
  const [owner, waiter] = await Promise.all([startChild(), startChild()]);
  await owner.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.create(name, { as: 'owner' });
    kept.span.mutex('ledger').lock();
  }, name);
  await waiter.run(attach, name, 'waiter');
  const locking = waiter.run(({ kept }) => {
    const guard = kept.span.mutex('ledger').lock();
    const { ownerDied } = guard;
    guard.markConsistent();
    guard.release();
    return ownerDied;
  });
  const [first, second] = threadsIn(name) as [FoundThread, FoundThread];
  assert.deepEqual([first.name, second.name], ['owner', 'waiter']);
  assert.deepEqual([first.pid, first.tid], [owner.pid, owner.pid]);
  assert.deepEqual([second.span, second.fullName], [name, `${name}/waiter`]);
  assert.ok(Math.abs(+second.attachedAt - Date.now()) < 60_000);
  await until(() => second.waitingOn.length === 1, 'the wait');
  const [wait] = second.waitingOn;
  assert.deepEqual([wait?.name, wait?.blocking], ['ledger', true]);
  assert.ok(+(wait?.since ?? 0) >= +second.attachedAt);
  assert.deepEqual(first.waitingOn, []);

  const opened = first.open();
  assert.deepEqual([opened.pid, opened.alive], [owner.pid, true]);
  const exited = opened.exited();
  await owner.kill();
  await exited;
  assert.equal(await locking, true);
  assert.deepEqual([first.alive, opened.alive, second.alive], [false, false, true]);
  assert.deepEqual(
    threadsIn(name).flatMap((thread) => (thread.alive ? [thread.name] : [])),
    ['find.test.js', 'waiter'],
  );
  opened.close();
  await until(() => second.waitingOn.length === 0, 'the end of the wait');
  await leave(waiter);
  assert.equal(second.alive, false);
  assert.throws(() => second.open(), { code: 'ERR_MEMSPAN_NOT_FOUND' });
  Span.unlink(name);
  assert.deepEqual([second.alive, second.waitingOn], [false, []]);
});

test('a paused thread is alive; one that left is not listed, and one that was killed is listed as dead', async () => {
  const name = uniqueName();
  using span = Span.create(name, { as: 'me' });
  const [paused, left, killed] = (await Promise.all(
    ['paused', 'left', 'killed'].map(async (as) => {
      const child = await startChild();
      await child.run(attach, name, as);
      return child;
    }),
  )) as [Child, Child, Child];
  paused.process.kill('SIGSTOP');
  await leave(left);
  await killed.kill();
  const list = (): unknown[] => threadsIn(name).map((thread) => [thread.name, thread.alive]);
  assert.deepEqual(list(), [
    ['killed', false],
    ['me', true],
    ['paused', true],
  ]);
  await paused.kill();
  assert.deepEqual(threadsIn(name).filter(({ alive }) => alive).length, 1, 'only this one is left');
  span.unlink();
});

function leave(child: Child): Promise<void> {
  return child.run(({ kept }) => kept.span.close());
}
