// The census, against processes that really hold, map and leave behind: every kind, who maps it, whether anybody alive has it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment, Span } from '../../src/index.ts';
import { type CensusItem, type CensusKind, census } from '../../src/inspect/census.ts';
import { O_CREAT, sem_close, sem_open, sem_unlink } from '../../src/os/posix.ts';
import { IPC_RMID, shmat, shmctl, shmdt } from '../../src/os/sysv.ts';
import { newKey, newSegment, newSet } from '../os/sysv/objects.ts';
import { startChild } from '../support/puppets.ts';
import { shmPath } from '../support/segments.ts';
import { isFree, itemOf, newName, pidsOf } from './items.ts';

test('a segment: size, mode, owner, age, inode, and who maps it how', async (t) => {
  const name = newName(t);
  const before = Date.now();
  using segment = Segment.create(name, { size: 5000, mode: 0o640 });
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.segment = memspan.Segment.open(name, { readOnly: true });
  }, name);
  const item = itemOf(name);
  const { dev, ino } = segment.handle;
  assert.deepEqual(
    [item.kind, item.size, item.mode, item.uid, item.inode, item.isHeld],
    ['segment', 5000, 0o640, process.getuid?.(), `${dev}:${ino}`, true],
  );
  assert.equal(item.residentSize, fs.statSync(shmPath(name)).blocks * 512);
  // The file system's clock has ticks.
  assert.ok(item.ageMs <= Date.now() - before + 1000);
  const who = item.mappers.map(({ pid, readOnly, uid }) => ({ pid, readOnly, uid }));
  const uid = process.getuid?.();
  assert.deepEqual(
    who.sort((a, b) => a.pid - b.pid),
    [
      { pid: process.pid, readOnly: false, uid },
      { pid: child.pid, readOnly: true, uid },
    ].sort((a, b) => a.pid - b.pid),
  );
  const commands = new Map(item.mappers.map(({ pid, command }) => [pid, command]));
  assert.equal(commands.get(child.pid), 'node puppet.js');
});

test('who is killed maps it no more, and then it is nobody’s', async (t) => {
  const name = newName(t);
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.segment = memspan.Segment.create(name, { size: 4096 });
  }, name);
  assert.deepEqual(pidsOf(itemOf(name)), [child.pid]);
  await child.kill();
  isFree(itemOf(name));
});

test('a private mapping counts', async (t) => {
  const name = newName(t);
  Segment.create(name, { size: 4096 }).close();
  using _mine = Segment.open(name, { private: true });
  assert.deepEqual(pidsOf(itemOf(name)), [process.pid]);
});

test('a lifeline counts, also of who does not map it', async (t) => {
  const name = newName(t);
  const segment = Segment.create(name, { size: 4096 });
  const lifeline = segment.lifeline(7);
  segment.close();
  const item = itemOf(name);
  assert.deepEqual([pidsOf(item), item.isHeld], [[], true]);
  lifeline?.release();
  isFree(itemOf(name));
});

test('a descriptor counts when descriptors are looked at', (t) => {
  const name = newName(t);
  const fd = fs.openSync(shmPath(name), 'w+');
  fs.writeSync(fd, 'bytes');
  isFree(itemOf(name));
  assert.equal(itemOf(name, { descriptors: true }).isHeld, true);
  fs.closeSync(fd);
  isFree(itemOf(name, { descriptors: true }));
});

test('a span is held while a participant lives, and not by who merely maps it', async (t) => {
  const name = newName(t);
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.create(name, { size: 2 ** 20 });
  }, name);
  const held = itemOf(name);
  assert.deepEqual([held.kind, held.isHeld, pidsOf(held)], ['span', true, [child.pid]]);
  using _mine = Segment.open(name, { readOnly: true });
  child.process.kill('SIGSTOP');
  assert.equal(itemOf(name).isHeld, true);
  await child.kill();
  const left = itemOf(name);
  assert.deepEqual([left.kind, left.isHeld, pidsOf(left)], ['span', false, [process.pid]]);
});

test('a span whose tables are damaged is a span, and held while somebody lives', async (t) => {
  const name = newName(t);
  using span = Span.create(name, { size: 2 ** 20 });
  new Uint8Array(span.segment.buffer).fill(0xff, 8);
  assert.deepEqual([itemOf(name).kind, itemOf(name).isHeld], ['span', true]);
});

test('a named semaphore of POSIX, by whom it is open', async (t) => {
  const name = newName(t);
  const file = `sem.${name}`;
  t.after(() => sem_unlink(`/${name}`));
  const semaphore = sem_open(`/${name}`, O_CREAT, 0o600, 1);
  const item = itemOf(file);
  assert.deepEqual(
    [item.kind, item.isHeld, pidsOf(item)],
    ['posix-semaphore', true, [process.pid]],
  );
  sem_close(semaphore);
  assert.deepEqual(pidsOf(itemOf(file)), []);
});

test('memory of System V: key, attachments, who, and that it is removed', async (t) => {
  const { key } = newKey();
  const id = newSegment(t, 12_345, 0o640, key);
  const name = `sysv/shm/${id}`;
  const fresh = itemOf(name);
  assert.deepEqual(
    [fresh.kind, fresh.size, fresh.mode, fresh.id, fresh.key, fresh.isHeld, fresh.hidden],
    ['sysv-memory', 12_345, 0o640, id, key, false, 0],
  );
  const buffer = shmat(id, null);
  const child = await startChild();
  await child.run(({ sysv, kept }, id) => {
    kept.buffer = sysv.shmat(id, null, sysv.SHM_RDONLY);
  }, id);
  const item = itemOf(name);
  const who = new Map(item.mappers.map(({ pid, readOnly }) => [pid, readOnly]));
  assert.deepEqual([who.size, who.get(process.pid), who.get(child.pid)], [2, false, true]);
  assert.deepEqual([item.isHeld, item.hidden], [true, 0]);
  shmctl(id, IPC_RMID);
  assert.equal(itemOf(name).remark, 'removed, goes at the last detach');
  shmdt(buffer);
  await child.kill();
  assert.deepEqual(census({ pattern: name }).items, []);
});

test('a set of semaphores of System V', (t) => {
  const id = newSet(t, [1, 2, 3], 0o640);
  const item = itemOf(`sysv/sem/${id}`);
  assert.deepEqual(
    [item.kind, item.mode, item.id, item.remark, item.isHeld],
    ['sysv-semaphores', 0o640, id, '3 semaphores', undefined],
  );
});

test('what cannot be mapped is foreign', (t) => {
  const [folder, link, pipe] = [newName(t), newName(t), newName(t)];
  fs.mkdirSync(shmPath(folder));
  fs.symlinkSync('/dev/null', shmPath(link));
  assert.deepEqual([itemOf(folder).kind, itemOf(folder).remark], ['foreign', 'directory']);
  assert.deepEqual([itemOf(link).kind, itemOf(link).remark], ['foreign', 'symbolic link']);
  assert.deepEqual(census({ pattern: pipe }).items, []);
});

test('memory without a name is listed when it is asked for', async (t) => {
  const anonymous = (pattern: string): CensusItem[] =>
    census({ pattern, kinds: ['anonymous'] }).items.filter((item) =>
      pidsOf(item).includes(process.pid),
    );
  using memory = Segment.anonymous(3 * 4096);
  const { dev, ino } = memory.handle;
  const [item] = anonymous('memfd:memspan').filter(({ inode }) => inode === `${dev}:${ino}`);
  assert.deepEqual([item?.size, item?.isHeld], [3 * 4096, true]);

  const name = newName(t);
  using removed = Segment.create(name, { size: 8192 });
  assert.deepEqual(anonymous(`removed:*`), []);
  using _other = Segment.open(name);
  removed.unlink();
  const left = anonymous('removed:*');
  assert.deepEqual([left.length, left[0]?.size], [1, 8192]);
});

test('kinds are all that is listed', async (t) => {
  const [segment, span] = [newName(t), newName(t)];
  Segment.create(segment, { size: 4096 }).close();
  Span.create(span, { size: 2 ** 20 }).close();
  const kindsOf = (...kinds: CensusKind[]): string[] =>
    census({ kinds, pattern: `memspan-test-${process.pid}-*` }).items.map(({ name }) => name);
  assert.deepEqual(kindsOf('segment'), [segment]);
  assert.deepEqual(kindsOf('span'), [span]);
  assert.deepEqual(kindsOf('sysv-memory', 'anonymous'), []);
});

test('a name that is no text is listed all the same', (t) => {
  const name = newName(t);
  const file = Buffer.concat([Buffer.from(shmPath(name)), Buffer.from([0xff])]);
  fs.writeFileSync(file, 'bytes');
  t.after(() => fs.rmSync(file));
  const { items } = census({ pattern: `${name}?` });
  assert.deepEqual(
    items.map(({ size, remark }) => [size, remark]),
    [[5, 'its name is no text']],
  );
});
