// What every getter and method of a segment does in every state it can be in, as one table.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { codeOf, shmPath, uniqueName } from '../support/segments.ts';

const PAGE = 4096;
const SIZE = 2 * PAGE + 1;

/** Each makes a segment of that state over a new name of SIZE bytes. */
const states: Record<string, (name: string) => Segment> = {
  open: (name) => Segment.open(name),
  readOnly: (name) => Segment.open(name, { readOnly: true }),
  private: (name) => Segment.open(name, { private: true }),
  closed(name) {
    const segment = Segment.open(name);
    segment.close();
    return segment;
  },
  /** A peer has cut it to a page, and this side has touched what is gone. */
  truncated(name) {
    const segment = Segment.open(name);
    fs.truncateSync(shmPath(name), PAGE);
    assert.equal(new Uint8Array(segment.buffer)[SIZE - 1], 0);
    return segment;
  },
  /** The same, but nobody has touched it yet: that is not known. */
  cutUnseen(name) {
    const segment = Segment.open(name);
    fs.truncateSync(shmPath(name), PAGE);
    return segment;
  },
  /** A write through its buffer was diverted. */
  written(name) {
    const segment = Segment.open(name, { readOnly: true });
    new Uint8Array(segment.buffer)[0] = 1;
    return segment;
  },
};

type Act = (segment: Segment) => unknown;

const acts: Record<string, Act> = {
  name: (segment) => segment.name,
  size: (segment) => segment.size,
  kind: (segment) => segment.kind,
  readOnly: (segment) => segment.readOnly,
  created: (segment) => segment.created,
  closed: (segment) => segment.closed,
  status: (segment) => segment.status,
  buffer: (segment) => segment.buffer,
  bulk: (segment) => segment.bulk,
  handle: (segment) => segment.handle,
  'flush()': (segment) => segment.flush(),
  'flush(none)': (segment) => segment.flush({ length: 0 }),
  'lifeline(0)': (segment) => segment.lifeline(0)?.release(),
  'isHeld(0)': (segment) => segment.isHeld(0),
  'watch()': (segment) => segment.watch(),
  // Of a watch that has ended: again is harmless.
  'unwatch()': (segment) => segment.unwatch(0),
  isLinked: (segment) => segment.isLinked,
  'resize()': (segment) => segment.resize(),
  'resize(same)': (segment) => segment.resize(SIZE),
  'resize(more)': (segment) => segment.resize(3 * PAGE),
  'resize(less)': (segment) => segment.resize(10),
  'unlink()': (segment) => segment.unlink(),
  'close()': (segment) => segment.close(),
  'dispose()': (segment) => segment[Symbol.dispose](),
};

/** One line per member, one column per state: `ok`, or the code that is thrown, less ERR_MEMSPAN_. */
const [header = [], ...rows] = `
  .             open  readOnly   private      closed  truncated  cutUnseen  written
  name          ok    ok         ok           ok      ok         ok         ok
  size          ok    ok         ok           ok      ok         ok         ok
  kind          ok    ok         ok           ok      ok         ok         ok
  readOnly      ok    ok         ok           ok      ok         ok         ok
  created       ok    ok         ok           ok      ok         ok         ok
  closed        ok    ok         ok           ok      ok         ok         ok
  status        ok    ok         ok           ok      ok         ok         ok
  buffer        ok    ok         ok           CLOSED  TRUNCATED  ok         READ_ONLY
  bulk          ok    ok         ok           CLOSED  TRUNCATED  ok         READ_ONLY
  handle        ok    ok         UNSUPPORTED  CLOSED  TRUNCATED  ok         READ_ONLY
  flush()       ok    ok         ok           CLOSED  TRUNCATED  ok         READ_ONLY
  flush(none)   ok    ok         ok           CLOSED  TRUNCATED  ok         READ_ONLY
  lifeline(0)   ok    ok         ok           CLOSED  TRUNCATED  ok         READ_ONLY
  isHeld(0)     ok    ok         ok           CLOSED  TRUNCATED  ok         READ_ONLY
  watch()       ok    ok         ok           CLOSED  ok         ok         ok
  unwatch()     ok    ok         ok           ok      ok         ok         ok
  isLinked      ok    ok         ok           CLOSED  ok         ok         ok
  resize()      ok    ok         ok           CLOSED  ok         ok         ok
  resize(same)  ok    READ_ONLY  READ_ONLY    CLOSED  ok         ok         READ_ONLY
  resize(more)  ok    READ_ONLY  READ_ONLY    CLOSED  ok         ok         READ_ONLY
  resize(less)  ok    READ_ONLY  READ_ONLY    CLOSED  ok         ok         READ_ONLY
  unlink()      ok    ok         ok           CLOSED  ok         ok         ok
  close()       ok    ok         ok           ok      ok         ok         ok
  dispose()     ok    ok         ok           ok      ok         ok         ok`
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/));
const columns = header.slice(1);

for (const [column, state] of columns.entries()) {
  test(`what a segment can do that is ${state}`, () => {
    for (const [what = '', ...outcomes] of rows) {
      const segment = make(state);
      const code = codeOf(() => (acts[what] as Act)(segment));
      const outcome = code?.replace('ERR_MEMSPAN_', '') ?? 'ok';
      assert.equal(outcome, outcomes[column], `${what} of a segment that is ${state}`);
      end(segment);
    }
  });
}

test('the table knows every member of Segment and every state', () => {
  assert.deepEqual(columns, Object.keys(states));
  assert.deepEqual(
    rows.map(([what]) => what),
    Object.keys(acts),
  );
  const known = new Set(rows.map(([what = '']) => what.replace(/\(.*/, '')));
  const members = Reflect.ownKeys(Segment.prototype).filter((key) => key !== 'constructor');
  for (const member of members) {
    const label = member === Symbol.dispose ? 'dispose' : String(member);
    assert.ok(known.has(label), `${label} has no line`);
  }
});

test('what does not depend on the memory reads the same in every state', () => {
  for (const state of columns) {
    const segment = make(state);
    assert.match(segment.name ?? '', /^memspan-test/);
    assert.equal(segment.size, SIZE);
    assert.equal(segment.kind, 'named');
    assert.equal(segment.created, false);
    assert.equal(segment.readOnly, state === 'readOnly' || state === 'written');
    assert.equal(segment.closed, state === 'closed');
    end(segment);
  }
});

test('a truncated segment can do everything after resize(), at the size that is left', () => {
  const segment = make('truncated');
  segment.resize();
  assert.equal(segment.size, PAGE);
  assert.equal(segment.buffer.byteLength, PAGE);
  segment.resize(SIZE);
  new Uint8Array(segment.buffer)[SIZE - 1] = 4;
  using other = Segment.open(segment.name as string);
  assert.equal(new Uint8Array(other.buffer)[SIZE - 1], 4);
  end(segment);
});

function make(state: string): Segment {
  const name = uniqueName();
  Segment.create(name, { size: SIZE }).close();
  return (states[state] as (name: string) => Segment)(name);
}

function end(segment: Segment): void {
  segment.close();
  Segment.unlink(segment.name as string);
}
