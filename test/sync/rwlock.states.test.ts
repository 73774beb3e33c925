// What each method makes of each state that a reader-writer lock can be in for others. (What they make of each word:
// rwlock.words.test.ts.)
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ReadGuard, type RwLock, Span, type WriteGuard } from '../../src/index.ts';
import { uniqueName } from '../support/segments.ts';
import { letGo, takeElsewhere } from './rwlock-elsewhere.ts';

type Guard = ReadGuard | WriteGuard;

interface State {
  readonly name: string;
  /** What it is when somebody has done this. */
  arrange(span: Span, lock: RwLock): unknown;
  /** 'guard', 'died' for a guard with ownerDied, 'null', or a code: of the blocking form, and of the others. */
  readonly read: readonly [string, string];
  readonly write: readonly [string, string];
  tidy?(): unknown;
}

const both = (what: string): readonly [string, string] => [what, what];

const STATES: readonly State[] = [
  { name: 'free', arrange: () => {}, read: both('guard'), write: both('guard') },
  {
    name: 'read by this thread',
    arrange: (_, lock) => lock.read(),
    read: both('guard'),
    write: ['DEADLOCK', 'null'],
  },
  {
    name: 'written by this thread',
    arrange: (_, lock) => lock.write(),
    read: ['DEADLOCK', 'null'],
    write: ['DEADLOCK', 'null'],
  },
  {
    name: 'read by another thread',
    arrange: (span) => takeElsewhere(span, 'read', false),
    read: both('guard'),
    write: both('null'),
    tidy: letGo,
  },
  {
    name: 'written by another thread',
    arrange: (span) => takeElsewhere(span, 'write', false),
    read: both('null'),
    write: both('null'),
    tidy: letGo,
  },
  {
    name: 'read by nobody but who has left',
    arrange: (span) => takeElsewhere(span, 'read', true),
    read: both('guard'),
    write: both('guard'),
  },
  {
    name: 'written by nobody but who has left',
    arrange: (span) => takeElsewhere(span, 'write', true),
    read: both('died'),
    write: both('died'),
  },
  {
    name: 'read by this thread, not yet consistent',
    arrange: async (span, lock) => {
      await takeElsewhere(span, 'write', true);
      lock.read();
    },
    read: ['DEADLOCK', 'null'],
    write: ['DEADLOCK', 'null'],
  },
  {
    name: 'not recoverable',
    arrange: async (span, lock) => {
      await takeElsewhere(span, 'write', true);
      lock.read().release();
    },
    read: both('NOT_RECOVERABLE'),
    write: both('NOT_RECOVERABLE'),
  },
  {
    name: 'of a closed span',
    arrange: (span) => span.close(),
    read: both('CLOSED'),
    write: both('CLOSED'),
  },
];

async function outcomeOf(act: () => unknown): Promise<string> {
  try {
    const guard = (await act()) as Guard | null;
    if (guard === null) return 'null';
    const { ownerDied } = guard;
    guard.markConsistent();
    guard.release();
    return ownerDied ? 'died' : 'guard';
  } catch (error) {
    return String((error as { code: string }).code).replace('ERR_MEMSPAN_', '');
  }
}

for (const state of STATES) {
  test(`a lock ${state.name}: what every method makes of it`, async () => {
    const [read, readOther] = state.read;
    const [write, writeOther] = state.write;
    const methods: readonly [string, string, (lock: RwLock) => unknown][] = [
      ['read', read, (lock) => lock.read(read === 'null' ? { timeoutMs: 2 } : {})],
      ['read at once', read, (lock) => lock.read({ timeoutMs: 0 })],
      ['tryRead', readOther, (lock) => lock.tryRead()],
      ['readAsync', readOther, (lock) => lock.readAsync({ timeoutMs: 2 })],
      ['write', write, (lock) => lock.write(write === 'null' ? { timeoutMs: 2 } : {})],
      ['write at once', write, (lock) => lock.write({ timeoutMs: 0 })],
      ['tryWrite', writeOther, (lock) => lock.tryWrite()],
      ['writeAsync', writeOther, (lock) => lock.writeAsync({ timeoutMs: 2 })],
    ];
    for (const [name, expected, act] of methods) {
      using span = Span.create(uniqueName(), { lifetime: 'last-close' });
      const lock = span.rwlock('l');
      await state.arrange(span, lock);
      assert.equal(await outcomeOf(() => act(lock)), expected, name);
      await state.tidy?.();
    }
  });
}
