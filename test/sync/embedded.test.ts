// Locks and their kin as members of structs: their text and size, the live objects in a span, and what they are elsewhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  Barrier,
  barrier,
  Condition,
  condition,
  Event,
  event,
  f64,
  type Infer,
  i32,
  type Layout,
  layoutText,
  Mutex,
  mutex,
  Once,
  once,
  parseLayout,
  RwLock,
  read,
  rwlock,
  Semaphore,
  Span,
  semaphore,
  struct,
  toC,
  toPython,
  toRust,
  u8,
  u32,
  union,
  type ViewOf,
  view,
  write,
} from '../../src/index.ts';
import { CONDITION_SIZE } from '../../src/sync/condition.layout.ts';
import { EVENT_SIZE } from '../../src/sync/event.layout.ts';
import { MUTEX_SIZE } from '../../src/sync/mutex.layout.ts';
import { ONCE_SIZE } from '../../src/sync/once.layout.ts';
import { RWLOCK_SIZE } from '../../src/sync/rwlock.layout.ts';
import { same } from '../layout/types.ts';
import { startChild, startWorker, type Tools } from '../support/puppets.ts';
import { codeOf, uniqueName } from '../support/segments.ts';

const texts: [layout: Layout, text: string, size: number][] = [
  [mutex(), 'mutex', MUTEX_SIZE],
  [mutex({ recursive: true }), 'mutex(recursive)', MUTEX_SIZE],
  [mutex({ fair: true, recover: () => {} }), 'mutex(fair)', MUTEX_SIZE],
  [mutex({ fair: true, recursive: true }), 'mutex(recursive,fair)', MUTEX_SIZE],
  [rwlock({ recover: () => {} }), 'rwlock', RWLOCK_SIZE],
  [condition(), 'condition', CONDITION_SIZE],
  [event(), 'event', EVENT_SIZE],
  [event({ reset: 'auto' }), 'event(auto)', EVENT_SIZE],
  [event({ initial: true }), 'event(set)', EVENT_SIZE],
  [event({ reset: 'auto', initial: true }), 'event(auto,set)', EVENT_SIZE],
  [once(), 'once', ONCE_SIZE],
  [semaphore({ initial: 3 }), 'semaphore(3,2147483647)', Semaphore.sizeOf({ initial: 3 })],
  [semaphore({ initial: 0, max: 1 }), 'semaphore(0,1)', Semaphore.sizeOf({ initial: 0, max: 1 })],
  [
    semaphore({ initial: 4096, undo: true }),
    'semaphore(4096,undo)',
    Semaphore.sizeOf({ initial: 4096, undo: true }),
  ],
  [barrier({ parties: 4094 }), 'barrier(4094)', Barrier.sizeOf({ parties: 4094 })],
];

for (const [layout, text, size] of texts) {
  test(`there and back: ${text}`, () => {
    assert.equal(layoutText(layout), text);
    assert.deepEqual([layout.size, layout.align], [size, 4]);
    const again = parseLayout(`array(struct{a:u8,b:${text}},2)`);
    assert.equal(again.size, 2 * (4 + size));
  });
}

test('other options than there are, in any other form, are no layout', () => {
  const wrong = [
    'mutex()',
    'mutex(fair,recursive)',
    'mutex(fair,fair)',
    'mutex(slow)',
    'mutex(1)',
    'rwlock(fair)',
    'condition(1)',
    'once(twice)',
    'event(manual)',
    'semaphore',
    'semaphore(1)',
    'semaphore(1,0)',
    'semaphore(2,1)',
    'semaphore(1,2147483648)',
    'semaphore(0,undo)',
    'semaphore(4097,undo)',
    'semaphore(undo,1)',
    'semaphore(1,2,3)',
    'semaphore(01,2)',
    'barrier',
    'barrier(0)',
    'barrier(4095)',
    'barrier(1,1)',
    'barrier(-1)',
    'union{a:u8,b:mutex}',
    'union{a:u8,b:struct{c:array(once,2)}}',
  ];
  for (const text of wrong) {
    assert.equal(
      codeOf(() => parseLayout(text)),
      'ERR_MEMSPAN_CORRUPT',
      text,
    );
  }
  assert.throws(() => mutex({ fair: 1 as never }), TypeError);
  assert.throws(() => rwlock({ recover: 1 as never }), TypeError);
  assert.throws(() => semaphore({ initial: -1 }), RangeError);
  assert.throws(() => barrier({ parties: 5000 }), RangeError);
  assert.throws(() => event({ reset: 'never' as never }), TypeError);
  assert.throws(() => union({ a: u8, b: struct({ lock: mutex() }) }), TypeError);
});

const All = struct({
  n: f64,
  lock: mutex({ fair: true }),
  rw: rwlock(),
  ready: condition(),
  begun: event({ initial: true }),
  init: once(),
  places: semaphore({ initial: 2, max: 5 }),
  owned: semaphore({ initial: 3, undo: true }),
  meeting: barrier({ parties: 1 }),
});

test('in a record of a span they are live, each with its options', () => {
  using span = Span.anonymous();
  for (const all of [
    span.view('all', All),
    span.view('all', parseLayout(layoutText(All)) as typeof All),
    span.object('all')?.open() as ViewOf<typeof All>,
  ]) {
    const members = [all.lock, all.rw, all.ready, all.begun, all.init, all.places, all.meeting];
    const classes = [Mutex, RwLock, Condition, Event, Once, Semaphore, Barrier];
    for (const [i, member] of members.entries()) {
      assert.ok(member instanceof (classes[i] as never), String(i));
    }
    assert.equal(all.lock, all.lock, 'one for each view');
    {
      using guard = all.lock.lock();
      assert.equal(guard.ownerDied, false);
      assert.equal(all.lock.owner?.pid, process.pid);
    }
    all.rw.read().release();
    assert.equal(all.ready.waiters, 0);
    assert.equal(all.begun.isSet, true);
    assert.equal(all.init.done, false);
    assert.deepEqual([all.places.value, all.places.max], [2, 5]);
    assert.deepEqual([all.owned.value, all.owned.undo], [3, true]);
    assert.equal(all.meeting.parties, 1);
  }
  assert.equal(span.view('all', All).n, 0, 'no lock has written over its neighbours');
  assert.equal(span.view('bare', mutex()).fullName, '/bare');
});

test('what a compiler knows of them', () => {
  using span = Span.anonymous();
  const all = span.view('all', All);
  same<typeof all.lock, Mutex>(true);
  same<Infer<typeof All>, { n: number }>(true);
  const List = struct({
    locks: array(mutex(), 2),
    parts: array(struct({ l: rwlock(), v: i32 }), 2),
  });
  same<Infer<typeof List>, { parts: { v: number }[] }>(true);
  assert.throws(() => {
    // @ts-expect-error it is used in place
    all.lock = 1;
  }, TypeError);
});

test('in raw memory they cannot be reached, and all the rest can', () => {
  const memory = new SharedArrayBuffer(All.size);
  const all = view(All, memory);
  all.n = 5;
  assert.equal(all.n, 5);
  const names = ['lock', 'rw', 'ready', 'begun', 'init', 'places', 'owned', 'meeting'] as const;
  for (const name of names) {
    assert.throws(() => all[name], { code: 'ERR_MEMSPAN_UNSUPPORTED', message: /raw memory/ });
  }
  const locks = view(array(mutex(), 3), memory);
  assert.throws(() => locks.get(2), { code: 'ERR_MEMSPAN_UNSUPPORTED', object: '2' });
  assert.throws(() => locks.get(3), RangeError);
  assert.throws(() => view(mutex(), memory), { code: 'ERR_MEMSPAN_UNSUPPORTED' });
  // The bytes of a span reached past it are raw memory, too.
  using span = Span.anonymous();
  span.view('all', All);
  const { buffer } = span.segment;
  const { offset } = [...span.attachment('test').view.entries()][0] as { offset: number };
  assert.throws(() => view(All, buffer, offset).lock, { code: 'ERR_MEMSPAN_UNSUPPORTED' });
});

test('they have no value: read leaves them out, write leaves them alone', () => {
  using span = Span.anonymous();
  const List = struct({ parts: array(struct({ l: mutex(), v: i32 }), 2), locks: array(once(), 2) });
  const list = span.view('list', List);
  const { buffer } = span.segment;
  const { offset } = [...span.attachment('test').view.entries()][0] as { offset: number };
  const guard = list.parts.get(1).l.lock();
  write(List, buffer, offset, { parts: [{ v: 7 }, { v: -7 }] });
  list.parts.set(0, { v: 8 });
  assert.deepEqual(read(List, buffer, offset), { parts: [{ v: 8 }, { v: -7 }] });
  assert.equal(list.parts.get(1).l.owner?.pid, process.pid);
  guard.release();
  assert.throws(() => read(mutex(), buffer, offset), TypeError);
  assert.throws(() => read(array(mutex(), 2), buffer, offset), TypeError);
  assert.throws(() => write(mutex(), buffer, offset, 0 as never), TypeError);
  assert.throws(() => list.locks.set(0, 0 as never), TypeError);
});

test('in other languages they are words to be left alone', () => {
  const Account = struct({ lock: mutex(), n: u32, places: semaphore({ initial: 2, undo: true }) });
  assert.match(toC(Account, 'Account'), /uint32_t places\[5\]; \/\* memspan's semaphore\(2,undo\)/);
  assert.match(toPython(Account, 'Account'), /"lock", \(ctypes.c_uint32\) \* 1\), {2}# memspan's/);
  assert.match(toRust(Account, 'Account'), /pub places: \[u32; 5\], \/\/ memspan's semaphore/);
});

/** Adds to each of the counters, under the lock beside it. */
function count({ memspan, kept }: Tools, name: string, rounds: number): void {
  const { array, i32, mutex, struct } = memspan;
  kept.span = memspan.Span.join(name);
  const Counter = struct({ lock: mutex(), n: i32 });
  const counters = kept.span.view('counters', array(Counter, 4));
  for (let i = 0; i < rounds; i++) {
    const counter = counters.get(i % 4);
    const guard = counter.lock.lock();
    counter.n += 1;
    guard.release();
  }
}

test('locks in an array of structs keep processes and threads apart', async () => {
  const name = uniqueName();
  using span = Span.create(name);
  const peers = await Promise.all([startChild(), startWorker(), startChild()]);
  await Promise.all(peers.map((peer) => peer.run(count, name, 2000)));
  const Counter = struct({ lock: mutex(), n: i32 });
  const counters = span.view('counters', array(Counter, 4));
  assert.deepEqual(
    [...counters].map(({ n }) => n),
    [1500, 1500, 1500, 1500],
  );
  span.unlink();
});

test('one whose owner was killed goes to the next, who is told; recover is each one’s own', async () => {
  const name = uniqueName();
  using span = Span.create(name);
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    const { mutex, struct, u32 } = memspan;
    kept.span = memspan.Span.join(name);
    const state = kept.span.view('state', struct({ n: u32, lock: mutex(), other: mutex() }));
    state.lock.lock();
    state.other.lock();
    state.n = 7;
  }, name);
  await child.kill();
  let recovered = 0;
  const recover = (): void => {
    recovered++;
  };
  const state = span.view('state', struct({ n: u32, lock: mutex({ recover }), other: mutex() }));
  {
    using guard = state.lock.lock();
    assert.deepEqual([recovered, guard.ownerDied, state.n], [1, true, 7]);
  }
  using guard = state.other.lock();
  assert.equal(guard.ownerDied, true);
  guard.markConsistent();
  span.unlink();
});

test('another option is another layout', () => {
  using span = Span.anonymous();
  span.view('state', struct({ n: u32, lock: mutex() }));
  assert.throws(() => span.view('state', struct({ n: u32, lock: mutex({ fair: true }) })), {
    code: 'ERR_MEMSPAN_LAYOUT_MISMATCH',
    message: /lock: expected mutex\(fair\) at 4, found mutex at 4/,
  });
});
