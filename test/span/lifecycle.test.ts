// Getting a span and leaving it: the ways to get one, one attachment per thread, options that disagree, limits.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { type FoundThread, find, type MemspanError, Segment, Span } from '../../src/index.ts';
import { startChild, startWorker, type Tools } from '../support/puppets.ts';
import { codeOf, leftovers, shmPath, uniqueName, until } from '../support/segments.ts';

test('open makes the span if there is none, and joins it if there is', async () => {
  const name = uniqueName();
  using span = Span.open(name);
  assert.deepEqual([span.created, span.recovered, span.closed], [true, false, false]);
  assert.deepEqual([span.name, span.size, span.lifetime], [name, 2 ** 20, 'until-unlinked']);
  assert.equal(fs.statSync(shmPath(name)).mode & 0o777, 0o600);
  const child = await startChild();
  const created = await child.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.open(name);
    return kept.span.created;
  }, name);
  assert.equal(created, false);
  assert.equal(span.threads().length, 2);
  span.unlink();
});

test('create insists on making it, join on its being there', () => {
  const name = uniqueName();
  assert.throws(() => Span.join(name), { code: 'ERR_MEMSPAN_NOT_FOUND' });
  using span = Span.create(name, { size: 2 ** 19, participants: 3, objects: 5, mode: 0o640 });
  assert.deepEqual([span.created, span.size], [true, 2 ** 19]);
  assert.equal(fs.statSync(shmPath(name)).mode & 0o777, 0o640);
  assert.throws(() => Span.create(name), { code: 'ERR_MEMSPAN_EXISTS' });
  using joined = Span.join(name);
  assert.equal(joined.size, 2 ** 19);
  span.unlink();
});

test('a thread is attached once, however often and in whatever way it opens the span, until its last close', () => {
  const name = uniqueName();
  const first = Span.open(name);
  const others = [
    Span.open(name),
    Span.join(name, { as: 'ignored' }),
    Span.fromHandle(first.handle),
    Span.fromSegment(Segment.open(name)),
    Span.fromSegment(first.segment),
  ];
  assert.equal(first.threads().length, 1);
  const bytes = first.bytes('b', { size: 8 });
  for (const other of others) {
    assert.equal(other.bytes('b', { size: 8 }).buffer, bytes.buffer, 'the same mapping');
    assert.equal(other.created, true, 'this thread made it');
  }
  first.close();
  first.close();
  bytes[0] = 1;
  const last = others.pop() as Span;
  for (const other of others) other[Symbol.dispose]();
  assert.equal(last.threads().length, 1);
  assert.equal(last.bytes('b', { size: 8 })[0], 1);
  last.close();
  assert.equal(bytes[0], 0, 'views read as zeros after the last close');
  using again = Span.join(name);
  assert.equal(again.created, false);
  assert.equal(again.bytes('b', { size: 8 })[0], 1);
  again.unlink();
});

test('opening and closing leaves no descriptor behind, also when it fails', () => {
  const name = uniqueName();
  using span = Span.create(name, { participants: 1 });
  Segment.create(`${name}-raw`, { size: 4096 }).close();
  const round = (): void => {
    Span.open(name).close();
    Span.fromSegment(Segment.open(name)).close();
    Span.anonymous().close();
    assert.throws(() => Span.open(name, { size: 2 ** 21 }));
    assert.throws(() => Span.create(name));
    assert.throws(() => Span.join(`${name}-raw`));
    assert.throws(() => Span.join(`${name}-none`));
    assert.throws(() => Span.fromSegment(Segment.open(name, { readOnly: true })));
    assert.throws(() => Span.fromSegment(Segment.open(name, { private: true })));
  };
  const count = (): number => fs.readdirSync('/proc/self/fd').length;
  round();
  const before = count();
  for (let i = 0; i < 20; i++) round();
  assert.equal(count(), before);
  Segment.unlink(`${name}-raw`);
  span.unlink();
});

test('whenever there is no descriptor left for it, opening fails and keeps none', async () => {
  const child = await startChild({ under: ['sh', '-c', 'ulimit -n 200; exec "$@"', 'sh'] });
  const name = uniqueName();
  const outcomes = await child.run(({ memspan, fs }, name) => {
    const count = (): number => fs.readdirSync('/proc/self/fd').length;
    const attempt = (): string => {
      try {
        memspan.Span.open(name, { lifetime: 'last-close' }).close();
        return 'opened';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    // Loads and keeps what the first span needs for good.
    attempt();
    const filled: number[] = [];
    try {
      for (;;) filled.push(fs.openSync('/dev/null', 'r'));
    } catch {}
    const outcomes: string[] = [];
    for (let left = 0; left < 8; left++) {
      outcomes.push(attempt());
      fs.closeSync(filled.pop() as number);
      const before = count();
      outcomes.push(attempt());
      if (count() !== before) outcomes.push(`${count()} descriptors instead of ${before}`);
    }
    return outcomes;
  }, name);
  const opened = outcomes.indexOf('opened');
  assert.ok(opened > 0, outcomes.join());
  assert.deepEqual(new Set(outcomes.slice(0, opened)), new Set(['ERR_MEMSPAN_LIMIT']));
  assert.deepEqual(new Set(outcomes.slice(opened)), new Set(['opened']));
  assert.deepEqual(leftovers(), []);
});

test('each worker and each process is a thread of its own', async () => {
  const name = uniqueName();
  using span = Span.open(name);
  const puppets = await Promise.all([startWorker(), startWorker(), startChild()]);
  for (const puppet of puppets) {
    await puppet.run(({ memspan, kept }, name) => {
      kept.span = memspan.Span.join(name);
    }, name);
  }
  const threads = span.threads();
  assert.equal(new Set(threads.map(({ pid, tid }) => `${pid}:${tid}`)).size, 4);
  assert.equal(threads.filter(({ pid }) => pid === process.pid).length, 3);
  assert.ok(threads.every(({ alive }) => alive));
  await Promise.all(puppets.map((puppet) => puppet.kill()));
  assert.deepEqual(
    threads.map(({ alive }) => alive),
    [true, false, false, false],
  );
  span.unlink();
});

test('an anonymous span is shared by its handle, and has no name', async () => {
  using span = Span.anonymous({ as: 'lender' });
  assert.deepEqual([span.name, span.created, span.unlink()], [undefined, true, false]);
  span.bytes('b', { size: 4 })[0] = 7;
  const puppets = await Promise.all([startWorker(), startChild()]);
  for (const puppet of puppets) {
    const seen = await puppet.run(({ memspan, kept }, handle) => {
      kept.span = memspan.Span.fromHandle(handle, { as: 'borrower' });
      const bytes = kept.span.bytes('b', { size: 4 });
      const guard = kept.span.mutex('m').tryLock();
      guard?.release();
      return [bytes[0], guard?.ownerDied, kept.span.threads().length];
    }, span.handle);
    assert.deepEqual(seen, [7, false, 2]);
    await puppet.run(({ kept }) => kept.span.close());
  }
  assert.deepEqual(
    span.threads().map(({ name, fullName, span: of }) => [name, fullName, of]),
    [['lender', '/lender', undefined]],
  );
});

test('a span whose name is gone can be joined by handle and by segment while somebody is attached', () => {
  const span = Span.create(uniqueName());
  const { handle } = span;
  span.unlink();
  const orphan = Segment.fromHandle(handle);
  const another = Segment.fromHandle(handle);
  using worker = Span.fromHandle(handle);
  assert.equal(worker.threads().length, 1);
  Span.fromSegment(orphan).close();
  worker.close();
  span.close();
  assert.equal(orphan.closed, true);
  assert.throws(() => Span.fromSegment(another), { code: 'ERR_MEMSPAN_NOT_FOUND' });
  assert.equal(another.closed, true);
});

test('fromSegment closes a segment that is no span, or that it may not write to', () => {
  const name = uniqueName();
  using raw = Segment.create(name, { size: 4096 });
  using span = Span.create(`${name}-2`);
  for (const [options, of, code] of [
    [{}, name, 'ERR_MEMSPAN_NOT_A_SPAN'],
    [{ readOnly: true }, span.name, 'ERR_MEMSPAN_READ_ONLY'],
    [{ private: true }, span.name, 'ERR_MEMSPAN_UNSUPPORTED'],
  ] as const) {
    const segment = Segment.open(of as string, options);
    assert.equal(
      codeOf(() => Span.fromSegment(segment)),
      code,
    );
    assert.equal(segment.closed, true);
  }
  raw.unlink();
  span.unlink();
});

test("the user's own span is one for all of that user's processes, and goes with the last", async () => {
  const name = `memspan.user.${process.geteuid?.()}`;
  // Other programs of this user's may be there as well: then one of them is the last.
  const isUsed = (): boolean =>
    find({ kind: 'thread', name: `${name}/*` }).some((thread) => (thread as FoundThread).alive);
  using span = Span.user({ as: 'me' });
  assert.deepEqual([span.name, span.lifetime], [name, 'last-close']);
  const child = await startChild();
  await child.run(({ memspan, kept }) => {
    kept.span = memspan.Span.user();
  });
  assert.ok(span.threads().some(({ pid }) => pid === child.pid));
  await child.run(({ kept }) => kept.span.close());
  span.close();
  await until(() => isUsed() || !fs.existsSync(shmPath(name)), 'the name to go');
});

test('opening a span that is there with other options is an error that shows both', () => {
  const name = uniqueName();
  const options = { size: 2 ** 20, participants: 8, objects: 16, lifetime: 'last-close' } as const;
  using span = Span.create(name, options);
  Span.open(name, options).close();
  Span.open(name, { participants: 8 }).close();
  for (const [key, found, expected] of [
    ['size', 2 ** 20, 2 ** 20 + 4096],
    ['participants', 8, 9],
    ['objects', 16, 15],
    ['lifetime', 'last-close', 'until-unlinked'],
  ] as const) {
    assert.throws(
      () => Span.open(name, { [key]: expected }),
      (error: MemspanError) => {
        assert.equal(error.code, 'ERR_MEMSPAN_OPTIONS_MISMATCH');
        assert.deepEqual([error.expected, error.found, error.object], [expected, found, name]);
        for (const part of [key, String(expected), String(found)]) {
          assert.ok(error.message.includes(part), error.message);
        }
        return true;
      },
    );
  }
  assert.throws(() => span.mutex('x') && span.bytes('x', { size: 4 }), {
    code: 'ERR_MEMSPAN_OPTIONS_MISMATCH',
    expected: 'bytes',
    found: 'mutex',
  });
  span.bytes('y', { size: 4 });
  assert.throws(() => span.bytes('y', { size: 8 }), { expected: 8, found: 4 });
});

test('when all participants are attached, one more is refused, until somebody leaves or dies', async () => {
  const name = uniqueName();
  const span = Span.create(name, { participants: 2, lifetime: 'last-close' });
  const [first, second, third] = await Promise.all([startChild(), startChild(), startChild()]);
  const join = ({ memspan, kept }: Tools, name: string): string => {
    try {
      kept.span = memspan.Span.join(name);
      return 'attached';
    } catch (error) {
      const { code, expected } = error as { code: string; expected: number };
      return `${code} ${expected}`;
    }
  };
  assert.equal(await first.run(join, name), 'attached');
  assert.equal(await second.run(join, name), 'ERR_MEMSPAN_LIMIT 2');
  await first.kill();
  assert.equal(await second.run(join, name), 'attached');
  assert.equal(await third.run(join, name), 'ERR_MEMSPAN_LIMIT 2');
  span.close();
  assert.equal(await third.run(join, name), 'attached');
  for (const child of [second, third]) await child.run(({ kept }) => kept.span.close());
  assert.deepEqual(leftovers(), []);
});
