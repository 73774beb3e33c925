// What the doctor finds in spans and among names: the dead, what they held, damage, modes, what is in the way.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment, Span } from '../../src/index.ts';
import { diagnose, type Finding } from '../../src/inspect/diagnosis.ts';
import { startChild } from '../support/puppets.ts';
import { needsRoot, seededRandom, shmPath, uniqueName, until } from '../support/segments.ts';

const NOBODY = 65_534;

function findings(name: string): Finding[] {
  return diagnose({ pattern: name });
}

function codes(name: string): string[] {
  return findings(name).map(({ code }) => code);
}

test('a span in use has no findings; one that somebody left in order is at rest', () => {
  const name = uniqueName();
  const span = Span.open(name, { lifetime: 'until-unlinked' });
  span.mutex('m').lock();
  assert.deepEqual(findings(name), []);
  span.close();
  const [finding] = findings(name);
  assert.deepEqual([finding?.code, finding?.severity], ['span-at-rest', 'note']);
  Span.unlink(name);
});

test('who has died is named, with what it held: by name, in records, in arrays', async () => {
  const name = uniqueName();
  using span = Span.open(name, { as: 'survivor' });
  const victim = await startChild();
  await victim
    .run(async ({ memspan, kept }, name) => {
      const { array, mutex, rwlock, Span, struct, u32 } = memspan;
      kept.span = Span.open(name, { as: 'render-1' });
      kept.span.mutex('ledger').lock();
      kept.span.rwlock('map').write();
      const Rows = struct({ n: u32, rows: array(struct({ lock: mutex(), map: rwlock() }), 3) });
      kept.span.view('table', Rows).rows.get(2).lock.lock();
      kept.span.once('tables').run(() => {
        kept.span.mutex('free').lock().release();
        process.kill(process.pid, 'SIGKILL');
      });
    }, name)
    .catch(() => {});
  await victim.exited;
  const found = findings(name);
  assert.deepEqual(
    found.map(({ code, subject }) => `${code} ${subject.slice(name.length)}`).sort(),
    [
      'abandoned-lock /ledger',
      'abandoned-lock /map',
      'abandoned-lock /table.rows[2].lock',
      'abandoned-lock /tables',
      'dead-participant ',
    ],
  );
  for (const { what } of found) assert.match(what, new RegExp(`render-1 \\(pid ${victim.pid}\\)`));
  assert.ok(!span.closed);
  span.unlink();
});

test('a lock that is lost for good is an error; one that waits for its repair is said', async () => {
  const name = uniqueName();
  using span = Span.open(name);
  const victim = await startChild();
  await victim.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.open(name);
    for (const lock of ['lost', 'waits']) kept.span.mutex(lock).lock();
    kept.span.rwlock('lost-map').write();
  }, name);
  await victim.kill();
  span.mutex('lost').lock().release();
  span.rwlock('lost-map').write().release();
  const subjects = (code: string): string[] =>
    findings(name)
      .flatMap((found) => (found.code === code ? [found.subject] : []))
      .sort();
  assert.deepEqual(subjects('unrecoverable-lock'), [`${name}/lost`, `${name}/lost-map`]);
  assert.deepEqual(subjects('abandoned-lock'), [`${name}/waits`]);
  // Somebody repairs it just now: nothing has to be said.
  const guard = span.mutex('waits').lock();
  assert.deepEqual(subjects('abandoned-lock'), []);
  guard.markConsistent();
  guard.release();
  assert.ok(findings(name).filter(({ severity }) => severity === 'error').length === 2);
  span.unlink();
});

test('damage is an error with a remedy, whatever it is', () => {
  for (const damage of [
    (path: string) => fs.truncateSync(path, 8192),
    (path: string) => overwrite(path, 32, 0xff),
    (path: string) => overwrite(path, 20, 0x77),
  ]) {
    const name = uniqueName();
    Span.open(name).close();
    damage(shmPath(name));
    const [finding] = findings(name);
    assert.deepEqual([finding?.code, finding?.severity], ['damaged-span', 'error']);
    assert.match(finding?.remedy ?? '', new RegExp(`memspan rm ${name}`));
    Span.unlink(name);
  }
});

test('a directory that is damaged is found, and the rest looked at', () => {
  const name = uniqueName();
  using span = Span.open(name, { participants: 4, objects: 8 });
  span.bytes('first', { size: 8 });
  const text = fs.readFileSync(shmPath(name)).indexOf('first');
  overwrite(shmPath(name), text - 64 + 16, 0xff);
  assert.deepEqual(codes(name), ['damaged-span']);
  span.unlink();
});

function overwrite(path: string, at: number, byte: number): void {
  const fd = fs.openSync(path, 'r+');
  fs.writeSync(fd, Buffer.alloc(4, byte), 0, 4, at);
  fs.closeSync(fd);
}

test('whatever stands in a span, it is diagnosed, and never thrown', async (t) => {
  const random = seededRandom(t);
  const name = uniqueName();
  const victim = await startChild();
  await victim
    .run(({ memspan, kept }, name) => {
      const { array, mutex, Span, struct } = memspan;
      kept.span = Span.open(name, { participants: 4, objects: 8, size: 32_768 });
      kept.span.mutex('m').lock();
      kept.span
        .view('r', struct({ locks: array(mutex(), 4) }))
        .locks.get(1)
        .lock();
      kept.span.once('o').run(() => process.kill(process.pid, 'SIGKILL'));
    }, name)
    .catch(() => {});
  await victim.exited;
  const whole = fs.readFileSync(shmPath(name));
  for (let round = 0; round < 100; round++) {
    const bytes = Buffer.from(whole);
    for (let hits = 1 + random() * 20; hits > 0; hits--) {
      // Half of them in the header's first bytes, where most depends on each.
      const at = Math.floor(random() * (random() < 0.5 ? 64 : bytes.length / 4)) * 4;
      bytes.writeUInt32LE(Math.floor(random() * 2 ** (random() * 32)), at % (bytes.length - 3));
    }
    const length = random() < 0.1 ? Math.floor(random() * bytes.length) : bytes.length;
    fs.writeFileSync(shmPath(name), bytes.subarray(0, length));
    for (const { what, remedy } of findings(name)) assert.ok(what.length * remedy.length > 0);
  }
  Span.unlink(name);
});

test('a format of another version is no damage', () => {
  const name = uniqueName();
  Span.open(name).close();
  overwrite(shmPath(name), 8, 9);
  assert.deepEqual(codes(name), ['other-version']);
  Span.unlink(name);
});

test('modes: what all can write or read is said; the group is the owner’s choice', () => {
  for (const [mode, expected] of [
    [0o666, 'writable-by-all error'],
    [0o644, 'readable-by-all warning'],
    [0o660, undefined],
    [0o600, undefined],
  ] as const) {
    const name = uniqueName();
    using span = Span.open(name, { mode });
    const [found] = findings(name);
    assert.equal(found && `${found.code} ${found.severity}`, expected);
    span.unlink();
  }
  const name = uniqueName();
  Segment.create(name, { size: 100, mode: 0o666 }).close();
  const found = findings(name).find(({ code }) => code === 'writable-by-all');
  assert.equal(found?.severity, 'warning', 'of raw bytes that may be meant for all');
  Segment.unlink(name);
});

test('raw segments that nobody has open, and one without bytes', async () => {
  for (const [name, size, expected] of [
    [uniqueName(), 100, 'unused-segment'],
    [uniqueName(), 0, 'empty-segment'],
  ] as const) {
    fs.writeFileSync(shmPath(name), Buffer.alloc(size), { mode: 0o600 });
    await until(() => codes(name)[0] === expected, expected);
    fs.rmSync(shmPath(name));
  }
});

test('what is no file is in the way; a name in a remedy is one word to the shell', () => {
  const name = `${uniqueName()} it's; rm -rf x`;
  fs.mkdirSync(shmPath(name));
  assert.deepEqual(codes(name), ['in-the-way']);
  fs.rmdirSync(shmPath(name));
  // It runs, so that nobody can write to it by this name.
  fs.symlinkSync(process.execPath, shmPath(name));
  assert.deepEqual(codes(name), ['in-the-way']);
  fs.rmSync(shmPath(name));
  Span.open(name).close();
  const [{ remedy } = { remedy: '' }] = findings(name);
  const quoted = `'${name.replace("'", `'\\''`)}'`;
  assert.ok(remedy.includes(`memspan rm ${quoted}`), remedy);
  Span.unlink(name);
});

test('another user’s file where a user’s own span has to be', { skip: needsRoot }, () => {
  const name = `memspan.user.${2 ** 31 - process.pid}`;
  fs.writeFileSync(shmPath(name), 'x', { mode: 0o600 });
  fs.chownSync(shmPath(name), NOBODY, NOBODY);
  const [finding] = findings(name);
  fs.rmSync(shmPath(name));
  assert.deepEqual([finding?.code, finding?.severity], ['in-the-way', 'error']);
});

test('nothing is written to what is looked at', async () => {
  const name = uniqueName();
  const victim = await startChild();
  await victim.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.open(name, { lifetime: 'last-close' });
    kept.span.mutex('m').lock();
  }, name);
  await victim.kill();
  const before = fs.readFileSync(shmPath(name));
  const { mtimeMs } = fs.statSync(shmPath(name));
  assert.ok(findings(name).length > 0);
  assert.ok(before.equals(fs.readFileSync(shmPath(name))));
  assert.equal(fs.statSync(shmPath(name)).mtimeMs, mtimeMs);
  Span.unlink(name);
});
