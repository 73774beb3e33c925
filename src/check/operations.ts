// The operations of a thread on explored memory: Atomics', plain accesses, sleeping and waking.
//
// What cannot be done, for what it is given, throws before it is an operation at all: as often as the thread comes there.

import { type AtomicMethods, realAtomics, type Scheduler } from '../word/scheduler.ts';
import { elementOf, indexIn, integerOf, integers, waitable } from './conversions.ts';
import type { Engine } from './engine.ts';
import { type Elements, type Memory, type Place, unexplorable, type Value } from './memory.ts';
import { ASLEEP, type Sleep, Status } from './thread.ts';

/** How production code sleeps. */
type Manner = Pick<Sleep, 'watches' | 'isSliced'> & { seen: number };

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
  ...updates,
  and: (before: bigint, operand: bigint) => before & operand,
  or: (before: bigint, operand: bigint) => before | operand,
  xor: (before: bigint, operand: bigint) => before ^ operand,
};

export class Operations implements Scheduler {
  readonly atomics: AtomicMethods;
  readonly engine: Engine;
  readonly memory: Memory;
  /** Who has used shared memory that is not explored, a bit for each. */
  readonly #strangers = new WeakMap<ArrayBufferLike, number>();

  constructor(engine: Engine) {
    this.engine = engine;
    this.memory = engine.world.memory;
    const update = (kind: keyof AtomicMethods) => {
      const real = realAtomics[kind] as (...given: unknown[]) => Value;
      return (array: Elements, index: number, operand: Value) =>
        this.#update(kind, array, index, operand) ?? real(array, index, operand);
    };
    this.atomics = {
      load: (array: Elements, index: number) => {
        const place = this.#placeOf(array);
        if (place === undefined) return realAtomics.load(array as Int32Array, index);
        return this.look('load', place, indexIn(integers(place.array), index));
      },
      store: (array: Elements, index: number, value: Value) => {
        const place = this.#placeOf(array);
        if (place === undefined) {
          return realAtomics.store(array as Int32Array, index, value as number);
        }
        const at = indexIn(integers(place.array), index);
        const stored = integerOf(place.array, value);
        this.put('store', place, at, stored);
        return stored;
      },
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

  /** Undefined for memory that is not explored: of one thread alone, or there is nothing to explore with. */
  #placeOf(array: Elements): Place | undefined {
    const place = this.memory.placeOf(array);
    const { running } = this.engine;
    if (place !== undefined || running === undefined || !ArrayBuffer.isView(array)) return place;
    const { buffer } = array as Elements;
    if (!(buffer instanceof SharedArrayBuffer)) return undefined;
    const users = (this.#strangers.get(buffer) ?? 0) | (1 << running.index);
    this.#strangers.set(buffer, users);
    if ((users & (users - 1)) === 0) return undefined;
    return this.engine.refuse(
      unexplorable(
        'threads share memory that is not explored',
        'Have setup return the array, and take it from what a thread is given',
      ),
    );
  }

  /** Plain access; and what Atomics.load is. */
  look(kind: 'read' | 'load', place: Place, index: number): Value {
    const { engine } = this;
    const at = place.base + index * place.array.BYTES_PER_ELEMENT;
    if (engine.isPast(kind, at)) return engine.answer as Value;
    engine.turn(at, false);
    const value = place.array[index] as Value;
    return engine.done(kind, at, value, value, value);
  }

  put(kind: 'write' | 'store', place: Place, index: number, value: Value): void {
    const { engine } = this;
    const at = place.base + index * place.array.BYTES_PER_ELEMENT;
    if (engine.isPast(kind, at, value)) return;
    engine.turn(at, true);
    const before = place.array[index] as Value;
    const after = this.memory.write(place, index, value);
    engine.done(kind, at, undefined, before, after);
  }

  #update(kind: string, array: Elements, index: number, value: Value): Value | undefined {
    const { engine } = this;
    const place = this.#placeOf(array);
    if (place === undefined) return undefined;
    const i = indexIn(integers(place.array), index);
    const operand = elementOf(place.array, integerOf(place.array, value));
    const at = place.base + i * place.array.BYTES_PER_ELEMENT;
    if (engine.isPast(kind, at, operand)) return engine.answer as Value;
    engine.turn(at, true);
    const before = place.array[i] as Value;
    const table = typeof before === 'bigint' ? wideUpdates : updates;
    const next = (table[kind] as (before: Value, operand: Value) => Value)(before, operand);
    return engine.done(kind, at, before, before, this.memory.write(place, i, next));
  }

  #compareExchange(array: Elements, index: number, expected: Value, next: Value): Value {
    const { engine } = this;
    const place = this.#placeOf(array);
    if (place === undefined) {
      return realAtomics.compareExchange(
        array as Int32Array,
        index,
        expected as number,
        next as number,
      );
    }
    const i = indexIn(integers(place.array), index);
    const from = elementOf(place.array, integerOf(place.array, expected));
    const to = elementOf(place.array, integerOf(place.array, next));
    const at = place.base + i * place.array.BYTES_PER_ELEMENT;
    if (engine.isPast('compareExchange', at, to, from)) return engine.answer as Value;
    engine.turn(at, true);
    const before = place.array[i] as Value;
    const after = before === from ? this.memory.write(place, i, to) : before;
    return engine.done('compareExchange', at, before, before, after);
  }

  wait(array: unknown, index: number, value: unknown, timeoutMs?: number): 'ok' | undefined {
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
    const how = { watches: watch > 0, isSliced: true, seen };
    const found = this.#waitOn('sleep', words, index, expected, leftMs, how);
    if (found !== undefined) return true;
    return this.engine.refuse(
      unexplorable(
        'a thread sleeps on memory that is not explored',
        'Make it in setup, and have setup return it',
      ),
    );
  }

  wake(words: Int32Array, index: number, count: number): number {
    return this.#wakeAt('sleep', words, index, count) ?? 0;
  }

  newsCount(): number {
    return this.engine.kernel.newsCount();
  }

  /** All bytes at once: words say who may touch them when, and those are steps. */
  readBytes(words: Int32Array, offset: number, length: number): Uint8Array | undefined {
    const place = this.memory.placeOf(words);
    if (place === undefined) return undefined;
    const at = place.base + offset;
    let text: string;
    if (this.engine.isPast('read bytes', at)) text = this.engine.answer as string;
    else {
      this.engine.turn(at, false, this.#isContended(at, length, false));
      // An answer has to be a value that can be compared.
      text = bytesOf(words, offset, length).toString('latin1');
      this.engine.done('read bytes', at, text);
    }
    // Of its own buffer from the first byte on.
    return new Uint8Array(Buffer.from(text, 'latin1'));
  }

  writeBytes(words: Int32Array, offset: number, bytes: Uint8Array): boolean {
    const place = this.memory.placeOf(words);
    if (place === undefined) return false;
    const at = place.base + offset;
    if (this.engine.isPast('write bytes', at)) return true;
    this.engine.turn(at, true, this.#isContended(at, bytes.length, true));
    // Whole words, with what stands there behind the last byte.
    const after = new Uint8Array(bytesOf(words, offset, Math.ceil(bytes.length / 4) * 4));
    after.set(bytes);
    for (const [i, word] of new Int32Array(after.buffer).entries()) {
      this.memory.write(place, offset / 4 + i, word);
    }
    this.engine.done('write bytes', at, undefined);
    return true;
  }

  /** Of any of the words, all of which are noted. */
  #isContended(at: number, length: number, isChange: boolean): boolean {
    let isAny = false;
    for (let word = at; word < at + length; word += 4) {
      if (this.engine.note(word, isChange)) isAny = true;
    }
    return isAny;
  }

  #waitOn(
    kind: 'sleep' | 'wait',
    array: unknown,
    index: number,
    value: Value,
    timeoutMs: number | undefined,
    { watches, isSliced, seen }: Manner = { watches: false, isSliced: false, seen: 0 },
  ): string | undefined {
    const { engine } = this;
    const place = this.#placeOf(array as Elements);
    if (place === undefined) return undefined;
    const i = indexIn(waitable(place.array), index);
    const expected = elementOf(place.array, integerOf(place.array, value));
    const leftMs = timeoutMs === undefined || Number.isNaN(+timeoutMs) ? Infinity : +timeoutMs;
    const at = place.base + i * place.array.BYTES_PER_ELEMENT;
    if (engine.isPast(kind, at, expected, leftMs)) return engine.answer as string;
    engine.turn(at, false, true);
    const now = ((): string | undefined => {
      if (place.array[i] !== expected) return 'not-equal';
      if (watches && seen !== engine.kernel.news) return 'disturbed';
      return leftMs <= 0 ? 'timed-out' : undefined;
    })();
    const thread = engine.running;
    const before = place.array[i];
    if (now !== undefined) return engine.done(kind, at, now, before, before);
    if (thread === undefined) {
      throw unexplorable(
        'what looks at a state may not wait',
        'Use a try form, or a timeoutMs of 0',
      );
    }
    this.memory.use(place, i);
    engine.done(kind, at, ASLEEP, before, before);
    const until = engine.world.now + leftMs;
    thread.sleep = { kind, at, until, watches, isSliced, expected };
    thread.status = Status.asleep;
    engine.world.putToSleep(thread);
    return engine.leave();
  }

  #wakeAt(
    kind: 'sleep' | 'wait',
    array: unknown,
    index: number,
    count: number | undefined,
  ): number | undefined {
    const { engine } = this;
    const place = this.#placeOf(array as Elements);
    if (place === undefined) return undefined;
    const at = place.base + indexIn(waitable(place.array), index) * place.array.BYTES_PER_ELEMENT;
    const most = count === undefined ? Infinity : Math.max(0, Math.trunc(+count) || 0);
    const name = kind === 'sleep' ? 'wake' : 'notify';
    if (engine.isPast(name, at, most)) return engine.answer as number;
    engine.turn(at, true, true);
    const woken = engine.world.sleepers
      .filter(({ sleep }) => sleep?.kind === kind && sleep.at === at)
      .slice(0, most);
    // Who only looks at a state wakes nobody.
    if (engine.running !== undefined) for (const thread of woken) engine.world.wakeUp(thread, 'ok');
    return engine.done(name, at, woken.length);
  }
}

function bytesOf(words: Int32Array, offset: number, length: number): Buffer {
  return Buffer.from(words.buffer, words.byteOffset + offset, length);
}
