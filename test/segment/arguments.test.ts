// Arguments that cannot work: names, sizes, options of any type. Each is refused with a code, nothing is
// made, no descriptor stays open.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { type CreateOptions, type OpenOptions, Segment } from '../../src/index.ts';
import { codeOf, leftovers, shmPath, uniqueName } from '../support/segments.ts';

const INVALID = 'ERR_MEMSPAN_INVALID_ARGUMENT';
const OUT_OF_RANGE = 'ERR_MEMSPAN_OUT_OF_RANGE';
const INVALID_NAME = 'ERR_MEMSPAN_INVALID_NAME';

/** Values of every type, with a toString that is a trap. */
const strangers: readonly unknown[] = [
  undefined,
  null,
  true,
  1,
  Number.NaN,
  10n,
  Symbol('s'),
  'text',
  () => {},
  [],
  {},
  Object.create(null),
  {
    toString: () => {
      throw new Error('trap');
    },
  },
  new Proxy({}, {}),
];

const isString = (value: unknown): boolean => typeof value === 'string';

/** Everything that takes a name. */
const byName: Record<string, (name: string) => unknown> = {
  create: (name) => Segment.create(name, { size: 8 }),
  open: (name) => Segment.open(name),
  openOrCreate: (name) => Segment.openOrCreate(name, { size: 8 }),
  unlink: (name) => Segment.unlink(name),
};

for (const [method, call] of Object.entries(byName)) {
  test(`Segment.${method} refuses what cannot be a name`, () => {
    const before = descriptors();
    const names = [
      '',
      '.',
      '..',
      '/',
      'a/b',
      '/a',
      'a/',
      '../a',
      'nul\0',
      '\0',
      'x'.repeat(256),
      'x'.repeat(300),
      'é'.repeat(128),
      'half \ud800 pair',
      '\udfff',
    ];
    for (const name of names) {
      assert.throws(() => call(name), { name: 'TypeError', code: INVALID_NAME }, name);
    }
    for (const name of strangers.filter((value) => !isString(value))) {
      assert.throws(() => call(name as string), { name: 'TypeError', code: INVALID });
    }
    assert.equal(descriptors(), before);
    assert.deepEqual(leftovers(), []);
  });
}

test('a name may have 255 bytes, of any characters but slash and NUL', () => {
  const prefix = uniqueName();
  const names = ['x'.repeat(255 - prefix.length), ' ', '\n', '%00', '-rf', 'ü€😀', '*', "'"];
  for (const rest of names) {
    const name = prefix + rest;
    using segment = Segment.create(name, { size: 8 });
    assert.ok(fs.existsSync(shmPath(name)));
    assert.deepEqual(
      Segment.list(prefix + '?'.repeat([...rest].length)).map((info) => info.name),
      [name],
    );
    assert.equal(segment.unlink(), true);
  }
});

const sizes: [size: unknown, code: string][] = [
  [0, OUT_OF_RANGE],
  [-0, OUT_OF_RANGE],
  [-1, OUT_OF_RANGE],
  [1.5, OUT_OF_RANGE],
  [Number.NaN, OUT_OF_RANGE],
  [Number.POSITIVE_INFINITY, OUT_OF_RANGE],
  [Number.NEGATIVE_INFINITY, OUT_OF_RANGE],
  [2 ** 53, OUT_OF_RANGE],
  [Number.MAX_VALUE, OUT_OF_RANGE],
  ['10', INVALID],
  [10n, INVALID],
  [Symbol('10'), INVALID],
  [{ valueOf: () => 10 }, INVALID],
  [Object(10), INVALID],
  [[10], INVALID],
  [null, INVALID],
];

test('a size that is no whole number from 1 to 2^53 - 1 is refused everywhere', () => {
  const name = uniqueName();
  using open = Segment.create(uniqueName(), { size: 8 });
  const bySize: ((size: number) => unknown)[] = [
    (size) => Segment.create(name, { size }),
    (size) => Segment.openOrCreate(name, { size }),
    (size) => Segment.anonymous(size),
    (size) => Segment.file(shmPath(name), { size }),
    (size) => open.resize(size),
  ];
  const before = descriptors();
  for (const call of bySize) {
    for (const [size, code] of sizes) {
      assert.equal(
        codeOf(() => call(size as number)),
        code,
        `${call} ${String(size)}`,
      );
    }
  }
  for (const call of bySize.slice(0, 3)) {
    assert.equal(
      codeOf(() => call(undefined as unknown as number)),
      INVALID,
    );
  }
  assert.equal(open.size, 8);
  assert.equal(descriptors(), before);
  assert.equal(fs.existsSync(shmPath(name)), false);
  open.unlink();
});

test('a size that no machine has is refused at once, before the memory of others is used up', () => {
  const name = uniqueName();
  using open = Segment.create(uniqueName(), { size: 8 });
  for (const size of [2 ** 45, 2 ** 52, Number.MAX_SAFE_INTEGER]) {
    assert.equal(
      codeOf(() => Segment.create(name, { size })),
      'ERR_MEMSPAN_NO_SPACE',
    );
    assert.equal(
      codeOf(() => Segment.anonymous(size)),
      'ERR_MEMSPAN_NO_MEMORY',
    );
    assert.equal(
      codeOf(() => open.resize(size)),
      'ERR_MEMSPAN_NO_SPACE',
    );
  }
  assert.equal(open.size, 8);
  assert.equal(fs.statSync(shmPath(open.name as string)).size, 8);
  open.unlink();
});

test('options of a wrong type are refused, not taken for false', () => {
  const name = uniqueName();
  const existing = uniqueName();
  using segment = Segment.create(existing, { size: 8 });
  const calls: ((options: object) => unknown)[] = [
    (options) => Segment.create(name, { size: 8, ...options }),
    (options) => Segment.openOrCreate(name, { size: 8, ...options }),
    (options) => Segment.anonymous(8, options),
    (options) => Segment.open(existing, options),
    (options) => Segment.file(shmPath(existing), options),
    (options) => Segment.fromHandle(segment.handle, options),
  ];
  const before = descriptors();
  for (const call of calls) {
    for (const flag of ['readOnly', 'private', 'populate', 'lock', 'hugePages', 'exclusive']) {
      for (const value of strangers.filter((value) => value !== undefined && value !== true)) {
        assert.equal(
          codeOf(() => call({ [flag]: value })),
          INVALID,
          `${call} ${flag}`,
        );
      }
    }
    assert.equal(
      codeOf(() => call({ readOnly: true, private: true })),
      INVALID,
    );
  }
  for (const call of calls.slice(0, 3)) {
    assert.equal(
      codeOf(() => call({ readOnly: true })),
      INVALID,
    );
    assert.equal(
      codeOf(() => call({ private: true })),
      INVALID,
    );
  }
  for (const init of [null, 1, 'text', {}, []]) {
    assert.equal(
      codeOf(() => Segment.create(name, { size: 8, init } as unknown as CreateOptions)),
      INVALID,
    );
  }
  for (const allowOwner of ['root', '0', 1.5, Number.NaN, true, {}, ['any'], [0, null]]) {
    assert.equal(
      codeOf(() => Segment.open(existing, { allowOwner } as unknown as OpenOptions)),
      INVALID,
    );
  }
  assert.equal(descriptors(), before);
  assert.equal(fs.existsSync(shmPath(name)), false);
  segment.unlink();
});

test('a mode is a number from 0 to 0o777', () => {
  const name = uniqueName();
  const withMode = (mode: unknown) => (): unknown =>
    Segment.create(name, { size: 8, mode: mode as number });
  for (const mode of [-1, 0o1000, 0o4755, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.equal(codeOf(withMode(mode)), OUT_OF_RANGE);
  }
  for (const mode of ['600', '0o600', null, 6n, {}, Symbol('600')]) {
    assert.equal(codeOf(withMode(mode)), INVALID);
  }
  assert.equal(fs.existsSync(shmPath(name)), false);
});

test('options that are no object are refused', () => {
  using segment = Segment.anonymous(8);
  const calls: ((options: never) => unknown)[] = [
    (options) => Segment.create('x', options),
    (options) => Segment.openOrCreate('x', options),
    (options) => Segment.open('x', options),
    (options) => Segment.anonymous(8, options),
    (options) => Segment.file('x', options),
    (options) => Segment.fromHandle(segment.handle, options),
    (options) => segment.flush(options),
  ];
  const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
  for (const call of calls) {
    for (const options of strangers.filter((value) => value !== undefined && !isObject(value))) {
      assert.equal(
        codeOf(() => call(options as never)),
        INVALID,
        `${call}`,
      );
    }
  }
});

test('flush takes a range inside the segment and nothing else', () => {
  using segment = Segment.anonymous(100);
  segment.flush({ offset: 0, length: 100 });
  segment.flush({ offset: 100 });
  segment.flush({ offset: 99, length: 1 });
  const ranges = [
    { offset: -1 },
    { offset: 101 },
    { length: 101 },
    { length: -1 },
    { offset: 1, length: 100 },
    { offset: 0.5 },
    { offset: Number.NaN },
    { offset: 1, length: Number.POSITIVE_INFINITY },
    { offset: Number.MAX_SAFE_INTEGER, length: Number.MAX_SAFE_INTEGER },
  ];
  for (const range of ranges) {
    assert.equal(
      codeOf(() => segment.flush(range)),
      OUT_OF_RANGE,
      JSON.stringify(range),
    );
  }
  for (const range of [{ offset: '0' }, { length: null }, { offset: 1n }, { length: Symbol('') }]) {
    assert.equal(
      codeOf(() => segment.flush(range as unknown as { offset: number })),
      INVALID,
    );
  }
});

function descriptors(): number {
  return fs.readdirSync('/proc/self/fd').length;
}
