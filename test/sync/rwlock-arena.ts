// Deaths at a reader-writer lock for which others contend: survivors read and write a pair of numbers on some levels, a span
// each, and a victim that has come to its step on one level goes on to the next from there, and on the last one dies.
import assert from 'node:assert/strict';
import { Segment, Span } from '../../src/index.ts';
import { type Child, startChild, type Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import { deed, type End, endAt, startVictim } from '../support/victims.ts';

/** Words of the control segment, WORDS for each level; word 0 of the first one ends it all. */
const Word = { stop: 0, broken: 1, died: 2, turns: 4 } as const;
const WORDS = 8;
/** Reading and writing turns of the tasks, then of the thread that blocks. */
const SORTS = 4;
const TURNS = 3;

export type Use = 'read' | 'write';

export interface Death {
  readonly use: Use;
  readonly step: string;
  readonly end: End;
  readonly isAsync: boolean;
  readonly told: 'nothing' | 'ownerDied';
}

interface Names {
  readonly control: string;
  readonly spans: readonly string[];
}

/** Two tasks on each level, or one thread that blocks on one after the other. Ends when it is told to. */
async function survive({ memspan }: Tools, names: Names, isAsync: boolean): Promise<void> {
  const PATIENCE_MS = 20_000;
  const words = new Int32Array(memspan.Segment.open(names.control).buffer);
  const turn = (): Promise<void> => new Promise(setImmediate);
  const dawdle = (us: number): void => {
    const end = performance.now() + (Math.random() * us) / 1000;
    while (performance.now() < end);
  };
  const levels = names.spans.map((name, level) => {
    const span = memspan.Span.join(name);
    const { buffer, byteOffset } = span.bytes('pair', { size: 8 });
    const pair = new Int32Array(buffer, byteOffset, 2);
    const recover = (): void => {
      pair[1] = pair[0] as number;
    };
    return { span, pair, lock: span.rwlock('lock', { recover }), at: 8 * level };
  });
  const once = async ({ lock, pair, at }: (typeof levels)[0]): Promise<void> => {
    const isReader = Math.random() < 0.6;
    const isHurried = Math.random() < 0.25;
    const options = { timeoutMs: isHurried ? Math.random() * 0.3 : PATIENCE_MS };
    const how = isReader ? 'read' : 'write';
    const guard = isAsync ? await lock[`${how}Async`](options) : lock[how](options);
    if (guard === null) {
      if (isHurried) return;
      throw new Error(`a survivor has waited for ${PATIENCE_MS} ms`);
    }
    if (guard.ownerDied) Atomics.add(words, at + 2, 1);
    const check = (): void => {
      if (pair[0] !== pair[1]) Atomics.add(words, at + 1, 1);
    };
    check();
    if (!isReader) pair[0] = (pair[0] as number) + 1;
    dawdle(60);
    if (isAsync && Math.random() < 0.5) await turn();
    if (!isReader) pair[1] = pair[0] as number;
    check();
    guard.release();
    Atomics.add(words, at + 4 + (isAsync ? 0 : 2) + (isReader ? 0 : 1), 1);
  };
  const isOver = (): boolean => Atomics.load(words, 0) !== 0;
  if (isAsync) {
    const task = async (level: (typeof levels)[0]): Promise<void> => {
      while (!isOver()) {
        await once(level);
        await new Promise((resolve) => setTimeout(resolve, Math.random()));
      }
    };
    await Promise.all([...levels, ...levels].map(task));
  } else {
    while (!isOver()) {
      for (const level of levels) if (!isOver()) await once(level);
      dawdle(300);
      await turn();
    }
  }
  for (const { span } of levels) span.close();
}

/** Reads or writes until it comes to its step. */
async function contend(
  { memspan }: Tools,
  name: string,
  use: Use,
  isAsync: boolean,
): Promise<void> {
  const span = memspan.Span.join(name);
  const { buffer, byteOffset } = span.bytes('pair', { size: 8 });
  const pair = new Int32Array(buffer, byteOffset, 2);
  const recover = (): void => {
    pair[1] = pair[0] as number;
  };
  const lock = span.rwlock('lock', { recover });
  const end = performance.now() + 20_000;
  while (performance.now() < end) {
    const guard = isAsync ? await lock[`${use}Async`]() : lock[use]();
    if (use === 'write') pair[0] = (pair[0] as number) + 1;
    const later = performance.now() + Math.random() * 0.05;
    while (performance.now() < later);
    if (isAsync) await new Promise(setImmediate);
    if (use === 'write') pair[1] = pair[0] as number;
    guard.release();
    if (isAsync) await new Promise(setImmediate);
  }
}

export class Arena implements AsyncDisposable {
  readonly #names: Names;
  readonly #control: Segment;
  readonly #words: Int32Array;
  readonly #spans: readonly Span[];
  readonly #survivors: Child[] = [];
  #surviving: Promise<unknown> = Promise.resolve();

  private constructor(levels: number) {
    this.#control = Segment.create(uniqueName(), { size: 4 * WORDS * levels });
    this.#words = new Int32Array(this.#control.buffer);
    this.#spans = Array.from({ length: levels }, () => Span.create(uniqueName()));
    const spans = this.#spans.map(({ name }) => name as string);
    this.#names = { control: this.#control.name as string, spans };
  }

  static async open(levels: number): Promise<Arena> {
    const arena = new Arena(levels);
    arena.#survivors.push(await startChild(), await startChild());
    arena.#surviving = Promise.all(
      arena.#survivors.map((child, i) => child.run(survive, arena.#names, i === 0)),
    );
    arena.#surviving.catch(() => {});
    return arena;
  }

  #levels(word: number): number[] {
    return this.#spans.map((_, level) => this.#words[WORDS * level + word] as number);
  }

  /** A victim dies at its step on each level; then everybody goes on as if it had not been there. */
  async kill({ use, step, end, isAsync, told }: Death): Promise<void> {
    const what = `${use} at ${step}${isAsync ? ' (async)' : ''}, ${end}`;
    const died = this.#levels(Word.died);
    const deeds = this.#names.spans.map((name, level) =>
      deed(step, contend, name, use, isAsync && level === 0),
    );
    await endAt(await startVictim(end), deeds, end);
    for (let sort = 0; sort < SORTS; sort++) {
      const before = this.#levels(Word.turns + sort);
      const isSo = (turns: number, i: number): boolean => turns >= (before[i] as number) + TURNS;
      await Promise.race([
        until(() => this.#levels(Word.turns + sort).every(isSo), `turns after ${what}`),
        this.#surviving.then(() => assert.fail('the survivors have ended')),
      ]);
    }
    const deaths = this.#levels(Word.died).map((count, i) => count - (died[i] as number));
    const expected = told === 'ownerDied' ? 1 : 0;
    assert.deepEqual(
      deaths,
      deaths.map(() => expected),
      `${what}: ownerDied`,
    );
    assert.ok(
      this.#levels(Word.broken).every((count) => count === 0),
      `${what}: a half-done pair`,
    );
  }

  /** Ends the survivors; then nothing is left of anybody. */
  async rest(): Promise<void> {
    Atomics.store(this.#words, Word.stop, 1);
    await this.#surviving;
    for (const span of this.#spans) {
      const lock = span.rwlock('lock');
      assert.deepEqual([lock.owner, lock.readers], [null, []]);
      for (const thread of span.threads()) assert.deepEqual(thread.waitingOn, []);
      const { buffer, byteOffset } = span.bytes('pair', { size: 8 });
      const [a, b] = new Int32Array(buffer, byteOffset, 2);
      assert.equal(a, b);
      lock.write().release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#survivors.map((child) => child.kill()));
    for (const span of this.#spans) {
      span.unlink();
      span.close();
    }
    this.#control.unlink();
    this.#control.close();
  }
}
