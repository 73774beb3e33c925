// The operations of a thread on explored memory: Atomics', plain accesses, sleeping and waking.

import { type AtomicMethods, realAtomics, type Scheduler } from '../word/scheduler.ts';
import { ASLEEP, type Engine } from './engine.ts';
import { type Elements, type Memory, type Place, unexplorable, type Value } from './memory.ts';
import { Status } from './thread.ts';

type Update = (before: never, operand: never) => Value;

/** As Atomics' own, after which the array converts what comes of it. */
const updates: Readonly<Record<string, Update>> = {
  add: (before: number, operand: number) => before + operand,
  sub: (before: number, operand: number) => before - operand,
  and: (before: number, operand: number) => before & operand,
  or: (before: number, operand: number) => before | operand,
  xor: (before: number, operand: number) => before ^ operand,
  exchange: (_before: number, operand: number) => operand,
};
const wideUpdates: Readonly<Record<string, Update>> = {
  and: (before: bigint, operand: bigint) => before & operand,
  or: (before: bigint, operand: bigint) => before | operand,
  xor: (before: bigint, operand: bigint) => before ^ operand,
};

export class Operations implements Scheduler {
  readonly atomics: AtomicMethods;
  readonly #engine: Engine;
  readonly memory: Memory;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.memory = engine.world.memory;
    const update = (kind: string) => (array: Elements, index: number, operand: Value) =>
      this.#update(kind, array, index, operand);
    this.atomics = {
      load: (array: Elements, index: number) => this.#load(array, index),
      store: (array: Elements, index: number, value: Value) => this.#store(array, index, value),
      add: update('add'),
      sub: update('sub'),
      and: update('and'),
      or: update('or'),
      xor: update('xor'),
      exchange: update('exchange'),
      compareExchange: (array: Elements, index: number, expected: Value, next: Value) =>
        this.#compareExchange(array, index, expected, next),
      wait: (array: Int32Array, index: number, value: number, timeoutMs?: number) =>
        this.#waitOn('wait', array, index, value, timeoutMs) ??
        realAtomics.wait(array, index, value, timeoutMs),
      notify: (array: Int32Array, index: number, count?: number) =>
        this.#wakeAt('wait', array, index, count) ?? realAtomics.notify(array, index, count),
    } as AtomicMethods;
  }

  /** Plain access; and what Atomics.load is. */
  look(kind: 'read' | 'load', place: Place, index: number): Value {
    const memory = this.memory;
    const at = place.base + index * place.array.BYTES_PER_ELEMENT;
    if (this.#engine.isPast(kind, at)) return this.#engine.answer as Value;
    this.#engine.turn(at, false);
    const value = memory.read(place, index);
    return this.#engine.done(kind, at, value, value, value);
  }

  put(kind: 'write' | 'store', place: Place, index: number, value: Value): void {
    const memory = this.memory;
    const at = place.base + index * place.array.BYTES_PER_ELEMENT;
    if (this.#engine.isPast(kind, at)) return;
    this.#engine.turn(at, true);
    const before = memory.read(place, index);
    const after = memory.write(place, index, value);
    this.#engine.done(kind, at, undefined, before, after);
  }

  #load(array: Elements, index: number): Value {
    const place = this.memory.placeOf(array);
    return place === undefined
      ? realAtomics.load(array as Int32Array, index)
      : this.look('load', place, index);
  }

  #store(array: Elements, index: number, value: Value): Value {
    const place = this.memory.placeOf(array);
    if (place === undefined) return realAtomics.store(array as Int32Array, index, value as number);
    this.put('store', place, index, value);
    return value;
  }

  #update(kind: string, array: Elements, index: number, operand: Value): Value {
    const memory = this.memory;
    const place = memory.placeOf(array);
    if (place === undefined) {
      return (realAtomics as unknown as Record<string, (...given: unknown[]) => number>)[kind]?.(
        array,
        index,
        operand,
      ) as number;
    }
    const at = place.base + index * place.array.BYTES_PER_ELEMENT;
    if (this.#engine.isPast(kind, at)) return this.#engine.answer as Value;
    this.#engine.turn(at, true);
    const before = memory.read(place, index);
    const table = typeof before === 'bigint' ? { ...updates, ...wideUpdates } : updates;
    const next = (table[kind] as (before: Value, operand: Value) => Value)(before, operand);
    return this.#engine.done(kind, at, before, before, memory.write(place, index, next));
  }

  #compareExchange(array: Elements, index: number, expected: Value, next: Value): Value {
    const memory = this.memory;
    const place = memory.placeOf(array);
    if (place === undefined) {
      return realAtomics.compareExchange(
        array as Int32Array,
        index,
        expected as number,
        next as number,
      );
    }
    const at = place.base + index * place.array.BYTES_PER_ELEMENT;
    if (this.#engine.isPast('compareExchange', at)) return this.#engine.answer as Value;
    this.#engine.turn(at, true);
    const before = memory.read(place, index);
    const isEqual = before === convert(place.array, expected);
    const after = isEqual ? memory.write(place, index, next) : before;
    return this.#engine.done('compareExchange', at, before, before, after);
  }

  wait(
    array: unknown,
    index: number,
    value: unknown,
    timeoutMs?: number,
  ): ReturnType<Scheduler['wait']> {
    return this.#waitOn('sleep', array, index, value as Value, timeoutMs) as 'ok' | undefined;
  }

  notify(array: unknown, index: number, count?: number): number | undefined {
    return this.#wakeAt('sleep', array, index, count);
  }

  sleep(
    words: Int32Array,
    index: number,
    expected: number,
    leftMs: number,
    watch: number,
    seen: number,
  ): boolean {
    const found = this.#waitOn('sleep', words, index, expected, leftMs, watch > 0, seen);
    if (found !== undefined) return true;
    throw unexplorable(
      'a thread sleeps on memory that is not explored',
      'Make it in setup, and have setup return it',
    );
  }

  wake(words: Int32Array, index: number, count: number): number {
    return this.#wakeAt('sleep', words, index, count) ?? 0;
  }

  newsCount(): number {
    return this.#engine.kernel.newsCount();
  }

  /** All bytes at once: words say who may touch them when, and those are steps. */
  readBytes(words: Int32Array, offset: number, length: number): Uint8Array | undefined {
    const place = this.memory.placeOf(words);
    if (place === undefined) return undefined;
    const at = place.base + offset;
    let text: string;
    if (this.#engine.isPast('read bytes', at)) text = this.#engine.answer as string;
    else {
      this.#engine.turn(at, false, this.#isContended(at, length, false));
      // An answer has to be a value that can be compared.
      text = bytesOf(words, offset, length).toString('latin1');
      this.#engine.done('read bytes', at, text);
    }
    // Of its own buffer from the first byte on.
    return new Uint8Array(Buffer.from(text, 'latin1'));
  }

  writeBytes(words: Int32Array, offset: number, bytes: Uint8Array): boolean {
    const place = this.memory.placeOf(words);
    if (place === undefined) return false;
    const at = place.base + offset;
    if (this.#engine.isPast('write bytes', at)) return true;
    this.#engine.turn(at, true, this.#isContended(at, bytes.length, true));
    // Whole words, with what stands there behind the last byte.
    const after = new Uint8Array(bytesOf(words, offset, Math.ceil(bytes.length / 4) * 4));
    after.set(bytes);
    for (const [i, word] of new Int32Array(after.buffer).entries()) {
      this.memory.write(place, offset / 4 + i, word);
    }
    this.#engine.done('write bytes', at, undefined);
    return true;
  }

  /** Of any of the words, all of which are noted. */
  #isContended(at: number, length: number, isChange: boolean): boolean {
    let isAny = false;
    for (let word = at; word < at + length; word += 4) {
      if (this.#engine.note(word, isChange)) isAny = true;
    }
    return isAny;
  }

  #waitOn(
    kind: 'sleep' | 'wait',
    array: unknown,
    index: number,
    expected: Value,
    timeoutMs: number | undefined,
    watches = false,
    seen = 0,
  ): string | undefined {
    const memory = this.memory;
    const place = memory.placeOf(array);
    if (place === undefined) return undefined;
    const at = place.base + index * place.array.BYTES_PER_ELEMENT;
    if (this.#engine.isPast(kind, at)) return this.#engine.answer as string;
    this.#engine.turn(at, false, true);
    const value = memory.read(place, index);
    const leftMs = timeoutMs === undefined || Number.isNaN(timeoutMs) ? Infinity : timeoutMs;
    const now = ((): string | undefined => {
      if (value !== convert(place.array, expected)) return 'not-equal';
      if (watches && seen !== this.#engine.kernel.news) return 'disturbed';
      return leftMs <= 0 ? 'timed-out' : undefined;
    })();
    const thread = this.#engine.running;
    if (now !== undefined) return this.#engine.done(kind, at, now, value, value);
    if (thread === undefined) {
      throw unexplorable(
        'what looks at a state may not wait',
        'Use a try form, or a timeoutMs of 0',
      );
    }
    memory.use(place, index);
    this.#engine.done(kind, at, ASLEEP, value, value);
    const until = this.#engine.world.now + leftMs;
    thread.sleep = { kind, at, until, watches, expected: value };
    thread.status = Status.asleep;
    this.#engine.world.sleepers.push(thread);
    return this.#engine.leave();
  }

  #wakeAt(
    kind: 'sleep' | 'wait',
    array: unknown,
    index: number,
    count: number | undefined,
  ): number | undefined {
    const place = this.memory.placeOf(array);
    if (place === undefined) return undefined;
    const at = place.base + index * place.array.BYTES_PER_ELEMENT;
    const name = kind === 'sleep' ? 'wake' : 'notify';
    if (this.#engine.isPast(name, at)) return this.#engine.answer as number;
    this.#engine.turn(at, true, true);
    const woken = this.#engine.world.sleepers
      .filter(({ sleep }) => sleep?.kind === kind && sleep.at === at)
      .slice(0, Math.max(0, count ?? Infinity));
    for (const thread of woken) this.#engine.wakeUp(thread, 'ok');
    return this.#engine.done(name, at, woken.length);
  }
}

function bytesOf(words: Int32Array, offset: number, length: number): Buffer {
  return Buffer.from(words.buffer, words.byteOffset + offset, length);
}

/** A value as an element of that array. */
function convert(array: Elements, value: Value): Value {
  if (array instanceof Int32Array && typeof value === 'number') return value | 0;
  const one = new (array.constructor as new (length: number) => Elements)(1);
  (one as { [index: number]: Value })[0] = value;
  return one[0] as Value;
}
