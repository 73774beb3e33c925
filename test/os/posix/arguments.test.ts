// Wrong types are TypeErrors, wrong numbers RangeErrors, and nothing has been asked of the system by then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { leftovers, uniqueName } from '../../support/segments.ts';
import { newObject, PAGE, READ_WRITE, shared } from './objects.ts';

const { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, O_CREAT, O_RDWR, PROT_READ } = posix;
const TYPE = { name: 'TypeError', code: 'ERR_MEMSPAN_INVALID_ARGUMENT' };
const RANGE = { name: 'RangeError', code: 'ERR_MEMSPAN_OUT_OF_RANGE' };

/** As JavaScript calls it. */
const call = (name: keyof typeof posix, ...args: unknown[]): unknown =>
  (posix as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!(...args);

const notNumbers: unknown[] = ['1', null, {}, [], true, Symbol('x'), () => 1];
const notIntegers: unknown[] = [1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 40];

test('a name is a string without a zero byte', () => {
  const name = `/${uniqueName()}`;
  for (const wrong of [undefined, 1, null, Buffer.from(name), [name], `${name}\0`, '\0']) {
    assert.throws(() => call('shm_open', wrong, O_RDWR | O_CREAT), TYPE);
    assert.throws(() => call('shm_unlink', wrong), TYPE);
  }
  assert.deepEqual(leftovers(), []);
});

test('flags and modes are integers', () => {
  const name = `/${uniqueName()}`;
  for (const wrong of [undefined, ...notNumbers]) {
    assert.throws(() => call('shm_open', name, wrong), TYPE);
    if (wrong !== undefined) assert.throws(() => call('shm_open', name, O_CREAT, wrong), TYPE);
  }
  for (const wrong of notIntegers) assert.throws(() => call('shm_open', name, wrong), RANGE);
  for (const wrong of [-1, 0o10000, 0.5]) {
    assert.throws(() => call('shm_open', name, O_RDWR | O_CREAT, wrong), RANGE);
  }
  assert.deepEqual(leftovers(), []);
});

test('sizes and offsets are integers from 0 on; bigints up to 2^63 - 1', (t) => {
  const { fd } = newObject(t, 100);
  for (const wrong of [undefined, ...notNumbers]) {
    assert.throws(() => call('ftruncate', fd, wrong), TYPE);
    assert.throws(() => call('posix_fallocate', fd, wrong, 1), TYPE);
    assert.throws(() => call('posix_fallocate', fd, 0, wrong), TYPE);
    assert.throws(() => call('mmap', null, wrong, PROT_READ, MAP_SHARED, fd, 0), TYPE);
    if (wrong === undefined) continue;
    assert.throws(() => call('mmap', null, 1, PROT_READ, MAP_SHARED, fd, wrong), TYPE);
  }
  for (const wrong of [-1, -0.5, 0.5, Number.NaN, 2 ** 53, -1n, 2n ** 63n, 2n ** 64n]) {
    assert.throws(() => call('ftruncate', fd, wrong), RANGE);
    assert.throws(() => call('posix_fallocate', fd, wrong, 1), RANGE);
    assert.throws(() => call('posix_fallocate', fd, 0, wrong), RANGE);
    assert.throws(() => call('mmap', null, 1, PROT_READ, MAP_SHARED, fd, wrong), RANGE);
    if (typeof wrong === 'bigint') continue;
    assert.throws(() => call('mmap', null, wrong, PROT_READ, MAP_SHARED, fd, 0), RANGE);
  }
  assert.throws(() => call('mmap', null, 10n, PROT_READ, MAP_SHARED, fd, 0), TYPE);
  assert.equal(posix.fstat(fd).st_size, 100);
});

test('descriptors are numbers', () => {
  for (const wrong of [undefined, ...notNumbers]) {
    for (const name of ['close', 'fstat', 'ftruncate', 'posix_fallocate'] as const) {
      assert.throws(() => call(name, wrong, 0, 1), TYPE, name);
    }
    assert.throws(() => call('mmap', null, PAGE, PROT_READ, MAP_SHARED, wrong, 0), TYPE);
  }
  for (const wrong of notIntegers) {
    for (const name of ['close', 'fstat', 'ftruncate'] as const) {
      assert.throws(() => call(name, wrong, 0), RANGE, name);
    }
  }
});

test('addr is null, and MAP_FIXED is refused with the reason', () => {
  const flags = MAP_ANONYMOUS | MAP_PRIVATE;
  for (const addr of [undefined, 0, 0n, 4096n, new SharedArrayBuffer(8), 'null']) {
    assert.throws(() => call('mmap', addr, PAGE, READ_WRITE, flags, -1, 0), TYPE);
  }
  for (const fixed of [posix.MAP_FIXED, posix.MAP_FIXED_NOREPLACE]) {
    assert.throws(() => call('mmap', null, PAGE, READ_WRITE, flags | fixed, -1, 0), {
      ...TYPE,
      message: /address/,
    });
  }
});

test('flags may use all 32 bits', () => {
  // 16 GiB huge pages are 34 << 26.
  const flags = MAP_ANONYMOUS | MAP_PRIVATE | posix.MAP_HUGETLB;
  const beyond = flags + 34 * 2 ** posix.MAP_HUGE_SHIFT;
  assert.ok(beyond > 2 ** 31);
  assert.throws(() => call('mmap', null, PAGE, READ_WRITE, beyond, -1, 0), { syscall: 'mmap' });
  assert.throws(() => call('mmap', null, PAGE, READ_WRITE, 2 ** 32, -1, 0), RANGE);
});

const calls = ['munmap', 'msync', 'mprotect', 'madvise', 'mlock', 'munlock', 'check', 'addressof'];

for (const name of calls as (keyof typeof posix)[]) {
  test(`${name} takes memory that was mapped, and nothing else`, () => {
    const ordinary = [
      new ArrayBuffer(PAGE),
      new SharedArrayBuffer(PAGE),
      new Uint8Array(PAGE),
      new DataView(new ArrayBuffer(8)),
      Buffer.alloc(PAGE),
      new ArrayBuffer(0),
      new Uint8Array(0),
    ];
    for (const wrong of [undefined, null, 4096, 'x', {}, [], 0n, ...ordinary]) {
      assert.throws(() => call(name, wrong, 0), TYPE);
    }
  });
}

for (const name of ['msync', 'mprotect', 'madvise'] as const) {
  test(`${name}: its flags are an integer`, (t) => {
    const bytes = shared(t, newObject(t).fd);
    for (const wrong of [undefined, ...notNumbers]) {
      assert.throws(() => call(name, bytes, wrong), TYPE);
    }
    for (const wrong of notIntegers) assert.throws(() => call(name, bytes, wrong), RANGE);
  });
}

test('any view will do: a typed array, a DataView, a Buffer, the buffer itself', (t) => {
  const { buffer } = shared(t, newObject(t, 2 * PAGE).fd, 2 * PAGE);
  const views = [
    new BigInt64Array(buffer, PAGE),
    new DataView(buffer, PAGE, 1),
    Buffer.from(buffer, PAGE, 100),
    new Float64Array(buffer),
  ];
  for (const view of [buffer, ...views]) {
    for (const name of ['msync', 'madvise', 'mlock', 'munlock', 'check'] as const) {
      assert.equal(call(name, view, 0), 0, name);
    }
  }
});

test('sysconf takes a number', () => {
  for (const wrong of [undefined, ...notNumbers]) {
    assert.throws(() => call('sysconf', wrong), TYPE);
  }
  for (const wrong of notIntegers) assert.throws(() => call('sysconf', wrong), RANGE);
});
