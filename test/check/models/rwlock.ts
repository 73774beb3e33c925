// RwLock: nobody reads a half-done pair, nobody writes beside another one, nobody is left asleep; and the death of
// writers, of readers and of repairers is told to the right one.
import assert from 'node:assert/strict';
import type { End, Me } from '../../../src/check/explore.ts';
import type { ReadGuard, RwLock, WriteGuard } from '../../../src/index.ts';
import { MemspanError } from '../../../src/index.ts';
import { type Model, model } from '../model.ts';

interface Shared {
  /** Always the same, but while somebody writes. */
  readonly pair: Int32Array;
}

interface Done {
  /** How often it has written. */
  readonly written: number;
  readonly isTold: boolean;
}

const NOTHING: Done = { written: 0, isTold: false };

function setup({ span }: Me): Shared {
  span.rwlock('l');
  return { pair: new Int32Array(2) };
}

const lockOf = ({ span }: Me): RwLock => span.rwlock('l');

function repair({ pair }: Shared, guard: ReadGuard | WriteGuard): void {
  if (!guard.ownerDied) return;
  pair[1] = pair[0] as number;
  guard.markConsistent();
}

function change({ pair }: Shared): void {
  pair[0] = (pair[0] as number) + 1;
  pair[1] = (pair[1] as number) + 1;
}

/** What the pair is. */
function look({ pair }: Shared): number {
  const [first, second] = [pair[0] as number, pair[1]];
  assert.equal(second, first, 'half of a pair');
  return first;
}

function write(shared: Shared, guard: WriteGuard): Done {
  repair(shared, guard);
  change(shared);
  guard.release();
  return { written: 1, isTold: guard.ownerDied };
}

function read(shared: Shared, guard: ReadGuard): Done {
  repair(shared, guard);
  look(shared);
  guard.release();
  return { written: 0, isTold: guard.ownerDied };
}

const LIMIT = { timeoutMs: 1000 };

const writer = (shared: Shared, me: Me): Done => write(shared, lockOf(me).write());
const reader = (shared: Shared, me: Me): Done => read(shared, lockOf(me).read());

function impatientWriter(shared: Shared, me: Me): Done {
  const guard = lockOf(me).write(LIMIT);
  return guard === null ? NOTHING : write(shared, guard);
}

function impatientReader(shared: Shared, me: Me): Done {
  const guard = lockOf(me).read(LIMIT);
  return guard === null ? NOTHING : read(shared, guard);
}

/** Reads what it has written, and nobody else has in between. */
function downgrader(shared: Shared, me: Me): Done {
  const guard = lockOf(me).write();
  repair(shared, guard);
  change(shared);
  const written = shared.pair[0];
  const reading = guard.downgrade();
  assert.equal(look(shared), written, 'somebody has written in between');
  reading.release();
  return { written: 1, isTold: guard.ownerDied };
}

/** Writes if nobody else reads: what it has read is there still. */
function upgrader(shared: Shared, me: Me): Done {
  const guard = lockOf(me).read();
  repair(shared, guard);
  const before = look(shared);
  const { ownerDied: isTold } = guard;
  const writing = guard.tryUpgrade();
  if (writing === null) {
    assert.equal(look(shared), before, 'it reads, and somebody writes');
    guard.release();
    return { written: 0, isTold };
  }
  assert.equal(look(shared), before, 'somebody has written in between');
  change(shared);
  writing.release();
  return { written: 1, isTold };
}

/** Where the only writer is there already, it reads what that one writes. */
function latecomer(shared: Shared, me: Me): Done {
  const lock = lockOf(me);
  const first = lock.tryRead();
  if (first !== null) return read(shared, first);
  const guard = lock.read();
  assert.equal(look(shared), 1, 'it has passed by a writer that had come before');
  guard.release();
  return NOTHING;
}

/** Who was killed may have written, or not; everybody else's is there. And the lock can be had. */
function atEnd(shared: Shared, { results, killed, ...me }: End<Done>): void {
  const done = results.filter((result) => result !== undefined);
  const told = done.filter(({ isTold }) => isTold).length;
  assert.ok(told <= killed.length, `${told} were told of ${killed.length} deaths`);
  const lock = lockOf(me);
  assert.deepEqual(lock.readers, []);
  const guard = lock.tryWrite();
  assert.ok(guard !== null, 'nobody has it, and it cannot be had');
  assert.ok(killed.length > 0 || !guard.ownerDied, 'nobody has died');
  repair(shared, guard);
  const written = done.reduce((sum, { written }) => sum + written, 0);
  const found = look(shared);
  assert.ok(found >= written && found <= written + killed.length, `${found} of ${written}`);
  guard.release();
  const reading = lock.tryRead();
  assert.ok(reading?.tryUpgrade() ?? null, 'its only reader cannot write');
}

/** Only writers' deaths are told. */
function atEndOfReaders(shared: Shared, end: End<Done>): void {
  assert.ok(!end.results.some((result) => result?.isTold), 'only a reader has died');
  assert.equal(end.results.filter((result) => result?.written === 1).length, shared.pair[0]);
  atEnd(shared, end);
}

interface Losable extends Shared {
  /** Not 0: nobody may have it any more. */
  readonly lost: Int32Array;
}

/** Does not care about the pair. What it returns: whether it had the lock. */
function losing(have: (lock: RwLock) => ReadGuard | WriteGuard) {
  return function careless({ lost }: Losable, me: Me): boolean {
    try {
      const guard = have(lockOf(me));
      assert.equal(lost[0], 0, 'it was lost, and somebody has it');
      if (guard.ownerDied) lost[0] = 1;
      guard.release();
      return true;
    } catch (error) {
      if (!(error instanceof MemspanError)) throw error;
      assert.equal(error.code, 'ERR_MEMSPAN_NOT_RECOVERABLE');
      assert.equal(lost[0], 1, 'nobody has lost it');
      return false;
    }
  };
}

const losers = {
  setup: (me: Me): Losable => ({ ...setup(me), lost: new Int32Array(1) }),
  threads: [
    losing((lock) => lock.write()),
    losing((lock) => lock.write()),
    losing((lock) => lock.read()),
  ],
};

export const rwlock: readonly Model[] = [
  model('rwlock: a writer and a reader', {
    setup,
    threads: [writer, reader],
    atEnd,
    quick: { bound: 2 },
    full: { bound: Number.POSITIVE_INFINITY },
  }),
  model('rwlock: a writer and two readers', {
    setup,
    threads: [writer, reader, reader],
    atEnd,
    quick: { bound: 1 },
    full: { bound: 3 },
  }),
  model('rwlock: two writers and a reader', {
    setup,
    threads: [writer, writer, reader],
    atEnd,
    quick: { bound: 1 },
    full: { bound: 3 },
  }),
  model('rwlock: nobody who comes later passes by a writer', {
    setup,
    threads: [writer, reader, latecomer],
    atEnd,
    quick: { bound: 1 },
    full: { bound: 3 },
  }),
  model('rwlock: a writer and a reader give up at any time', {
    setup,
    threads: [impatientWriter, reader, impatientReader],
    atEnd,
    quick: { bound: 0 },
    full: { bound: 2 },
  }),
  model('rwlock: one goes on reading what it has written', {
    setup,
    threads: [downgrader, writer, reader],
    atEnd,
    quick: { bound: 1 },
    full: { bound: 2 },
  }),
  model('rwlock: two want to write what they read', {
    setup,
    threads: [upgrader, upgrader, writer],
    atEnd,
    quick: { bound: 1 },
    full: { bound: 2 },
  }),
  model('rwlock: a reader is killed', {
    setup,
    threads: [reader, writer, reader],
    atEnd: atEndOfReaders,
    crashes: 1,
    victims: [0],
    quick: { bound: 0 },
    full: { bound: 2 },
  }),
  model('rwlock: a writer and a reader, one is killed', {
    setup,
    threads: [writer, reader],
    atEnd,
    crashes: 1,
    quick: { bound: 1 },
    full: { bound: Number.POSITIVE_INFINITY },
  }),
  model('rwlock: one reads what it has written, one writes what it reads, one is killed', {
    setup,
    threads: [downgrader, upgrader],
    atEnd,
    crashes: 1,
    quick: { bound: 1 },
    full: { bound: Number.POSITIVE_INFINITY },
  }),
  model('rwlock: a writer gives up at any time, and one is killed', {
    setup,
    threads: [writer, impatientWriter, reader],
    atEnd,
    crashes: 1,
    victims: [0],
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('rwlock: two writers and a reader, one is killed, and who repairs', {
    setup,
    threads: [writer, reader, writer],
    atEnd,
    crashes: 2,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('rwlock: a writer is killed, and nobody repairs', {
    ...losers,
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
];
