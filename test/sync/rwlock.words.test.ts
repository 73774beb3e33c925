// A reader-writer lock's word, written by hand: every combination of flags with nobody, somebody dead, somebody alive or
// this thread as its owner, and what each method makes of it; and what writers make of entries.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemspanError, ReadGuard, WriteGuard } from '../../src/index.ts';
import { codeOf } from '../support/segments.ts';
import { DIED, DRAINING, type Owner, Stage, UNRECOVERABLE, WAITERS } from './rwlock-words.ts';

type Outcome = 'taken' | 'taken, owner died' | 'null' | 'DEADLOCK' | 'NOT_RECOVERABLE';

interface Row {
  readonly owner: Owner;
  readonly flags: number;
  readonly write: Outcome;
  readonly read: Outcome;
  /** Of a thread that reads already. */
  readonly upgrade: Outcome;
}

const row = (owner: Owner, flags: number, write: Outcome, read = write, upgrade = write): Row => ({
  owner,
  flags,
  write,
  read,
  upgrade,
});

/** WAITERS changes nothing in it. */
const TABLE: readonly Row[] = [
  row('nobody', 0, 'taken'),
  row('nobody', DIED, 'taken, owner died'),
  row('nobody', DRAINING, 'taken'),
  row('nobody', DRAINING | DIED, 'taken, owner died'),
  row('dead', 0, 'taken, owner died'),
  row('dead', DIED, 'taken, owner died'),
  row('dead', DRAINING, 'taken'),
  row('dead', DRAINING | DIED, 'taken, owner died'),
  row('alive', 0, 'null'),
  row('alive', DIED, 'null'),
  row('alive', DRAINING, 'null'),
  row('alive', DRAINING | DIED, 'null'),
  row('self', 0, 'DEADLOCK', 'DEADLOCK', 'null'),
  row('self', DIED, 'DEADLOCK', 'DEADLOCK', 'null'),
  row('self', DRAINING, 'taken'),
  row('self', DRAINING | DIED, 'taken, owner died'),
  ...(['nobody', 'dead', 'alive', 'self'] as const).flatMap((owner) =>
    [0, DIED, DRAINING, DRAINING | DIED].map((flags) =>
      row(owner, UNRECOVERABLE | flags, 'NOT_RECOVERABLE', 'NOT_RECOVERABLE', 'null'),
    ),
  ),
];

/** The same, with WAITERS and without. */
const ROWS: readonly Row[] = TABLE.flatMap((each) => [
  each,
  { ...each, flags: (each.flags | WAITERS) >>> 0 },
]);

const shown = ({ owner, flags }: Row): string => `${owner} with flags 0x${flags.toString(16)}`;
const wordOf = (it: Stage, { owner, flags }: Row): number => (it.owners[owner] | flags) >>> 0;

type Guard = ReadGuard | WriteGuard;
const isReading = (guard: Guard): guard is ReadGuard => 'tryUpgrade' in guard;

async function outcome(act: () => unknown): Promise<{ outcome: Outcome; guard: Guard | null }> {
  try {
    const guard = (await act()) as Guard | null;
    if (guard === null) return { outcome: 'null', guard };
    return { outcome: guard.ownerDied ? 'taken, owner died' : 'taken', guard };
  } catch (error) {
    const code = (error as MemspanError).code.replace('ERR_MEMSPAN_', '');
    return { outcome: code as Outcome, guard: null };
  }
}

const METHODS = {
  tryWrite: (it: Stage) => it.rwlock.tryWrite(),
  write: (it: Stage) => it.rwlock.write({ timeoutMs: 1 }),
  writeAsync: (it: Stage) => it.rwlock.writeAsync({ timeoutMs: 1 }),
  tryRead: (it: Stage) => it.rwlock.tryRead(),
  read: (it: Stage) => it.rwlock.read({ timeoutMs: 1 }),
  readAsync: (it: Stage) => it.rwlock.readAsync({ timeoutMs: 1 }),
} as const;

for (const [method, act] of Object.entries(METHODS)) {
  test(`what ${method} makes of every word`, async (t) => {
    const it = new Stage(t);
    for (const each of ROWS) {
      it.word = wordOf(it, each);
      const found = await outcome(() => act(it));
      const expected = /write/i.test(method) ? each.write : each.read;
      // Who tries does not wait, and what this thread has is waited for by its tasks.
      const isBlocking = method === 'write' || method === 'read';
      const isNull = expected === 'DEADLOCK' && !isBlocking;
      assert.equal(found.outcome, isNull ? 'null' : expected, shown(each));
      checkGuard(it, each, found.guard);
    }
  });
}

/** What is held stands in the word or in an entry, as it should, and can be given up. */
function checkGuard(it: Stage, each: Row, guard: Guard | null): void {
  const what = shown(each);
  if (guard === null) {
    assert.equal(it.ownEntries, 0, what);
    return;
  }
  const { self } = it.owners;
  const isAlone = !isReading(guard) || guard.ownerDied;
  assert.equal(it.ownEntries, isAlone ? 0 : 1, what);
  if (isAlone) assert.equal(it.unmarked, self | (guard.ownerDied ? DIED : 0), what);
  guard.markConsistent();
  if (isReading(guard)) {
    assert.equal(it.ownEntries, 1, what);
    assert.equal(it.rwlock.owner, null, what);
    assert.deepEqual(
      it.rwlock.readers.map(({ pid }) => pid),
      [process.pid],
    );
  } else {
    assert.equal(it.unmarked, self, what);
    assert.equal(it.rwlock.owner?.pid, process.pid);
  }
  guard.release();
  assert.equal(it.ownEntries, 0, what);
  // A reader leaves the word as it is.
  it.rwlock.write().release();
  assert.equal(it.word, 0, `${what}: free, and without a mark that nobody needs`);
}

test('what tryUpgrade makes of every word', async (t) => {
  const it = new Stage(t);
  for (const each of ROWS) {
    it.word = 0;
    const guard = it.rwlock.read();
    const word = wordOf(it, each);
    it.word = word;
    const found = await outcome(() => guard.tryUpgrade());
    assert.equal(found.outcome, each.upgrade, shown(each));
    assert.equal(guard.held, found.guard === null, shown(each));
    if (found.guard === null) {
      assert.equal(it.ownEntries, 1, shown(each));
      assert.equal(it.word, word, shown(each));
      guard.release();
    } else checkGuard(it, each, found.guard);
  }
});

test('what downgrade makes of every word', (t) => {
  const it = new Stage(t);
  for (const each of ROWS) {
    if ((each.flags & (UNRECOVERABLE | DRAINING)) !== 0) continue;
    it.word = 0;
    const guard = it.rwlock.write();
    const word = wordOf(it, each);
    it.word = word;
    if (each.owner !== 'self') {
      assert.equal(
        codeOf(() => guard.downgrade()),
        'ERR_MEMSPAN_NOT_HELD',
        shown(each),
      );
      assert.equal(it.word, word, shown(each));
      continue;
    }
    const isLeft = (each.flags & DIED) !== 0;
    const reading = guard.downgrade();
    assert.equal(guard.held, false);
    assert.equal(
      codeOf(() => guard.downgrade()),
      'ERR_MEMSPAN_NOT_HELD',
    );
    assert.equal(it.unmarked, isLeft ? it.owners.self | DIED : 0, shown(each));
    assert.equal(it.ownEntries, isLeft ? 0 : 1, shown(each));
    reading.markConsistent();
    assert.equal(it.unmarked, 0, shown(each));
    reading.release();
  }
});

test('what a writer’s release makes of every word that may stand there by then', (t) => {
  const it = new Stage(t);
  for (const each of ROWS) {
    it.word = 0;
    const guard = it.rwlock.write();
    const word = wordOf(it, each);
    it.word = word;
    const code = codeOf(() => guard.release());
    assert.equal(code, each.owner === 'self' ? undefined : 'ERR_MEMSPAN_NOT_HELD', shown(each));
    const isLost = (word & (DIED | UNRECOVERABLE)) !== 0;
    if (each.owner === 'self') assert.equal(it.unmarked, isLost ? UNRECOVERABLE : 0, shown(each));
    else assert.equal(it.word, word, shown(each));
    assert.equal(guard.held, false);
  }
});

test('a reader’s release leaves every word as it is, and rings a living writer that drains', (t) => {
  const it = new Stage(t);
  for (const each of ROWS) {
    it.word = 0;
    const guard = it.rwlock.read();
    const word = wordOf(it, each);
    const { bell } = it;
    it.word = word;
    guard.release();
    guard.release();
    assert.equal(it.word, word, shown(each));
    assert.equal(it.ownEntries, 0);
    const isRung = each.owner === 'alive' && (each.flags & DRAINING) !== 0;
    assert.equal(it.bell - bell, isRung ? 1 : 0, shown(each));
  }
});

test('a writer waits for the entries of the living, wherever they are, and not for those of the dead', async (t) => {
  const it = new Stage(t);
  for (const [count, counted] of [
    [1, 1],
    [47, 47],
    [47, 0xffff],
  ] as const) {
    it.announce('alive', count, counted);
    assert.equal(it.rwlock.tryWrite(), null);
    assert.equal(it.word, 0);
    assert.equal(it.rwlock.write({ timeoutMs: 1 }), null);
    assert.equal(await it.rwlock.writeAsync({ timeoutMs: 1 }), null);
    assert.equal(it.word, 0, 'given up, it is free again');
    const reading = it.rwlock.read();
    assert.equal(reading.tryUpgrade(), null);
    reading.release();
    it.announce('dead', count, counted);
    const guard = it.rwlock.tryWrite();
    assert.equal(guard?.ownerDied, false);
    assert.equal(it.announced & 0xffff, 0, 'out of sight');
    guard?.release();
  }
  it.announce('alive', 2, 1);
  it.rwlock.write().release();
  it.retract();
  it.scribble();
  it.rwlock.write().release();
  assert.deepEqual(it.rwlock.readers, []);
});

test('what dead writers leave is repaired by each of them again until somebody says so', (t) => {
  const it = new Stage(t);
  it.word = it.owners.dead;
  let runs = 0;
  const other = it.span.rwlock('x', {
    recover: () => {
      runs++;
      assert.equal(it.rwlock.tryRead(), null, 'alone with it');
      if (runs < 3) throw Object.assign(new Error('not yet'), { code: 'ERR_TEST' });
    },
  });
  assert.equal(
    codeOf(() => other.tryRead()),
    'ERR_TEST',
  );
  assert.equal(it.word, DIED, 'free, and still to be repaired');
  assert.equal(
    codeOf(() => other.write()),
    'ERR_TEST',
  );
  const guard = other.read();
  assert.deepEqual([runs, guard.ownerDied, it.word, it.ownEntries], [3, true, 0, 1]);
  guard.release();
});
