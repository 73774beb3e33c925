// What each method makes of each state that a mutex can be in for others; and the rules of guards, recursion,
// recovery and embedding. (What they make of each word: mutex.words.test.ts.)
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Mutex, type MutexGuard, type MutexOptions, Span } from '../../src/index.ts';
import { type Puppet, startWorker } from '../support/puppets.ts';
import { codeOf, uniqueName } from '../support/segments.ts';

const worker: Puppet = await startWorker();

/** Takes the span's mutex in the worker, and leaves the span with it, or keeps it. */
function takeElsewhere(span: Span, leaves: boolean): Promise<void> {
  return worker.run(
    ({ memspan, kept }, name, leaves) => {
      const theirs = memspan.Span.join(name);
      const guard = theirs.mutex('m').lock();
      if (leaves) theirs.close();
      else Object.assign(kept, { guard, theirs });
    },
    span.name as string,
    leaves,
  );
}

function letGo(): Promise<void> {
  return worker.run(({ kept }) => {
    const { guard, theirs } = kept as unknown as { guard: MutexGuard; theirs: Span };
    guard.release();
    theirs.close();
  });
}

interface Stage {
  readonly span: Span;
  readonly mutex: Mutex;
}

interface State {
  readonly name: string;
  /** What it is when somebody has done this. */
  arrange(stage: Stage): unknown;
  /** 'guard', 'died' for a guard with ownerDied, 'null', or a code. */
  readonly lock: string;
  readonly timeout: string;
  readonly tryLock: string;
  readonly lockAsync: string;
  readonly owner: 'null' | 'alive' | 'dead' | 'CLOSED';
  tidy?(stage: Stage): unknown;
}

const all = (what: string) => ({ lock: what, timeout: what, tryLock: what, lockAsync: what });

const STATES: readonly State[] = [
  { name: 'free', arrange: () => {}, ...all('guard'), owner: 'null' },
  {
    name: 'held by this thread',
    arrange: ({ mutex }) => mutex.lock(),
    lock: 'DEADLOCK',
    timeout: 'DEADLOCK',
    tryLock: 'null',
    lockAsync: 'null',
    owner: 'alive',
  },
  {
    name: 'held by another thread',
    arrange: ({ span }) => takeElsewhere(span, false),
    lock: 'null',
    timeout: 'null',
    tryLock: 'null',
    lockAsync: 'null',
    owner: 'alive',
    tidy: letGo,
  },
  {
    name: 'held by nobody but who has left',
    arrange: ({ span }) => takeElsewhere(span, true),
    ...all('died'),
    owner: 'dead',
  },
  {
    name: 'held by this thread, not yet consistent',
    arrange: async ({ span, mutex }) => {
      await takeElsewhere(span, true);
      mutex.lock();
    },
    lock: 'DEADLOCK',
    timeout: 'DEADLOCK',
    tryLock: 'null',
    lockAsync: 'null',
    owner: 'alive',
  },
  {
    name: 'not recoverable',
    arrange: async ({ span, mutex }) => {
      await takeElsewhere(span, true);
      mutex.lock().release();
    },
    ...all('NOT_RECOVERABLE'),
    owner: 'null',
  },
  {
    name: 'of a closed span',
    arrange: ({ span }) => span.close(),
    ...all('CLOSED'),
    owner: 'CLOSED',
  },
];

async function outcomeOf(act: () => unknown): Promise<string> {
  try {
    const guard = (await act()) as MutexGuard | null;
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
  const methods = {
    // For ever where that ends.
    lock: (mutex: Mutex) => mutex.lock(state.lock === 'null' ? { timeoutMs: 2 } : {}),
    timeout: (mutex: Mutex) => mutex.lock({ timeoutMs: 0 }),
    tryLock: (mutex: Mutex) => mutex.tryLock(),
    lockAsync: (mutex: Mutex) => mutex.lockAsync({ timeoutMs: 2 }),
  };
  test(`a mutex ${state.name}: what every method makes of it`, async () => {
    for (const [name, act] of Object.entries(methods)) {
      using span = Span.create(uniqueName(), { lifetime: 'last-close' });
      const stage = { span, mutex: span.mutex('m') };
      await state.arrange(stage);
      assert.equal(ownerOf(stage.mutex), state.owner, name);
      const outcome = await outcomeOf(() => act(stage.mutex));
      assert.equal(outcome, state[name as keyof typeof methods], name);
      await state.tidy?.(stage);
    }
  });
}

function ownerOf(mutex: Mutex): string {
  try {
    const { owner } = mutex;
    if (owner === null) return 'null';
    return owner.alive ? 'alive' : 'dead';
  } catch (error) {
    return String((error as { code: string }).code).replace('ERR_MEMSPAN_', '');
  }
}

const anonymous = (options?: MutexOptions): Stage => {
  const span = Span.anonymous();
  return { span, mutex: span.mutex('m', options) };
};

test('a recursive mutex is released as often as it was locked', async () => {
  const { span, mutex } = anonymous({ recursive: true });
  const outer = mutex.lock();
  const inner = mutex.tryLock() as MutexGuard;
  const third = span.mutex('m', { recursive: true }).lock();
  for (const guard of [third, outer, inner]) {
    assert.notEqual(mutex.owner, null);
    assert.equal(await mutex.lockAsync({ timeoutMs: 1 }), null);
    guard.release();
  }
  assert.equal(mutex.owner, null);
  span.close();
});

test('a guard is released once, by release or by using', () => {
  const { span, mutex } = anonymous();
  const first = mutex.lock();
  assert.equal(first.held, true);
  first.release();
  assert.equal(first.held, false);
  const second = mutex.lock();
  // What the first guard had is not the second's.
  first.release();
  first.markConsistent();
  assert.notEqual(mutex.owner, null);
  second.release();
  {
    using guard = mutex.lock();
    assert.equal(guard.mutex, mutex);
  }
  assert.equal(mutex.owner, null);
  span.close();
});

test('markConsistent is for who was told of a death; otherwise it changes nothing', async () => {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const mutex = span.mutex('m');
  const plain = mutex.lock();
  plain.markConsistent();
  plain.release();
  await takeElsewhere(span, true);
  const guard = mutex.lock();
  assert.equal(guard.ownerDied, true);
  guard.markConsistent();
  guard.markConsistent();
  guard.release();
  assert.equal(mutex.lock().ownerDied, false);
});

test('recover runs under the lock; while it throws, so does lock, and the next one tries', async () => {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  await takeElsewhere(span, true);
  let tries = 0;
  const mutex = span.mutex('m', {
    recover: () => {
      tries++;
      assert.equal(mutex.owner?.alive, true);
      assert.equal(
        codeOf(() => mutex.lock()),
        'ERR_MEMSPAN_DEADLOCK',
      );
      if (tries < 4) throw new Error(`try ${tries}`);
    },
  });
  assert.throws(() => mutex.lock(), { message: 'try 1' });
  assert.throws(() => mutex.tryLock(), { message: 'try 2' });
  await assert.rejects(mutex.lockAsync(), { message: 'try 3' });
  const guard = mutex.lock();
  assert.equal(guard.ownerDied, true);
  guard.release();
  assert.equal(mutex.lock().ownerDied, false);
  assert.equal(tries, 4);
});

test('embedded: zeros are a fresh mutex, and all that are made for the same bytes are one', () => {
  using span = Span.anonymous();
  const bytes = span.bytes('players', { size: 64 });
  const mutex = Mutex.at(span, bytes.byteOffset + 8);
  assert.equal(mutex.name, 'players+8');
  const guard = mutex.lock();
  assert.equal(Mutex.at(span, bytes.byteOffset + 8).tryLock(), null);
  const other = Mutex.at(span, bytes.byteOffset + 12).tryLock();
  assert.notEqual(other, null);
  other?.release();
  guard.release();
  assert.ok(bytes.every((byte) => byte === 0));
});

test('an offset that no mutex can have is refused', () => {
  using span = Span.anonymous();
  const { byteOffset } = span.bytes('b', { size: 8 });
  for (const offset of [byteOffset + 1, 0, -4, byteOffset - 4096 * 64, span.size, span.size - 4]) {
    assert.throws(() => Mutex.at(span, offset), RangeError, String(offset));
  }
  for (const offset of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => Mutex.at(span, offset), RangeError, String(offset));
  }
  assert.throws(() => Mutex.at(span, '64' as unknown as number), TypeError);
  assert.throws(() => Mutex.at({} as Span, byteOffset), TypeError);
  Mutex.at(span, byteOffset + 4)
    .lock()
    .release();
});

test('what was held or awaited when its span was closed', async () => {
  const span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const mutex = span.mutex('m');
  const guard = mutex.lock();
  const pending = assert.rejects(mutex.lockAsync(), { code: 'ERR_MEMSPAN_CLOSED' });
  span.close();
  await pending;
  guard.release();
  assert.equal(
    codeOf(() => mutex.lock()),
    'ERR_MEMSPAN_CLOSED',
  );
});
