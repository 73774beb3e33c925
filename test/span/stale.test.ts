// A span whose participants have all died: the next one recovers it, resets it, or is refused; of those who race, one does.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment, Span, type Stale } from '../../src/index.ts';
import { type Child, startChild, startWorker, type Tools } from '../support/puppets.ts';
import { shmPath, uniqueName } from '../support/segments.ts';
import { isStopped, startStepper, stopAt } from '../support/victims.ts';
import { leaveStale } from './steps.ts';

/** Two processes attach, one leaves data and holds a mutex, then both are killed. */
async function massacre(name: string): Promise<void> {
  const [first, second] = await Promise.all([startChild(), startChild()]);
  await first.run(({ memspan, kept }, name) => {
    const { Span } = memspan;
    kept.span = Span.create(name, { size: 2 ** 19, participants: 5, objects: 9, mode: 0o660 });
    kept.span.bytes('data', { size: 16 }).fill(42);
    kept.span.mutex('held').lock();
    kept.span.mutex('free').lock().release();
  }, name);
  await second.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.join(name);
  }, name);
  await Promise.all([first.kill(), second.kill()]);
}

test("after a massacre 'recover', the default, goes on with what there is", async () => {
  const name = uniqueName();
  await massacre(name);
  const { ino } = fs.statSync(shmPath(name));
  using span = Span.open(name);
  assert.deepEqual([span.recovered, span.created], [true, false]);
  assert.equal(fs.statSync(shmPath(name)).ino, ino);
  assert.deepEqual(
    span.objects().map((object) => object.name),
    ['data', 'held', 'free'],
  );
  assert.deepEqual([...span.bytes('data', { size: 16 })], Array(16).fill(42));
  using free = span.mutex('free').lock();
  using held = span.mutex('held').lock();
  assert.deepEqual([free.ownerDied, held.ownerDied], [false, true]);
  held.markConsistent();
  assert.equal(span.threads().length, 1);
  using again = Span.open(name, { stale: 'fail' });
  assert.equal(again.recovered, true, 'the attachment is the same');
  span.unlink();
});

test("'reset' makes it anew, with the same tables and mode unless told otherwise", async () => {
  for (const way of ['open', 'join'] as const) {
    const name = uniqueName();
    await massacre(name);
    const { ino } = fs.statSync(shmPath(name));
    using span = Span[way](name, { stale: 'reset' });
    assert.deepEqual([span.recovered, span.created, span.size], [false, true, 2 ** 19]);
    assert.deepEqual(span.objects(), []);
    const stat = fs.statSync(shmPath(name));
    assert.notEqual(stat.ino, ino);
    assert.equal(stat.mode & 0o777, 0o660);
    Span.open(name, { participants: 5, objects: 9 }).close();
    span.unlink();
  }
});

test("'fail' refuses it and changes nothing", async () => {
  const name = uniqueName();
  await massacre(name);
  for (const way of ['open', 'join'] as const) {
    assert.throws(() => Span[way](name, { stale: 'fail' }), {
      code: 'ERR_MEMSPAN_STALE',
      object: name,
      operation: `Span.${way}`,
    });
  }
  using span = Span.fromSegment(Segment.open(name));
  assert.equal(span.recovered, true);
  assert.equal(span.bytes('data', { size: 16 })[3], 42);
  span.unlink();
});

test('a span without a name cannot be reset, but recovered', async () => {
  using segment = Segment.anonymous(2 ** 20);
  const worker = await startWorker();
  // Its own span in our memory: as an inherited anonymous segment has it.
  const made = await startChild();
  const handle = await made.run(({ memspan, kept }) => {
    kept.span = memspan.Span.anonymous();
    return kept.span.handle;
  });
  using borrowed = Segment.fromHandle(handle);
  await made.kill();
  const again = Segment.fromHandle(borrowed.handle);
  assert.throws(() => Span.fromSegment(again, { stale: 'reset' }), { name: 'TypeError' });
  const recovered = await worker.run(({ memspan, kept }, handle) => {
    kept.span = memspan.Span.fromHandle(handle);
    return kept.span.recovered;
  }, borrowed.handle);
  assert.equal(recovered, true);
  assert.throws(() => Span.fromSegment(segment), { code: 'ERR_MEMSPAN_NOT_A_SPAN' });
});

test('it is not stale after the last one left in order, whatever died before in a slot used since', async () => {
  const name = uniqueName();
  const child = await startChild();
  await child.run(({ memspan }, name) => {
    memspan.Span.create(name, { participants: 1 }).close();
  }, name);
  Span.open(name, { stale: 'fail' }).close();
  await child.run(({ memspan }, name) => {
    memspan.Span.open(name).bytes('data', { size: 1 });
  }, name);
  await child.kill();
  const span = Span.open(name);
  assert.equal(span.recovered, true);
  span.close();
  using after = Span.open(name, { stale: 'fail' });
  assert.equal(after.recovered, false);
  after.unlink();
});

test('it is not stale either when one died while somebody else was there, and that one left in order', async () => {
  const name = uniqueName();
  const span = Span.create(name);
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.join(name);
    kept.span.mutex('held').lock();
  }, name);
  await child.kill();
  span.close();
  using after = Span.open(name, { stale: 'fail' });
  assert.equal(after.recovered, false);
  assert.equal(after.threads().length, 1);
  assert.equal(after.mutex('held').lock().ownerDied, true, 'the lock still tells');
  after.unlink();
});

test('who is killed after the others have left makes it stale, however late they look', async () => {
  const name = uniqueName();
  const [leaver, victim] = await Promise.all([startStepper(), startStepper()]);
  const open = ({ memspan, kept }: Tools, name: string): void => {
    kept.span = memspan.Span.open(name);
  };
  await leaver.run(open, name);
  await victim.run(open, name);
  await stopAt(leaver, 'gate-released');
  const leaving = closeOf(leaver);
  await isStopped(leaver, 'the leaver');
  await victim.kill();
  leaver.process.kill('SIGCONT');
  await leaving;
  assert.throws(() => Span.open(name, { stale: 'fail' }), { code: 'ERR_MEMSPAN_STALE' });
  Span.unlink(name);
});

test('while others live a dead one is listed as dead, and its slot is taken by the next who needs it', async () => {
  const name = uniqueName();
  using span = Span.create(name, { participants: 2, as: 'me' });
  for (let i = 0; i < 3; i++) {
    const child = await startChild();
    await child.run(
      ({ memspan, kept }, name, as) => {
        kept.span = memspan.Span.join(name, { as });
        if (kept.span.recovered) throw new Error('somebody was alive');
      },
      name,
      `child-${i}`,
    );
    const listed = (): unknown[] => span.threads().map(({ name, alive }) => [name, alive]);
    assert.deepEqual(listed(), [
      ['me', true],
      [`child-${i}`, true],
    ]);
    await child.kill();
    assert.deepEqual(listed(), [
      ['me', true],
      [`child-${i}`, false],
    ]);
  }
  span.unlink();
});

interface Came {
  readonly code?: string;
  readonly created?: boolean;
  readonly recovered?: boolean;
  readonly ino?: string;
}

/** At that time, as exactly as can be had. */
function openAt({ memspan, kept }: Tools, name: string, stale: Stale, at: number): Came {
  while (Date.now() < at);
  try {
    kept.span = memspan.Span.open(name, { stale });
    const { created, recovered, handle } = kept.span;
    return { created, recovered, ino: handle.ino };
  } catch (error) {
    return { code: (error as { code?: string }).code ?? String(error) };
  }
}

test('of eight who race for a stale span, exactly one recovers or resets it, and all are in the same span', async () => {
  const children = await Promise.all(Array.from({ length: 8 }, () => startChild()));
  const race = async (policies: readonly Stale[]): Promise<Came[]> => {
    const name = uniqueName();
    leaveStale(name, 'until-unlinked', 16);
    const at = Date.now() + 10;
    const came = await Promise.all(
      children.map((child, i) =>
        child.run(openAt, name, policies[i % policies.length] as Stale, at),
      ),
    );
    const inside = came.filter(({ code }) => code === undefined);
    assert.ok(new Set(inside.map(({ ino }) => ino)).size <= 1, JSON.stringify(came));
    await Promise.all(children.map(closeOf));
    Span.unlink(name);
    return came;
  };
  const count = (came: Came[], key: keyof Came, value: unknown = true): number =>
    came.filter((each) => each[key] === value).length;
  for (let i = 0; i < 5; i++) {
    const recovering = await race(['recover']);
    assert.deepEqual([count(recovering, 'recovered'), count(recovering, 'created')], [1, 0]);
    const resetting = await race(['reset']);
    assert.deepEqual([count(resetting, 'recovered'), count(resetting, 'created')], [0, 1]);
    const failing = await race(['fail']);
    assert.equal(count(failing, 'code', 'ERR_MEMSPAN_STALE'), 8, JSON.stringify(failing));
    const mixed = await race(['recover', 'fail', 'reset', 'fail']);
    assert.equal(count(mixed, 'recovered') + count(mixed, 'created'), 1, JSON.stringify(mixed));
    const codes = new Set(mixed.map(({ code }) => code));
    codes.delete('ERR_MEMSPAN_STALE');
    assert.deepEqual([...codes], [undefined], JSON.stringify(mixed));
  }
});

test('who finds somebody alone in there joins nobody when that one has gone again', async () => {
  const [first, second] = await Promise.all([startStepper(), startStepper()]);
  for (const [stale, code] of [
    ['fail', 'ERR_MEMSPAN_STALE'],
    ['recover', undefined],
  ] as const) {
    const name = uniqueName();
    leaveStale(name);
    // Both stop, the second after it was told that the first is alone in there.
    await stopAt(first, 'gate-taken');
    const refused = first.run(openAt, name, 'fail', 0);
    await isStopped(first, 'the first');
    await stopAt(second, 'gate-refused');
    const coming = second.run(openAt, name, stale, 0);
    await isStopped(second, 'the second');
    first.process.kill('SIGCONT');
    assert.equal((await refused).code, 'ERR_MEMSPAN_STALE');
    second.process.kill('SIGCONT');
    const came = await coming;
    assert.deepEqual([came.code, came.recovered], [code, code === undefined ? true : undefined]);
    await closeOf(second);
    Span.unlink(name);
  }
});

function closeOf(child: Child): Promise<void> {
  return child.run(({ kept }) => kept.span?.close());
}
