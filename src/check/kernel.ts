// What threads see of the kernel besides their sleep: lifelines, who holds them, and the news of deaths.
//
// A lifeline is a word of a region of its own, with a bit for each thread that holds it; so it is saved, put back and
// compared like all other memory.

import { KILLER } from './contention.ts';
import type { Engine } from './engine.ts';
import { type Place, unexplorable } from './memory.ts';
import { Status, type Thread } from './thread.ts';

const WORDS = 2048;
const NEWS = 0;
const EXCLUSIVE = 0x100_0000;
/** Who sets up and looks at states: no thread, never killed. */
const OUTSIDE = 0x80_0000;

/** As `Lifeline` of src/segment. */
export interface HeldLifeline {
  readonly index: number;
  share(): void;
  release(): void;
  [Symbol.dispose](): void;
}

export class Kernel {
  readonly #engine: Engine;
  readonly #words = new Int32Array(WORDS);
  readonly #place: Place;
  readonly #base: number;
  readonly #indices = new Map<string, number>();
  readonly #names: string[] = ['deaths'];
  /** Words that are lifelines, and for those that are counted the word that counts them. */
  readonly #lifelines = new Map<number, number | undefined>();
  #outside = OUTSIDE;

  constructor(engine: Engine) {
    this.#engine = engine;
    const { memory } = engine.world;
    const nameOf = (offset: number): string => this.#names[offset / 4] ?? 'kernel';
    this.#base = memory.add(this.#words.buffer, nameOf).base;
    this.#place = memory.placeOf(this.#words) as Place;
    engine.world.news = () => this.news;
  }

  get news(): number {
    return this.#words[NEWS] as number;
  }

  newsCount(): number {
    return this.#engine.step('news', this.#base, false, () => this.news);
  }

  /** A word of the kernel's own, 0 at first; `key` is also what it is called. */
  wordOf(key: string): number {
    let index = this.#indices.get(key);
    if (index === undefined) {
      index = this.#names.length;
      if (index >= WORDS) throw unexplorable('too many lifelines', 'Use fewer participants');
      this.#indices.set(key, index);
      this.#names.push(key);
    }
    return index;
  }

  at(word: number): number {
    return this.#base + 4 * word;
  }

  get(word: number): number {
    return this.#words[word] as number;
  }

  set(word: number, value: number): void {
    this.#engine.world.memory.write(this.#place, word, value);
  }

  get #mine(): number {
    const { running } = this.#engine;
    return running === undefined ? this.#outside : 1 << running.index;
  }

  /** For which thread the setup acts. */
  setUpFor(thread: Thread | undefined): void {
    this.#outside = thread === undefined ? OUTSIDE : 1 << thread.index;
  }

  /** Null when somebody else has it. `total`: the word that counts the held ones of the same kind. */
  take(key: string, index: number, shared: boolean, total: string): HeldLifeline | null {
    const word = this.wordOf(key);
    const sum = this.wordOf(total);
    const mine = this.#mine;
    this.#lifelines.set(word, index > 0 ? sum : undefined);
    const taken = this.#engine.step(
      shared ? 'share lifeline' : 'take lifeline',
      this.at(word),
      true,
      () => {
        const held = this.get(word);
        if (held !== 0 && (!shared || (held & EXCLUSIVE) !== 0)) return false;
        this.set(word, shared ? held | mine : mine | EXCLUSIVE);
        if (index > 0) this.set(sum, this.get(sum) + 1);
        return true;
      },
      [this.at(sum)],
    );
    if (!taken) return null;
    let isHeld = true;
    const release = (): void => {
      if (!isHeld) return;
      isHeld = false;
      const letGo = (): void => {
        this.#release(word, mine, index > 0 ? sum : undefined);
        // Who only looks at a state disturbs nobody.
        if (this.#engine.running !== undefined) this.#tell();
      };
      const also = [this.at(sum), this.at(NEWS)];
      this.#engine.step('release lifeline', this.at(word), true, letGo, also);
    };
    return {
      index,
      share: () =>
        this.#engine.step('lower lifeline', this.at(word), true, () =>
          this.set(word, this.get(word) & ~EXCLUSIVE),
        ),
      release,
      [Symbol.dispose]: release,
    };
  }

  isHeld(key: string): boolean {
    const word = this.wordOf(key);
    return this.#engine.step('isHeld', this.at(word), false, () => this.get(word) !== 0);
  }

  #release(word: number, mine: number, sum: number | undefined): void {
    const rest = this.get(word) & ~mine;
    this.set(word, rest === EXCLUSIVE ? 0 : rest);
    if (sum !== undefined) this.set(sum, this.get(sum) - 1);
  }

  /** What the kernel does when a thread's process ends: lets go of its lifelines, and tells those who want to hear of it. */
  kill(thread: Thread): void {
    const { contention, world } = this.#engine;
    thread.status = Status.dead;
    thread.sleep = undefined;
    world.sleepers = world.sleepers.filter((other) => other !== thread);
    for (const [word, total] of this.#lifelines) {
      contention.note(this.at(word), KILLER, true);
      if (total !== undefined) contention.note(this.at(total), KILLER, true);
      if ((this.get(word) & (1 << thread.index)) !== 0) {
        this.#release(word, 1 << thread.index, total);
      }
    }
    contention.note(this.at(NEWS), KILLER, true);
    this.#tell();
  }

  /** A descriptor was closed: who wants to hear of it looks whether somebody has died. */
  #tell(): void {
    this.#engine.world.memory.write(this.#place, NEWS, this.news + 1, false);
    for (const sleeper of [...this.#engine.world.sleepers]) {
      if (sleeper.sleep?.watches === true) this.#engine.world.wakeUp(sleeper, 'disturbed');
    }
  }
}
