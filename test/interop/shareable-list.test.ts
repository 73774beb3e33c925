// Python's ShareableList with Python at one end: read, written, made and changed by either, compared byte by byte.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { Float, float, ShareableList, type ShareableValue } from '../../src/os/python.ts';
import { needs } from '../support/extras.ts';
import { seededRandom, uniqueName } from '../support/segments.ts';
import { Python } from './python.ts';

type Value = ShareableValue | Float;

const skip = needs('python3');
const imports = ['from multiprocessing.shared_memory import ShareableList'];

/** As one writes it in Python. */
function literal(value: Value): string {
  if (value === null) return 'None';
  if (value instanceof Uint8Array) return `bytes([${[...value]}])`;
  if (value instanceof Float) return floatLiteral(value.value);
  switch (typeof value) {
    case 'boolean':
      return value ? 'True' : 'False';
    case 'string':
      return `bytes([${[...Buffer.from(value)]}]).decode()`;
    case 'number':
      return Number.isSafeInteger(value) ? String(value) : floatLiteral(value);
    default:
      return String(value);
  }
}

function floatLiteral(value: number): string {
  return `float("${Object.is(value, -0) ? '-0' : value}")`;
}

/** An int wherever it is put, as in Python; a plain number would stay a float where one is. */
function asPython(value: Value): Value {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
}

function literals(values: readonly Value[]): string {
  return `[${values.map((value) => `(${literal(value)})`).join(', ')}]`;
}

/** A list of the same values made by Python and one made here. */
async function twins(
  t: TestContext,
  values: readonly Value[],
): Promise<{ python: Python; theirs: Segment; ours: Segment; list: ShareableList }> {
  const [there, here] = [uniqueName(), uniqueName()];
  const python = await Python.start(...imports);
  await python.run(`theirs = ShareableList(${literals(values)}, name="${there}")`);
  const theirs = Segment.open(there);
  const ours = Segment.create(here, {
    size: ShareableList.sizeOf(values),
    init: ({ buffer }) => void ShareableList.create(buffer, values),
  });
  await python.run(`ours = ShareableList(name="${here}")`);
  t.after(async () => {
    // Its tracker would take along both names, and complain of the one that is gone already.
    await python.run(
      'theirs.shm.close(); theirs.shm.unlink(); ours.shm.close(); ours.shm.unlink()',
    );
    await python.peer.end();
    theirs.close();
    ours.close();
  });
  return { python, theirs, ours, list: ShareableList.open(ours.buffer) };
}

function assertSame(theirs: Segment, ours: Segment, what: string): void {
  const [expected, actual] = [theirs, ours].map(({ buffer }) =>
    Buffer.from(buffer).toString('latin1'),
  );
  assert.equal(actual, expected, what);
}

const kinds: readonly Value[] = [
  ...[0, -7, 2n ** 63n - 1n, -(2n ** 63n), float(1), 0.1, float(-0), Number.POSITIVE_INFINITY],
  ...[true, false, null, '', 'seven77', 'eight888', 'exactly sixteen!', 'in\0side', 'tail\0\0'],
  ...[new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(1, 0), new Uint8Array(33).fill(200)],
];

test('a list that is made here is the one that Python makes, and Python reads it', {
  skip,
}, async (t) => {
  const { python, theirs, ours, list } = await twins(t, kinds);
  assertSame(theirs, ours, 'the whole list');
  assert.equal(
    await python.run('ours.format == theirs.format, len(ours)'),
    `(True, ${kinds.length})`,
  );
  const values = await python.run('list(ours)');
  assert.equal(values, await python.run('list(theirs)'));
  assert.match(
    values,
    /^\[0, -7, 9223372036854775807, -9223372036854775808, 1\.0, 0\.1, -?0\.0, inf, True, False, None, '', 'seven77'/,
  );
  assert.deepEqual([...ShareableList.open(theirs.buffer)], [...list]);
});

test('a list that Python makes is read here', { skip }, async () => {
  const name = uniqueName();
  const python = await Python.start(...imports);
  await python.run(
    `sl = ShareableList([1, 2.0, 2**62, "naïve", b"\\xff", None, True], name="${name}")`,
  );
  using segment = Segment.open(name);
  const list = ShareableList.open(segment.buffer);
  assert.deepEqual([...list], [1, 2, 2n ** 62n, 'naïve', Uint8Array.of(255), null, true]);
  await python.run('sl[0] = "text"; sl[3] = 5; sl[1] = None; sl[6] = 0.25');
  assert.deepEqual([...list], ['text', null, 2n ** 62n, 5, Uint8Array.of(255), null, 0.25]);
  list.set(5, 'None');
  list.set(1, 3);
  assert.equal(await python.run('sl[5], sl[1], sl.count(5), sl.index(0.25)'), "('None', 3, 1, 6)");
  await python.run('sl.shm.close(); sl.shm.unlink()');
  await python.peer.end();
});

test('each kind in the place of each kind: the same bytes, whoever puts it there', {
  skip,
}, async (t) => {
  const { python, theirs, ours, list } = await twins(t, kinds);
  for (const value of kinds) {
    const expected = await python.run(`
def put(value):
    for i in range(len(theirs)):
        try:
            theirs[i] = value
        except ValueError:
            yield i
refused = list(put(${literal(value)}))`);
    assert.equal(expected, 'None');
    const refused: number[] = [];
    for (let i = 0; i < kinds.length; i++) {
      try {
        list.set(i, asPython(value));
      } catch (error) {
        assert.ok(error instanceof RangeError);
        refused.push(i);
      }
    }
    assert.equal(await python.run('refused'), JSON.stringify(refused).replaceAll(',', ', '));
    assertSame(theirs, ours, literal(value));
    assert.equal(await python.run('list(ours) == list(theirs)'), 'True');
    // Back to how they began, so that the next kind meets each.
    await python.run(`for i, value in enumerate(${literals(kinds)}): theirs[i] = value`);
    kinds.forEach((kind, i) => {
      list.set(i, asPython(kind));
    });
    assertSame(theirs, ours, `after ${literal(value)}`);
  }
});

test('random lists, changed at random by both: the same bytes', { skip }, async (t) => {
  const random = seededRandom(t);
  const below = (limit: number): number => Math.floor(random() * limit);
  const some: (() => Value)[] = [
    () => BigInt(below(2 ** 32)) * BigInt(below(2 ** 30)) - 2n ** 60n,
    () => float(random() * 10 ** (below(600) - 300)),
    () => random() < 0.5,
    () => null,
    () => String.fromCharCode(...Array.from({ length: below(40) }, () => below(128))),
    () => Uint8Array.from({ length: below(40) }, () => below(256)),
  ];
  const value = (): Value => (some[below(some.length)] as () => Value)();
  for (let round = 0; round < 4; round++) {
    await t.test(`list ${round}`, async (t) => {
      const values = Array.from({ length: below(60) }, value);
      const { python, theirs, ours, list } = await twins(t, values);
      assertSame(theirs, ours, 'made');
      for (let step = 0; step < 60 && values.length > 0; step++) {
        const [index, next] = [below(values.length), value()];
        const refusals = await Promise.allSettled([
          python.run(`theirs[${index}] = ${literal(next)}`),
          (async () => list.set(index, next))(),
        ]);
        assert.equal(refusals[0].status, refusals[1].status);
        assertSame(theirs, ours, `item ${index} becomes ${literal(next)}`);
      }
      assert.equal(await python.run('list(ours) == list(theirs)'), 'True');
      assert.deepEqual([...ShareableList.open(theirs.buffer)], [...list]);
    });
  }
});

test('Python cuts off what it counts in characters; here it is counted in bytes', {
  skip,
}, async () => {
  const name = uniqueName();
  const python = await Python.start(...imports);
  await python.run(`sl = ShareableList(["€€€€€€€", "plain"], name="${name}")`);
  const truncates = (await python.run('sl.format')) === "'8s8s'";
  using theirs = Segment.open(name);
  const list = ShareableList.open(theirs.buffer);
  if (truncates) {
    await assert.rejects(python.run('sl[0]'), { name: 'UnicodeDecodeError' });
    assert.throws(() => list.get(0), { code: 'ERR_MEMSPAN_CORRUPT', message: /append spaces/ });
  } else {
    assert.equal(list.get(0), '€€€€€€€');
  }
  assert.equal(list.get(1), 'plain');
  await python.run('sl.shm.close(); sl.shm.unlink()');

  const values = ['€€€€€€€', 'plain'];
  using ours = Segment.create(name, { size: ShareableList.sizeOf(values) });
  ShareableList.create(ours.buffer, values);
  await python.run(`sl = ShareableList(name="${name}")`);
  assert.equal(await python.run('list(sl)'), "['€€€€€€€', 'plain']");
  await python.run('sl.shm.close(); sl.shm.unlink()');
  await python.peer.end();
});
