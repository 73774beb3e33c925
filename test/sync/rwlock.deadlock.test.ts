// Circles through readers, writers and mutexes are found: exactly one of each is told, with the whole circle.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeadlockMember, type MemspanError, Span } from '../../src/index.ts';
import { type Puppet, startChild, startWorker, type Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';

type What = 'mutex' | 'read' | 'write';

interface Came {
  readonly code?: string;
  readonly message?: string;
  readonly found?: unknown;
  readonly event?: { kind: string; details: unknown } | undefined;
}

/** Joins as `as`, and takes what it is told to. */
function take({ memspan, kept }: Tools, span: string, as: string, what: What, name: string): void {
  kept.span ??= memspan.Span.join(span, { as });
  if (what === 'mutex') kept.span.mutex(name).lock();
  else kept.span.rwlock(name)[what]();
}

/** Blocks for more. What it came to. */
function takeMore({ memspan, kept }: Tools, what: What, name: string, span = ''): Came {
  kept.span ??= memspan.Span.join(span);
  let event: Came['event'];
  process
    .getBuiltinModule('node:diagnostics_channel')
    .subscribe('memspan:lock:deadlock', (message) => {
      event = message as Came['event'];
    });
  try {
    if (what === 'mutex') kept.span.mutex(name).lock();
    else kept.span.rwlock(name)[what]();
    return {};
  } catch (error) {
    const { code, message, found } = error as MemspanError;
    return { code, message, found, event };
  } finally {
    kept.span.close();
  }
}

/** What each party has, and then wants. */
type Party = readonly [readonly [What, string][], readonly [What, string]];

/** `begin`: what this thread does before, and undoes when one is told. */
async function circle(
  parties: readonly Party[],
  start: () => Promise<Puppet>,
  begin: (span: Span) => () => void = () => () => {},
): Promise<Came[]> {
  const name = uniqueName();
  using span = Span.create(name, { lifetime: 'last-close' });
  const undo = begin(span);
  const puppets = await Promise.all(parties.map(start));
  for (const [i, [has]] of parties.entries()) {
    for (const [what, lock] of has) await puppets[i]?.run(take, name, `t-${i}`, what, lock);
  }
  const waits = (i: number): boolean => (span.threads(`t-${i}`)[0]?.waitingOn.length ?? 0) > 0;
  const came: Promise<Came>[] = [];
  for (const [i, [, [what, lock]]] of parties.entries()) {
    came.push((puppets[i] as Puppet).run(takeMore, what, lock));
    // A writer comes before those who want to read.
    if (i < parties.length - 1) await until(() => waits(i), `t-${i} to wait`);
  }
  await Promise.race(came);
  undo();
  const results = await Promise.all(came);
  await Promise.all(puppets.map((puppet) => puppet.kill()));
  return results;
}

function told(results: readonly Came[]): Came {
  const codes = results.filter(({ code }) => code !== undefined);
  assert.equal(codes.length, 1, `${codes.length} were told`);
  assert.equal(codes[0]?.code, 'ERR_MEMSPAN_DEADLOCK');
  return codes[0] as Came;
}

const steps = ({ found }: Came): string[] =>
  (found as DeadlockMember[])
    .map(({ thread, waitsFor, heldFor }) => `${thread} ${waitsFor} ${heldFor}`)
    .sort();

test('two readers that want to write each other’s lock', async () => {
  const one = told(
    await circle(
      [
        [[['read', 'a']], ['write', 'b']],
        [[['read', 'b']], ['write', 'a']],
      ],
      startChild,
    ),
  );
  assert.deepEqual(steps(one), ['t-0 b reading', 't-1 a reading']);
  assert.match(one.message ?? '', /waits for 'b', which t-1 \(pid \d+\) reads/);
  assert.equal(one.event?.kind, 'rwlock');
});

test('a writer that waits for a reader, which waits for its mutex', async () => {
  const one = told(
    await circle(
      [
        [[['mutex', 'm']], ['write', 'a']],
        [[['read', 'a']], ['mutex', 'm']],
      ],
      startChild,
    ),
  );
  assert.deepEqual(steps(one), ['t-0 a reading', 't-1 m writing']);
});

test('a reader behind a writer behind a reader that waits for the first one', async () => {
  const one = told(
    await circle(
      [
        [[['read', 'b']], ['write', 'a']],
        [[['mutex', 'm']], ['read', 'a']],
        [[['read', 'a']], ['mutex', 'm']],
      ],
      startWorker,
    ),
  );
  assert.deepEqual(steps(one), ['t-0 a reading', 't-1 a writing', 't-2 m writing']);
});

test('a writer among several readers, one of which waits for it', async () => {
  const one = told(
    await circle(
      [
        [[['write', 'b']], ['write', 'a']],
        [[['read', 'a']], ['read', 'b']],
      ],
      startWorker,
      (span) => {
        const guards = ['c', 'a', 'd'].map((name) => span.rwlock(name).read());
        return () => guards.map((guard) => guard.release());
      },
    ),
  );
  assert.deepEqual(steps(one), ['t-0 a reading', 't-1 b writing']);
});

test('who reads, and waits for somebody who is busy, is in no circle: its writer waits on', async () => {
  const name = uniqueName();
  using span = Span.create(name, { lifetime: 'last-close' });
  const reading = span.rwlock('a').read();
  const [busy, writer] = [await startWorker(), await startWorker()];
  await busy.run(take, name, 'busy', 'write', 'b');
  const came = writer.run(takeMore, 'write', 'a', name);
  await until(() => span.threads().some(({ waitingOn }) => waitingOn.length > 0), 'the writer');
  // Longer than a slice: the writer searches meanwhile.
  assert.equal(span.rwlock('b').read({ timeoutMs: 150 }), null);
  reading.release();
  assert.deepEqual(await came, {});
  await Promise.all([busy.kill(), writer.kill()]);
});

test('locks taken in order by readers and writers never raise a false alarm', async () => {
  const name = uniqueName();
  using _ = Span.create(name, { lifetime: 'last-close' });
  const inOrder = ({ memspan }: Tools, name: string, ms: number): number => {
    const span = memspan.Span.join(name);
    const locks = [span.rwlock('a'), span.rwlock('b'), span.rwlock('c')] as const;
    const mutex = span.mutex('z');
    const end = performance.now() + ms;
    let turns = 0;
    for (; performance.now() < end; turns++) {
      const guards = locks.map((lock) => (Math.random() < 0.7 ? lock.read() : lock.write()));
      const last = mutex.lock();
      const later = performance.now() + Math.random() / 10;
      while (performance.now() < later);
      last.release();
      for (const guard of guards) guard.release();
    }
    span.close();
    return turns;
  };
  const puppets = await Promise.all([startChild(), startChild(), startWorker(), startWorker()]);
  const counts = await Promise.all(puppets.map((puppet) => puppet.run(inOrder, name, 600)));
  assert.ok(
    counts.every((count) => count > 0),
    counts.join(),
  );
});
