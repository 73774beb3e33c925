// Segments on macOS, their TypeScript: names, sizes, errors and refusals, over a stand-in for the core that keeps objects
// as macOS' manual and kernel sources say it does. No Mac has run it.
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';
import { darwinSystem } from '../../src/segment/darwin.ts';
import type { Segment } from '../../src/segment/segment.ts';
import type { Make, System } from '../../src/segment/system.ts';
import { failureOf } from '../../src/word/wait.ts';
import { Mac } from '../support/mac.ts';

const { EACCES, EINVAL, EMFILE } = constants.errno;
const ARM_PAGE = 16384;
const uid = process.geteuid?.() ?? 0;

/** What a segment would be made of. */
interface Made {
  readonly fd: number;
  readonly size: number;
  readonly created: boolean;
  readonly name: string | undefined;
  readonly flags: number;
}

interface Bench {
  readonly mac: Mac;
  readonly system: System;
  readonly make: Make<Segment>;
}

function bench(page = ARM_PAGE): Bench {
  const mac = new Mac(page);
  const close = (fd: number): number => (mac.open.delete(fd) ? 0 : -EINVAL);
  const make: Make<Segment> = (fd, size, { created, name, access }) => {
    const made: Made = { fd, size, created, name, flags: access.flags };
    return made as unknown as Segment;
  };
  return { mac, system: darwinSystem(mac, close), make };
}

const made = (segment: Segment): Made => segment as unknown as Made;

test('a name has at most 30 bytes of UTF-8: a RangeError says so, and nothing is asked of the system', () => {
  const { mac, system, make } = bench();
  const byName: ((name: string) => unknown)[] = [
    (name) => system.create(name, { size: 8 }, make),
    (name) => system.open(name, {}, make),
    (name) => system.openOrCreate(name, { size: 8 }, make),
    (name) => system.unlinkName(name, { operation: 'Segment.unlink', object: name }),
  ];
  for (const call of byName) {
    for (const name of ['x'.repeat(31), 'é'.repeat(16), '😀'.repeat(8)]) {
      const error = { name: 'RangeError', code: 'ERR_MEMSPAN_OUT_OF_RANGE', message: /30 are/ };
      assert.throws(() => call(name), error);
    }
    for (const name of ['', '.', '/a', 'a/b', 'a\0']) {
      assert.throws(() => call(name), { name: 'TypeError', code: 'ERR_MEMSPAN_INVALID_NAME' });
    }
    assert.throws(() => call(7 as unknown as string), { code: 'ERR_MEMSPAN_INVALID_ARGUMENT' });
  }
  assert.deepEqual(mac.calls, []);
  for (const name of ['x'.repeat(30), 'é'.repeat(15), ' ']) {
    system.create(name, { size: 8 }, make);
    assert.ok(mac.objects.has(name));
  }
});

test('who makes it has the exact size, who opens it whole pages, who says the size the exact one', () => {
  for (const page of [4096, ARM_PAGE]) {
    const { mac, system, make } = bench(page);
    for (const size of [1, 10, page - 1, page, page + 1, 2 ** 33 + 1]) {
      const name = `s${size}`;
      const whole = Math.ceil(size / page) * page;
      assert.equal(made(system.create(name, { size }, make)).size, size);
      assert.equal(mac.objects.get(name)?.size, whole);
      assert.equal(made(system.open(name, {}, make)).size, whole);
      const both = made(system.openOrCreate(name, { size }, make));
      assert.deepEqual([both.size, both.created], [size, false]);
    }
  }
});

test('pages of another kind of process are no other size', () => {
  const { mac, system, make } = bench();
  mac.page = 4096;
  mac.put('rosetta', 4000);
  mac.page = ARM_PAGE;
  mac.put('native', 4000);
  for (const name of ['rosetta', 'native']) {
    assert.equal(made(system.openOrCreate(name, { size: 4000 }, make)).size, 4000);
  }
  for (const size of [4097, 16385]) {
    assert.throws(() => system.openOrCreate('rosetta', { size }, make), {
      code: 'ERR_MEMSPAN_SIZE_MISMATCH',
      expected: size,
      found: 4096,
    });
  }
  assert.equal(mac.open.size, 2);
});

test('sizes that cannot be are refused before anything is made', () => {
  const { mac, system, make } = bench();
  const calls = [
    (size: number) => system.create('a', { size }, make),
    (size: number) => system.openOrCreate('a', { size }, make),
    (size: number) => system.anonymous(size, {}, make),
  ];
  for (const call of calls) {
    for (const size of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      assert.throws(() => call(size), { code: 'ERR_MEMSPAN_OUT_OF_RANGE' });
    }
    assert.throws(() => call(2 ** 46 + 1), { code: 'ERR_MEMSPAN_NO_MEMORY' });
    assert.throws(() => call('8' as unknown as number), { code: 'ERR_MEMSPAN_INVALID_ARGUMENT' });
  }
  assert.deepEqual(mac.calls, []);
});

test('what is taken, missing, foreign or empty has its own error, and leaves no descriptor', () => {
  const { mac, system, make } = bench();
  mac.put('there', 8);
  mac.put('foreign', 8, uid + 1);
  mac.put('empty', 0);
  const refused: [string, () => unknown][] = [
    ['ERR_MEMSPAN_EXISTS', () => system.create('there', { size: 8 }, make)],
    ['ERR_MEMSPAN_NOT_FOUND', () => system.open('missing', {}, make)],
    ['ERR_MEMSPAN_FOREIGN_OWNER', () => system.open('foreign', {}, make)],
    ['ERR_MEMSPAN_FOREIGN_OWNER', () => system.openOrCreate('foreign', { size: 8 }, make)],
    ['ERR_MEMSPAN_EMPTY', () => system.open('empty', {}, make)],
  ];
  for (const [code, call] of refused) {
    // Nothing of Linux's in what it says to do.
    assert.throws(call, (error: Error & { code: string }) => {
      return error.code === code && !/\/dev\/shm|memspan (ls|rm)/.test(error.message);
    });
  }
  assert.equal(mac.open.size, 0);
  system.open('foreign', { allowOwner: uid + 1 }, make);
  system.open('foreign', { allowOwner: 'any' }, make);
});

test('an object whose maker has not sized it yet is waited for', () => {
  const { mac, system, make } = bench();
  const object = mac.put('young', 0);
  mac.meanwhile = () => {
    if (mac.calls.length === 20) object.size = ARM_PAGE;
  };
  assert.equal(made(system.open('young', {}, make)).size, ARM_PAGE);
});

test('openOrCreate: somebody makes or removes it in between', () => {
  for (const staysAway of [true, false]) {
    const { mac, system, make } = bench();
    const seen = { openObject: 0, createObject: 0 };
    mac.meanwhile = (call) => {
      // Made by somebody else just before we make it, and perhaps gone again just before we open it.
      if (call === 'createObject' && ++seen.createObject === 1) mac.put('raced', 8);
      if (call === 'openObject' && ++seen.openObject === 2 && staysAway) mac.objects.clear();
    };
    const { size, created } = made(system.openOrCreate('raced', { size: 8 }, make));
    assert.deepEqual([size, created], [8, staysAway]);
    assert.deepEqual(seen, { openObject: 2, createObject: staysAway ? 2 : 1 });
    assert.equal(mac.open.size, 1);
  }
});

test('create with exclusive: false is openOrCreate', () => {
  const { system, make } = bench();
  const options = { size: 8, exclusive: false };
  const segments = [1, 2].map(() => made(system.create('either', options, make)));
  assert.deepEqual(
    segments.map(({ created }) => created),
    [true, false],
  );
});

test('a segment that cannot be mapped leaves no name', () => {
  const { mac, system } = bench();
  const fails: Make<Segment> = (fd) => {
    mac.open.delete(fd);
    throw new Error('no address space');
  };
  assert.throws(() => system.create('a', { size: 8 }, fails), /no address space/);
  assert.equal(mac.objects.size, 0);
  mac.put('a', 8);
  assert.throws(() => system.open('a', {}, fails), /no address space/);
  assert.equal(mac.objects.size, 1);
  assert.equal(mac.open.size, 0);
});

test('mode, readOnly and the flags of a mapping arrive', () => {
  const { mac, system, make } = bench();
  system.create('group', { size: 8, mode: 0o660, populate: true, lock: true }, make);
  assert.equal(mac.objects.get('group')?.mode, 0o660);
  const { fd, flags } = made(system.open('group', { readOnly: true }, make));
  assert.deepEqual([mac.open.get(fd)?.readOnly, flags], [true, 0]);
  const { fd: none, size } = made(system.anonymous(100, {}, make));
  assert.deepEqual([none, size, mac.calls.length], [-1, 100, 4]);
  assert.throws(() => system.open('group', { readOnly: 'yes' as unknown as boolean }, make), {
    code: 'ERR_MEMSPAN_INVALID_ARGUMENT',
  });
  assert.throws(() => system.anonymous(8, { readOnly: true } as object, make), {
    code: 'ERR_MEMSPAN_INVALID_ARGUMENT',
  });
});

test('unlink takes the name away, once', () => {
  const { mac, system } = bench();
  const subject = { operation: 'Segment.unlink', object: 'a' };
  mac.put('a', 8);
  assert.deepEqual(
    [1, 2].map(() => system.unlinkName('a', subject)),
    [true, false],
  );
  mac.unlinkObject = () => -EACCES;
  assert.throws(() => system.unlinkName('a', subject), {
    code: 'ERR_MEMSPAN_PERMISSION',
    syscall: 'shm_unlink',
  });
});

test('what macOS does not have is refused by name, with the page that has the list, before anything is made', () => {
  const { mac, system, make } = bench();
  const subject = { operation: 'segment.something', object: 'a' };
  const parts = {} as Parameters<System['isLinked']>[1];
  const init = (): void => assert.fail('called');
  const refused: [RegExp, () => unknown][] = [
    [/Segment.create with init/, () => system.create('a', { size: 8, init }, make)],
    [/Segment.openOrCreate with init/, () => system.openOrCreate('a', { size: 8, init }, make)],
    [/Segment.open with private/, () => system.open('a', { private: true }, make)],
    [/Segment.file/, () => system.file('a', { size: 8 }, make)],
    [/Segment.fromHandle/, () => system.fromHandle({} as never, {}, make)],
    [/Segment.list/, () => system.list()],
    [/segment.something/, () => system.isLinked(3, parts, subject)],
    [/segment.something/, () => system.unlink(3, parts, subject)],
    [/segment.something/, () => system.identity(3, subject)],
    [/segment.something/, () => system.currentSize(3, subject)],
    [/segment.something/, () => system.wholeSize(3, subject)],
    [/segment.something/, () => system.resize(3, 8, 16, subject)],
    [/segment.something/, () => system.lifeline(3, 0, false, subject)],
    [/segment.something/, () => system.isHeld(3, 0, 1, subject)],
  ];
  for (const [what, call] of refused) {
    assert.throws(call, (error: Error & { code: string }) => {
      const { code, message } = error;
      const says = what.test(message) && /macOS/.test(message) && /platforms\.md/.test(message);
      return code === 'ERR_MEMSPAN_UNSUPPORTED' && says;
    });
  }
  assert.deepEqual(mac.calls, []);
  assert.equal(system.watch(3), 0);
});

test('what the core says of a mapping or a wait becomes an error with the name of the call', () => {
  const { system } = bench();
  const subject = { operation: 'segment.flush', object: 'a' };
  assert.equal(system.checked(0, 'sync', subject), 0);
  assert.throws(() => system.checked(-EMFILE, 'sync', subject), {
    code: 'ERR_MEMSPAN_LIMIT',
    syscall: 'msync',
  });
  const { code, syscall } = failureOf(-EINVAL, 'wait');
  assert.deepEqual([code, syscall], ['ERR_MEMSPAN_SYSTEM', 'os_sync_wait_on_address']);
});
