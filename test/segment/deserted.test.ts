// Taking the name from what nobody has any more: not while somebody holds its gate, maps it, or has it open, whoever that
// is; and who opens it at that moment is not disturbed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { type DesertedOptions, type Standing, unlinkDeserted } from '../../src/segment/deserted.ts';
import { startChild } from '../support/puppets.ts';
import { codeOf, needsRoot, shmPath, uniqueName, until } from '../support/segments.ts';

const GATE = 5;
const NOBODY = 65_534;

function make(): string {
  const name = uniqueName();
  Segment.create(name, { size: 4096 }).close();
  return name;
}

function unlink(name: string, options: Partial<DesertedOptions> = {}): Standing {
  const whole = { gate: GATE, dryRun: false, isIt: () => true, isUsed: () => false };
  return unlinkDeserted(name, { ...whole, ...options });
}

/** Once whoever lists all segments of this machine just then has let go of it. */
async function unlinkAlone(
  name: string,
  options: Partial<DesertedOptions> = {},
): Promise<Standing> {
  let standing: Standing = 'used';
  await until(() => {
    standing = unlink(name, options);
    return standing !== 'used';
  }, 'nobody to have it');
  return standing;
}

test('nobody has it: it goes; a dry run says so and leaves it', async () => {
  const name = make();
  assert.equal(await unlinkAlone(name, { dryRun: true }), 'removable');
  assert.ok(fs.existsSync(shmPath(name)));
  assert.equal(await unlinkAlone(name), 'removed');
  assert.ok(!fs.existsSync(shmPath(name)));
  assert.equal(unlink(name), 'gone');
});

test('somebody holds the gate, shared or not: it stays', () => {
  const name = make();
  using segment = Segment.open(name);
  for (const shared of [true, false]) {
    using gate = segment.lifeline(GATE, { shared });
    assert.ok(gate);
    assert.deepEqual([unlink(name), unlink(name, { dryRun: true })], ['held', 'held']);
  }
  segment.unlink();
});

test('somebody has it mapped, to write or to read, or only open: it stays', async () => {
  const name = make();
  const other = await startChild();
  for (const readOnly of [true, false]) {
    await other.run(
      ({ memspan, kept }, name, readOnly) => {
        kept.segment = memspan.Segment.open(name, { readOnly });
      },
      name,
      readOnly,
    );
    assert.deepEqual([unlink(name), unlink(name, { dryRun: true })], ['used', 'used']);
    await other.run(({ kept }) => kept.segment.close());
  }
  // In C, what mmap has mapped stays mapped when its descriptor is closed.
  await other.run(({ posix, kept }, name) => {
    const fd = posix.shm_open(`/${name}`, posix.O_RDWR, 0);
    kept.buffer = posix.mmap(
      null,
      4096,
      posix.PROT_READ,
      posix.MAP_SHARED,
      fd,
      0,
    ) as SharedArrayBuffer;
    posix.close(fd);
  }, name);
  assert.equal(unlink(name), 'used');
  await other.run(({ posix, kept }) => posix.munmap(kept.buffer));
  const fd = fs.openSync(shmPath(name), 'r');
  assert.equal(unlink(name), 'used');
  fs.closeSync(fd);
  assert.ok(fs.existsSync(shmPath(name)));

  await other.run(({ memspan, kept }, name) => {
    kept.segment = memspan.Segment.open(name);
  }, name);
  await other.kill();
  assert.equal(await unlinkAlone(name), 'removed');
});

test('a name that leads to something else by now stays', async () => {
  const name = make();
  assert.equal(unlink(name, { isIt: () => false }), 'gone');
  const read = (size: number, bytes: (offset: number, length: number) => Uint8Array): boolean =>
    size === 4096 && bytes(4000, 200).length === 96;
  const replace: DesertedOptions['isIt'] = (size, bytes) => {
    Segment.unlink(name);
    Segment.create(name, { size: 100 }).close();
    return read(size, bytes);
  };
  assert.equal(await unlinkAlone(name, { isIt: replace }), 'gone');
  assert.equal(Segment.list(name)[0]?.size, 100);
  Segment.unlink(name);
});

test('where only its owner is told, it is known to be used, or not known', {
  skip: needsRoot,
}, () => {
  const name = make();
  fs.chmodSync(shmPath(name), 0o666);
  process.seteuid?.(NOBODY);
  try {
    const by = (isUsed: boolean): Standing => unlink(name, { dryRun: true, isUsed: () => isUsed });
    assert.deepEqual([by(true), by(false)], ['used', 'unknown']);
    assert.equal(unlink(name, { isUsed: () => false }), 'unknown');
  } finally {
    process.seteuid?.(0);
  }
  Segment.unlink(name);
});

test('who opens and closes it meanwhile is never disturbed', async () => {
  const name = make();
  const other = await startChild();
  const opening = other.run(({ memspan }, name) => {
    const codes = new Set<unknown>();
    for (let i = 0; i < 5000; i++) {
      try {
        memspan.Segment.open(name, { readOnly: i % 2 === 0 }).close();
      } catch (error) {
        codes.add((error as { code?: unknown }).code);
      }
    }
    return [...codes];
  }, name);
  let isOver = false;
  opening.finally(() => {
    isOver = true;
  });
  const standings = new Set<Standing>();
  while (!isOver) {
    for (let i = 0; i < 200; i++) standings.add(unlink(name, { dryRun: true }));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await opening, []);
  assert.equal(
    codeOf(() => Segment.open(name).close()),
    undefined,
  );
  for (const standing of standings) assert.ok(['removable', 'used'].includes(standing), standing);
  assert.equal(await unlinkAlone(name), 'removed');
});
