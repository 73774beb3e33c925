// A mutex's word, written by hand: every combination of flags with nobody, somebody dead, somebody alive or this
// thread as its owner, and what lock, tryLock, lockAsync and release make of it.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type MemspanError, type Mutex, type MutexGuard, Segment, Span } from '../../src/index.ts';
import { startChild } from '../support/puppets.ts';
import { codeOf, shmPath, uniqueName } from '../support/segments.ts';

const WAITERS = 0x8000_0000;
const UNRECOVERABLE = 0x4000_0000;
const GRANTED = 0x2000_0000;
const DIED = 0x1000_0000;
const OWNER = 0x0fff_ffff;

type Owner = 'nobody' | 'dead' | 'alive' | 'self';
type Outcome = 'taken' | 'taken, owner died' | 'null' | 'DEADLOCK' | 'NOT_RECOVERABLE';

interface Row {
  readonly owner: Owner;
  readonly flags: number;
  readonly tryLock: Outcome;
  /** With `timeoutMs`. */
  readonly lock: Outcome;
}

const row = (owner: Owner, flags: number, tryLock: Outcome, lock: Outcome = tryLock): Row => ({
  owner,
  flags,
  tryLock,
  lock,
});

/** WAITERS changes nothing in it. Nobody has a cell here, so that a grant is nobody's. */
const TABLE: readonly Row[] = [
  row('nobody', 0, 'taken'),
  row('nobody', DIED, 'taken, owner died'),
  row('nobody', GRANTED, 'taken'),
  row('nobody', GRANTED | DIED, 'taken, owner died'),
  row('dead', 0, 'taken, owner died'),
  row('dead', DIED, 'taken, owner died'),
  row('dead', GRANTED, 'taken'),
  row('dead', GRANTED | DIED, 'taken, owner died'),
  row('alive', 0, 'null'),
  row('alive', DIED, 'null'),
  row('alive', GRANTED, 'taken'),
  row('alive', GRANTED | DIED, 'taken, owner died'),
  row('self', 0, 'null', 'DEADLOCK'),
  row('self', DIED, 'null', 'DEADLOCK'),
  row('self', GRANTED, 'taken'),
  row('self', GRANTED | DIED, 'taken, owner died'),
  ...(['nobody', 'dead', 'alive', 'self'] as const).flatMap((owner) =>
    [0, DIED, GRANTED, GRANTED | DIED].map((flags) =>
      row(owner, UNRECOVERABLE | flags, 'NOT_RECOVERABLE'),
    ),
  ),
];

/** The same, with WAITERS and without. */
const ROWS: readonly Row[] = TABLE.flatMap((each) => [
  each,
  { ...each, flags: (each.flags | WAITERS) >>> 0 },
]);

interface Stage {
  readonly span: Span;
  readonly mutex: Mutex;
  readonly owners: Record<Owner, number>;
  word: number;
}

/** A mutex, its word as a number from 0 up, and an id of each sort. */
function stage(t: TestContext, options: { fair?: boolean } = {}, Class = Span): Stage {
  const name = uniqueName();
  const span = Class.create(name, { participants: 4, objects: 4 });
  const mutex = span.mutex('x', options);
  const memory = span.bytes('end', { size: 4 });
  // Objects are 64 bytes apart.
  const word = new Uint32Array(memory.buffer, memory.byteOffset - 64, 1);
  mutex.lock();
  const self = word[0] as number;
  word[0] = 0;
  // Whoever holds the lifeline of an id is alive.
  const other = Segment.open(name);
  const alive = (7 << 12) | 4;
  const lifeline = other.lifeline(alive);
  t.after(() => {
    lifeline?.release();
    other.close();
    span.unlink();
    span.close();
  });
  assert.ok(lifeline !== null && self > 0 && self <= OWNER, shmPath(name));
  return {
    span,
    mutex,
    owners: { nobody: 0, dead: (9 << 12) | 4, alive, self },
    get word() {
      return word[0] as number;
    },
    set word(value) {
      word[0] = value;
    },
  };
}

function outcome(act: () => MutexGuard | null): { outcome: Outcome; guard: MutexGuard | null } {
  try {
    const guard = act();
    if (guard === null) return { outcome: 'null', guard };
    return { outcome: guard.ownerDied ? 'taken, owner died' : 'taken', guard };
  } catch (error) {
    const code = (error as MemspanError).code.replace('ERR_MEMSPAN_', '');
    return { outcome: code as Outcome, guard: null };
  }
}

const shown = ({ owner, flags }: Row): string => `${owner} with flags 0x${flags.toString(16)}`;

for (const fair of [false, true]) {
  const which = fair ? 'a fair mutex' : 'a mutex';

  test(`what tryLock makes of every word of ${which}`, (t) => {
    const it = stage(t, { fair });
    for (const each of ROWS) {
      it.word = (it.owners[each.owner] | each.flags) >>> 0;
      const found = outcome(() => it.mutex.tryLock());
      assert.equal(found.outcome, each.tryLock, shown(each));
      checkGuard(it, each, found.guard);
    }
  });

  test(`what lock makes of every word of ${which}`, (t) => {
    const it = stage(t, { fair });
    for (const each of ROWS) {
      it.word = (it.owners[each.owner] | each.flags) >>> 0;
      const found = outcome(() => it.mutex.lock({ timeoutMs: 1 }));
      assert.equal(found.outcome, each.lock, shown(each));
      checkGuard(it, each, found.guard);
    }
  });

  test(`what lockAsync makes of every word of ${which}`, async (t) => {
    const it = stage(t, { fair });
    for (const each of ROWS) {
      it.word = (it.owners[each.owner] | each.flags) >>> 0;
      const settled = await it.mutex.lockAsync({ timeoutMs: 1 }).then(
        (guard) => () => guard,
        (error) => () => {
          throw error;
        },
      );
      const found = outcome(settled);
      // What this thread holds is waited for by its tasks.
      assert.equal(found.outcome, each.lock === 'DEADLOCK' ? 'null' : each.lock, shown(each));
      checkGuard(it, each, found.guard);
    }
  });

  test(`what release makes of every word that may stand in ${which} by then`, (t) => {
    const it = stage(t, { fair });
    for (const each of ROWS) {
      it.word = 0;
      const guard = it.mutex.lock();
      const word = (it.owners[each.owner] | each.flags) >>> 0;
      it.word = word;
      const code = codeOf(() => guard.release());
      if (each.owner !== 'self') {
        assert.equal(code, 'ERR_MEMSPAN_NOT_HELD', shown(each));
        assert.equal(it.word, word, shown(each));
      } else {
        assert.equal(code, undefined, shown(each));
        const isLost = (word & (DIED | UNRECOVERABLE)) !== 0;
        assert.equal((it.word & ~WAITERS) >>> 0, isLost ? UNRECOVERABLE : 0, shown(each));
      }
      assert.equal(guard.held, false);
    }
  });
}

/** What is taken is this thread's, with the flags that it should have, and can be given up. */
function checkGuard(it: Stage, each: Row, guard: MutexGuard | null): void {
  if (guard === null) return;
  const { self } = it.owners;
  const died = guard.ownerDied ? DIED : 0;
  assert.equal((it.word & ~WAITERS) >>> 0, self | died, shown(each));
  assert.equal(it.mutex.owner?.pid, process.pid);
  guard.markConsistent();
  assert.equal((it.word & ~WAITERS) >>> 0, self, shown(each));
  guard.release();
  assert.equal(it.word, 0, `${shown(each)}: free, and without a mark that nobody needs`);
}

test('a mutex that dead owners leave is repaired by each of them again until somebody says so', (t) => {
  const it = stage(t);
  it.word = it.owners.dead;
  const runs: string[] = [];
  const other = it.span.mutex('x', {
    recover: () => {
      runs.push('recover');
      if (runs.length === 1) throw Object.assign(new Error('not yet'), { code: 'ERR_TEST' });
    },
  });
  assert.equal(
    codeOf(() => other.tryLock()),
    'ERR_TEST',
  );
  assert.equal(it.word, DIED, 'free, and still to be repaired');
  const guard = other.lock();
  assert.equal(runs.length, 2);
  assert.equal(it.word, it.owners.self);
  guard.release();
  assert.equal(it.word, 0);
});

test('a mutex that is marked while its owner gives it up for lost is lost all the same', async (t) => {
  const steps = new URL('../../steps/index.js', import.meta.url).href;
  const { Span: SteppedSpan } = (await import(steps)) as { Span: typeof Span };
  const hooks = globalThis as { memspanStep?: (step: string) => void };
  const it = stage(t, {}, SteppedSpan);
  const guard = it.mutex.lock();
  it.word |= DIED;
  const seen: string[] = [];
  t.after(() => {
    delete hooks.memspanStep;
  });
  hooks.memspanStep = (step) => {
    seen.push(step);
    // A waiter has published its cell, and marks what it finds held.
    if (step === 'unlock-before-lose') it.word |= WAITERS;
  };
  guard.release();
  assert.deepEqual(
    seen.filter((step) => step.startsWith('unlock')),
    ['unlock-before-lose', 'unlock-before-lose', 'unlock-lost'],
  );
  assert.equal(it.word, UNRECOVERABLE + WAITERS);
});

test('waiters whose tickets go round and round are rung, and that is the end of it', async (t) => {
  const { name } = stage(t).span;
  const child = await startChild();
  // In a child, because a hang would be one of the event loop.
  const rung = await child.run(({ memspan }, name) => {
    const span = memspan.Span.join(name as string);
    const words = new Uint32Array(span.segment.buffer);
    const objects = words[13] as number;
    // docs/format.md, for 4 participants: the last slot is stage's, who lives, and its cells say that it waits.
    words[4096 / 4 + 3] = (7 << 16) | 3;
    for (const [cell, ticket] of [0, 0x60000000, 0xc0000000].entries()) {
      const at = (4160 + 3 * 2048 + 512 + 16 * cell) / 4;
      words.set([0x101, ticket, objects / 4], at);
    }
    const guard = span.mutex('x').lock();
    words[objects / 4] = (words[objects / 4] as number) + 0x80000000;
    guard.release();
    return words[(4160 + 3 * 2048 + 64) / 4];
  }, name);
  assert.ok((rung as number) > 0);
});
