// Claims about the array: which are taken, and that nothing else is looked at before (ECMA-262,
// ValidateIntegerTypedArray; DoWait; Atomics.notify).
import assert from 'node:assert/strict';
import { createContext, runInContext } from 'node:vm';
import {
  type Call,
  type Claim,
  calls,
  type Kind,
  kinds,
  Poison,
  poison,
  put,
  waits,
} from './claims.ts';

type Constructor = new (source: ArrayBufferLike | number) => object;

const otherArrays: Constructor[] = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Uint32Array],
  ...[Float32Array, Float64Array, BigUint64Array],
  ...('Float16Array' in globalThis ? [globalThis.Float16Array] : []),
];
const noArrays: unknown[] = [
  ...[null, undefined, true, false, 10, 3.14, Number.NEGATIVE_INFINITY, 5n, 'text', Symbol('s')],
  ...[{}, { password: 'q' }, [1, 1, 2], (x: number) => -x, new Date(), /a/, new Error(), Math],
  ...[new Map(), new Set(), new WeakMap(), new WeakSet(), Promise.resolve(), Atomics, Int32Array],
  ...[new DataView(new ArrayBuffer(8)), new ArrayBuffer(8), new SharedArrayBuffer(8)],
  ...[Object(true), Object(4), new Proxy(new Int32Array(new SharedArrayBuffer(8)), {})],
];

export function claimArrays(claim: Claim): void {
  for (const [name, call] of Object.entries(calls)) {
    claimRefusals(claim, name, call);
    for (const kind of kinds) claimGoneMemory(claim, name, call, kind);
  }
  for (const kind of kinds) {
    for (const [name, call] of Object.entries(waits)) {
      claim(`${name}, ${kind.name} not shared: TypeError before index, value and timeout`, () => {
        const view = kind.make(new ArrayBuffer(32));
        assert.throws(() => call(view, 0, kind.of(0), 0), TypeError);
        assert.throws(() => call(view, poison, poison, poison), TypeError);
        assert.throws(() => call(view, 99, kind.of(0), 0), TypeError);
      });
    }
    claimUnsharedNotify(claim, kind);
  }
}

function claimRefusals(claim: Claim, name: string, call: Call): void {
  claim(
    `${name} takes no other typed array, shared or not, and looks at nothing else first`,
    () => {
      for (const Other of otherArrays) {
        for (const source of [new SharedArrayBuffer(16), new ArrayBuffer(16), 0]) {
          const view = new Other(source);
          assert.throws(() => call(view, poison, poison, poison), TypeError, Other.name);
          assert.throws(() => call(view, 0, 0, 0), TypeError, Other.name);
        }
      }
    },
  );

  claim(`${name} takes nothing that is no typed array, and looks at nothing else first`, () => {
    for (const no of noArrays) {
      assert.throws(() => call(no, poison, poison, poison), TypeError, typeof no);
      assert.throws(() => call(no, 0, 0, 0), TypeError, typeof no);
    }
    assert.throws(() => call(undefined), TypeError);
  });
}

function claimGoneMemory(claim: Claim, name: string, call: Call, kind: Kind): void {
  claim(`${name}, ${kind.name} detached: TypeError before everything else`, () => {
    const view = kind.make(new ArrayBuffer(32));
    structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
    assert.throws(() => call(view, poison, poison, poison), TypeError);
    assert.throws(() => call(view, 0, kind.of(0), 0), TypeError);
  });

  claim(
    `${name}, ${kind.name} outside its resized buffer: TypeError before everything else`,
    () => {
      const buffer = new ArrayBuffer(32, { maxByteLength: 32 });
      const view = kind.make(buffer, 16, 1);
      buffer.resize(16);
      assert.throws(() => call(view, poison, poison, poison), TypeError);
    },
  );

  claim(`${name}, ${kind.name}: the length is read before the index is converted`, () => {
    const buffer = new SharedArrayBuffer(0, { maxByteLength: 8 });
    const view = kind.make(buffer);
    const index = {
      valueOf() {
        buffer.grow(8);
        return 0;
      },
    };
    assert.throws(() => call(view, index, poison, poison), RangeError);
    assert.equal(buffer.byteLength, 8);
  });

  const nothing = name === 'notify' ? 0 : 'timed-out';
  claim(`${name} knows a ${kind.name} by what it is, not by what its properties say`, (buffer) => {
    const view = kind.make(buffer, 0, 4);
    put(view, 0, kind.of(0));
    const lies = { length: 100, buffer: new ArrayBuffer(8), [Symbol.toStringTag]: 'Int8Array' };
    for (const key of Reflect.ownKeys(lies)) {
      Object.defineProperty(view, key, { value: lies[key as keyof typeof lies] });
    }
    const second = name === 'notify' ? 0 : kind.of(0);
    assert.equal(call(view, 0, second, 0), nothing);
    assert.throws(() => call(view, 4, second, 0), RangeError);
    Object.setPrototypeOf(view, null);
    assert.equal(call(view, 0, second, 0), nothing);
    const Foreign = runInContext(kind.name, createContext()) as Constructor;
    assert.equal(call(new Foreign(buffer), 0, second, 0), nothing);
  });

  if (name === 'notify') return;
  claim(`${name}, ${kind.name} that grows: all of it can be waited on`, () => {
    const buffer = new SharedArrayBuffer(16, { maxByteLength: 64 });
    const view = kind.make(buffer);
    assert.throws(() => call(view, view.length, kind.of(0), 0), RangeError);
    buffer.grow(64);
    const last = view.length - 1;
    put(view, last, kind.of(37));
    assert.equal(call(view, last, kind.of(37), 0), 'timed-out');
    assert.equal(call(view, last, kind.of(0), 0), 'not-equal');
  });
}

function claimUnsharedNotify(claim: Claim, { name, make }: Kind): void {
  const notify = calls.notify as Call;

  claim(`notify, ${name} not shared: 0, after index and count have been converted`, () => {
    const view = make(new ArrayBuffer(32));
    assert.equal(notify(view, 0), 0);
    assert.equal(notify(view, 0, 1), 0);
    assert.throws(() => notify(view, poison), Poison);
    assert.throws(() => notify(view, 0, poison), Poison);
    assert.throws(() => notify(view, 0, Symbol('1')), TypeError);
    assert.throws(() => notify(view, 32, poison), RangeError);
    assert.throws(() => notify(view, -1, poison), RangeError);
  });

  claim(
    `notify, ${name}: what detaches or shrinks it in the index's conversion comes too late`,
    () => {
      const detached = new ArrayBuffer(8);
      const detach = { valueOf: () => structuredClone(detached, { transfer: [detached] }) && 0 };
      assert.equal(notify(make(detached), detach), 0);
      assert.equal(detached.byteLength, 0);

      const shrunk = new ArrayBuffer(8, { maxByteLength: 8 });
      const shrink = { valueOf: () => shrunk.resize(0) ?? 0 };
      assert.equal(notify(make(shrunk), shrink), 0);
      assert.equal(shrunk.byteLength, 0);

      const grown = new ArrayBuffer(0, { maxByteLength: 8 });
      const grow = { valueOf: () => grown.resize(8) ?? 0 };
      assert.throws(() => notify(make(grown), grow, poison), RangeError);
      assert.equal(grown.byteLength, 8);
    },
  );
}
