// What every getter and method of a span, of its objects and of its threads does in every state, as one table.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Mutex, Span, type SpanObject, type SpanThread, struct, u32 } from '../../src/index.ts';
import { codeOf, shmPath, uniqueName } from '../support/segments.ts';

interface Subject {
  readonly span: Span;
  readonly object: SpanObject;
  readonly record: SpanObject;
  readonly thread: SpanThread;
}

/** Each brings a span with the objects 'b', 'm' and 'r' to that state. */
const states: Record<string, (span: Span) => void> = {
  open: () => {},
  closed: (span) => span.close(),
  /** This thread has another opening of it. */
  closedOnce(span) {
    others.push(Span.open(span.name as string));
    span.close();
  },
  /** A peer has cut it to nothing; who reads or writes sees it. */
  truncated: (span) => fs.truncateSync(shmPath(span.name as string), 0),
  unlinked: (span) => void span.unlink(),
};

const others: Span[] = [];
const Pair = struct({ one: u32, other: u32 });

const acts: Record<string, (subject: Subject) => unknown> = {
  name: ({ span }) => span.name,
  size: ({ span }) => span.size,
  lifetime: ({ span }) => span.lifetime,
  created: ({ span }) => span.created,
  recovered: ({ span }) => span.recovered,
  closed: ({ span }) => span.closed,
  segment: ({ span }) => span.segment,
  handle: ({ span }) => span.handle,
  'bytes(there)': ({ span }) => span.bytes('b', { size: 64 }),
  'bytes(new)': ({ span }) => span.bytes('new', { size: 64 }),
  broadcast: ({ span }) => span.broadcast('new', { capacity: 64 }),
  'view(there)': ({ span }) => span.view('r', Pair),
  'view(new)': ({ span }) => span.view('new', Pair),
  'mutex(there)': ({ span }) => span.mutex('m'),
  'mutex(new)': ({ span }) => span.mutex('new'),
  rwlock: ({ span }) => span.rwlock('new'),
  semaphore: ({ span }) => span.semaphore('new', { initial: 1 }),
  'semaphore(undo)': ({ span }) => span.semaphore('new', { initial: 1, undo: true }),
  condition: ({ span }) => span.condition('new'),
  event: ({ span }) => span.event('new'),
  barrier: ({ span }) => span.barrier('new', { parties: 1 }),
  once: ({ span }) => span.once('new'),
  pool: ({ span }) => span.pool('new', { chunks: 2, chunkSize: 64 }),
  queue: ({ span }) => span.queue('new', { capacity: 4, messageMax: 16 }),
  ring: ({ span }) => span.ring('new', { capacity: 64 }),
  latest: ({ span }) => span.latest('new', { size: 8 }),
  'Mutex.at': ({ span }) => Mutex.at(span, span.bytes('b', { size: 64 }).byteOffset),
  objects: ({ span }) => assert.equal(span.objects().length, 3),
  object: ({ span }) => assert.equal(span.object('b')?.size, 64),
  'object.name': ({ object }) => assert.match(object.fullName, /\/b$/),
  'object.open': ({ object }) => object.open(),
  'object.layout': ({ record }) => record.layout,
  threads: ({ span }) => assert.equal(span.threads()[0]?.name, 'me'),
  'thread.name': ({ thread }) => assert.equal(thread.name, 'me'),
  'thread.alive': ({ thread }) => assert.equal(thread.alive, true),
  'thread.waitingOn': ({ thread }) => assert.deepEqual(thread.waitingOn, []),
  attachment: ({ span }) => span.attachment('test'),
  join: ({ span }) => Span.join(span.name as string).close(),
  open: ({ span }) => Span.open(span.name as string).close(),
  create: ({ span }) => Span.create(span.name as string).close(),
  unlink: ({ span }) => span.unlink(),
  close: ({ span }) => span.close(),
  dispose: ({ span }) => span[Symbol.dispose](),
};

/** One line per member, one column per state: `ok`, or the code that is thrown, less ERR_MEMSPAN_. */
const [header = [], ...rows] = `
  .                 open    closed  closedOnce  truncated  unlinked
  name              ok      ok      ok          ok         ok
  size              ok      ok      ok          ok         ok
  lifetime          ok      ok      ok          ok         ok
  created           ok      ok      ok          ok         ok
  recovered         ok      ok      ok          ok         ok
  closed            ok      ok      ok          ok         ok
  segment           ok      CLOSED  CLOSED      ok         ok
  handle            ok      CLOSED  CLOSED      ok         ok
  bytes(there)      ok      CLOSED  CLOSED      TRUNCATED  ok
  bytes(new)        ok      CLOSED  CLOSED      TRUNCATED  ok
  broadcast         ok      CLOSED  CLOSED      TRUNCATED  ok
  view(there)       ok      CLOSED  CLOSED      TRUNCATED  ok
  view(new)         ok      CLOSED  CLOSED      TRUNCATED  ok
  mutex(there)      ok      CLOSED  CLOSED      TRUNCATED  ok
  mutex(new)        ok      CLOSED  CLOSED      TRUNCATED  ok
  rwlock            ok      CLOSED  CLOSED      TRUNCATED  ok
  semaphore         ok      CLOSED  CLOSED      TRUNCATED  ok
  semaphore(undo)   ok      CLOSED  CLOSED      TRUNCATED  ok
  condition         ok      CLOSED  CLOSED      TRUNCATED  ok
  event             ok      CLOSED  CLOSED      TRUNCATED  ok
  barrier           ok      CLOSED  CLOSED      TRUNCATED  ok
  once              ok      CLOSED  CLOSED      TRUNCATED  ok
  pool              ok      CLOSED  CLOSED      TRUNCATED  ok
  queue             ok      CLOSED  CLOSED      TRUNCATED  ok
  ring              ok      CLOSED  CLOSED      TRUNCATED  ok
  latest            ok      CLOSED  CLOSED      TRUNCATED  ok
  Mutex.at          ok      CLOSED  CLOSED      TRUNCATED  ok
  objects           ok      CLOSED  CLOSED      TRUNCATED  ok
  object            ok      CLOSED  CLOSED      TRUNCATED  ok
  object.name       ok      ok      ok          ok         ok
  object.open       ok      CLOSED  CLOSED      TRUNCATED  ok
  object.layout     ok      CLOSED  CLOSED      TRUNCATED  ok
  threads           ok      CLOSED  CLOSED      TRUNCATED  ok
  thread.name       ok      ok      ok          ok         ok
  thread.alive      ok      CLOSED  CLOSED      ok         ok
  thread.waitingOn  ok      CLOSED  CLOSED      TRUNCATED  ok
  attachment        ok      CLOSED  CLOSED      ok         ok
  join              ok      ok      ok          EMPTY      NOT_FOUND
  open              ok      ok      ok          EMPTY      ok
  create            EXISTS  EXISTS  EXISTS      EXISTS     ok
  unlink            ok      CLOSED  CLOSED      ok         ok
  close             ok      ok      ok          ok         ok
  dispose           ok      ok      ok          ok         ok`
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/));
const columns = header.slice(1);

for (const [column, state] of columns.entries()) {
  test(`what a span can do that is ${state}`, () => {
    for (const lifetime of ['until-unlinked', 'last-close'] as const) {
      for (const [what = '', ...outcomes] of rows) {
        // The name of an unlinked span is not kept by its lifetime; that of a closed one is not there to join.
        if (lifetime === 'last-close' && state === 'closed') continue;
        const span = make(lifetime);
        const [object, , record] = span.objects();
        const subject = { span, object, record, thread: span.threads()[0] } as Subject;
        states[state]?.(span);
        const code = codeOf(() => acts[what]?.(subject));
        const outcome = code?.replace('ERR_MEMSPAN_', '') ?? 'ok';
        assert.equal(outcome, outcomes[column], `${what} of a span that is ${state}, ${lifetime}`);
        end(span);
      }
    }
  });
}

test('the table knows every member of Span and every state', () => {
  assert.deepEqual(columns, Object.keys(states));
  assert.deepEqual(
    rows.map(([what]) => what),
    Object.keys(acts),
  );
  const known = new Set(rows.map(([what = '']) => what.replace(/\(.*/, '')));
  const members = Reflect.ownKeys(Span.prototype).filter((key) => key !== 'constructor');
  for (const member of members) {
    const label = member === Symbol.dispose ? 'dispose' : String(member);
    assert.ok(known.has(label), `${label} has no line`);
  }
});

test('exited() rejects when its span is closed before the thread is gone', async () => {
  const span = make('until-unlinked');
  const other = Span.open(span.name as string);
  const [mine, others] = [span, other].map((each) =>
    each.threads()[0]?.exited(),
  ) as Promise<void>[];
  const pending = other.mutex('m').lockAsync();
  assert.ok(await pending);
  const queued = other.mutex('m').lockAsync();
  span.close();
  await assert.rejects(mine as Promise<void>, { code: 'ERR_MEMSPAN_CLOSED' });
  // What was asked of the other opening goes on.
  (await pending).release();
  (await queued).release();
  other.close();
  await assert.rejects(others as Promise<void>, { code: 'ERR_MEMSPAN_CLOSED' });
  Span.unlink(span.name as string);
});

test('exited() rejects when the memory is cut short', async () => {
  const span = make('until-unlinked');
  const exited = span.threads()[0]?.exited();
  fs.truncateSync(shmPath(span.name as string), 0);
  await assert.rejects(exited as Promise<void>, { code: 'ERR_MEMSPAN_TRUNCATED' });
  end(span);
});

function make(lifetime: 'until-unlinked' | 'last-close'): Span {
  const span = Span.create(uniqueName(), { lifetime, as: 'me' });
  span.bytes('b', { size: 64 });
  span.mutex('m');
  span.view('r', Pair);
  return span;
}

function end(span: Span): void {
  span.close();
  for (const other of others.splice(0)) other.close();
  Span.unlink(span.name as string);
}
