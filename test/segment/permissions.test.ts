// Who may open what: modes to the letter, other users' segments refused unless asked for, the kernel's own
// refusals as errors.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { type Child, type ChildOptions, startChild } from '../support/puppets.ts';
import { codeOf, needsRoot, shmPath, uniqueName } from '../support/segments.ts';

const PERMISSION = 'ERR_MEMSPAN_PERMISSION';
const FOREIGN = 'ERR_MEMSPAN_FOREIGN_OWNER';
const NOBODY = 65_534;

/** A child without root's rights: as whoever runs the tests, or, if that is root, as nobody. */
async function startOrdinaryChild(options?: ChildOptions): Promise<Child> {
  const child = await startChild(options);
  await child.run((_, nobody) => {
    if (process.getuid?.() !== 0) return;
    process.setgroups?.([]);
    process.setgid?.(nobody);
    process.setuid?.(nobody);
  }, NOBODY);
  return child;
}

/** The code of opening it in that way, in that child. */
function openIn(
  child: Child,
  name: string,
  options: { readOnly?: boolean; allowOwner?: number | number[] | 'any' } = {},
): Promise<string> {
  return child.run(
    ({ memspan }, name, options) => {
      try {
        memspan.Segment.open(name, options).close();
        return 'ok';
      } catch (error) {
        return (error as { code: string }).code;
      }
    },
    name,
    options,
  );
}

test('the mode is 0600, or what was said, whatever the umask is', () => {
  const before = process.umask();
  try {
    for (const umask of [0, 0o022, 0o777]) {
      process.umask(umask);
      for (const [options, mode] of [
        [{}, 0o600],
        [{ mode: 0o640 }, 0o640],
        [{ mode: 0o666 }, 0o666],
        [{ mode: 0 }, 0],
      ] as const) {
        const name = uniqueName();
        using segment = Segment.create(name, { size: 8, ...options });
        assert.equal(fs.statSync(shmPath(name)).mode & 0o7777, mode);
        new Uint8Array(segment.buffer)[0] = 1;
        segment.unlink();
      }
    }
  } finally {
    process.umask(before);
  }
});

test("another user's segment is refused unless allowOwner names that user", {
  skip: needsRoot,
}, () => {
  const name = uniqueName();
  using mine = Segment.create(name, { size: 8, mode: 0o666 });
  const { handle } = mine;
  fs.chownSync(shmPath(name), NOBODY, NOBODY);
  assert.throws(() => Segment.open(name), {
    name: 'MemspanError',
    code: FOREIGN,
    expected: 0,
    found: NOBODY,
    message: /belongs to user 65534.*allowOwner: 65534/,
  });
  for (const allowOwner of [1, [], [1, 2]]) {
    assert.equal(
      codeOf(() => Segment.open(name, { allowOwner })),
      FOREIGN,
    );
  }
  assert.equal(
    codeOf(() => Segment.openOrCreate(name, { size: 8 })),
    FOREIGN,
  );
  assert.equal(
    codeOf(() => Segment.fromHandle(handle)),
    FOREIGN,
  );
  for (const allowOwner of [NOBODY, [1, NOBODY], 'any'] as const) {
    Segment.open(name, { allowOwner }).close();
    Segment.openOrCreate(name, { size: 8, allowOwner }).close();
    Segment.fromHandle(handle, { allowOwner }).close();
  }
  assert.equal(Segment.list(name)[0]?.uid, NOBODY);
  mine.unlink();
});

test("root's segment of mode 0666 is a stranger's to another user", {
  skip: needsRoot,
}, async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 8, mode: 0o666 });
  const child = await startOrdinaryChild();
  assert.equal(await openIn(child, name), FOREIGN);
  assert.equal(await openIn(child, name, { allowOwner: 0 }), 'ok');
  fs.chmodSync(shmPath(name), 0o644);
  assert.equal(await openIn(child, name, { allowOwner: 0 }), PERMISSION);
  assert.equal(await openIn(child, name, { allowOwner: 0, readOnly: true }), 'ok');
  fs.chmodSync(shmPath(name), 0o600);
  assert.equal(await openIn(child, name, { allowOwner: 'any', readOnly: true }), PERMISSION);
  segment.unlink();
});

test('a segment whose mode forbids it is ERR_MEMSPAN_PERMISSION to an ordinary user, its owner too', async () => {
  const child = await startOrdinaryChild();
  const name = uniqueName();
  const create = (mode: number): Promise<void> =>
    child.run(
      ({ memspan }, name, mode) => {
        memspan.Segment.create(name, { size: 8, mode }).close();
      },
      name,
      mode,
    );
  const remove = (): Promise<boolean> =>
    child.run(({ memspan }, name) => memspan.Segment.unlink(name), name);
  await create(0o400);
  assert.equal(await openIn(child, name), PERMISSION);
  assert.equal(await openIn(child, name, { readOnly: true }), 'ok');
  await remove();
  await create(0);
  assert.equal(await openIn(child, name, { readOnly: true }), PERMISSION);
  await remove();
});

test("nobody's name can be taken away by another ordinary user: /dev/shm is sticky", {
  skip: needsRoot,
}, async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 8, mode: 0o666 });
  const child = await startOrdinaryChild();
  await assert.rejects(
    child.run(({ memspan }, name) => memspan.Segment.unlink(name), name),
    { code: PERMISSION },
  );
  segment.unlink();
});

test("a handle does not open another user's process", { skip: needsRoot }, async () => {
  using segment = Segment.anonymous(8);
  const child = await startOrdinaryChild();
  const open = child.run(
    ({ memspan }, handle) => void memspan.Segment.fromHandle(handle, { allowOwner: 'any' }),
    segment.handle,
  );
  await assert.rejects(open, { code: 'ERR_MEMSPAN_NOT_FOUND' });
});

test('memory that may not be locked (ulimit -l) is an error, and nothing is created', async () => {
  const under = ['sh', '-c', 'ulimit -l 64 && exec "$@"', 'sh'];
  const child = await startOrdinaryChild({ under });
  const name = uniqueName();
  const order = child.run(({ memspan }, name) => {
    memspan.Segment.create(name, { size: 1_048_576, lock: true });
  }, name);
  await assert.rejects(order, { code: 'ERR_MEMSPAN_NO_MEMORY' });
  assert.equal(fs.existsSync(shmPath(name)), false);
});

test('an ordinary user can do all the rest: create, open, resize, lend, unlink', async () => {
  const child = await startOrdinaryChild();
  const name = uniqueName();
  const done = await child.run(({ memspan }, name) => {
    const segment = memspan.Segment.openOrCreate(name, { size: 8 });
    segment.resize(10_000);
    const borrowed = memspan.Segment.fromHandle(segment.handle);
    const anonymous = memspan.Segment.fromHandle(memspan.Segment.anonymous(8).handle);
    segment.lifeline(1)?.release();
    return [borrowed.size, anonymous.size, segment.isHeld(1), segment.unlink()];
  }, name);
  assert.deepEqual(done, [10_000, 8, false, true]);
});
