// The arena of the kill matrix: some levels, each a span with a word and two numbers per bout, for which two
// survivors and a victim contend. A victim that has come to its step on one level goes on to the next from there,
// so that one death leaves a half-done step on every level.
import type { Mutex, Segment, Span } from '../../src/index.ts';

export interface ArenaNames {
  /** The segment of the control words. */
  readonly control: string;
  /** One span per level. */
  readonly spans: readonly string[];
}

/** Control words of a level; the level's first one is at WORDS × level. */
export const Word = {
  /** The number of the bout that goes on, 0: none, −1: for ever none. */
  bout: 0,
  /** The bout that each of the survivors is in. */
  blockingIn: 1,
  asyncIn: 2,
  /** How often each of them had the lock. */
  blockingTurns: 3,
  asyncTurns: 4,
  /** Guards that said ownerDied, and turns refused as not recoverable. */
  died: 5,
  refused: 6,
  /** Turns that found the two numbers different. */
  broken: 7,
  /** The victim has come to its step. */
  reached: 8,
  /** What a victim that is killed at random was at: one of Doing. */
  doing: 9,
  /** Clocks (clock()): the victim's death, and the next turn that was told of it. */
  killedAt: 10,
  toldAt: 11,
} as const;

export const WORDS = 16;

export const Doing = { nothing: 0, locking: 1, holding: 2, releasing: 3 } as const;

/** Odd bouts are about fair mutexes; from here on, nobody knows how to recover. */
export const BOUT_LOST = 512;
const BOUTS = 1024;

/** How survivors bound their waits: a watchdog. */
export const PATIENCE_MS = 20_000;

/** Microseconds of a clock that all processes share; differences are 32-bit numbers. */
export function clock(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return (seconds * 1e6 + nanoseconds / 1e3) | 0;
}

/** What victims take from memspan as it is, and from the copy with steps. */
export interface Library {
  readonly Segment: typeof Segment;
  readonly Span: typeof Span;
  readonly Mutex: typeof Mutex;
}

/** One level as a survivor or a victim has it. */
export class Level {
  readonly control: Int32Array;
  readonly span: Span;
  readonly #library: Library;
  readonly #bytes: Uint8Array;
  readonly #mutexes = new Map<number, Mutex>();

  constructor(library: Library, { control, spans }: ArenaNames, level: number) {
    const { buffer } = library.Segment.open(control);
    this.control = new Int32Array(buffer, 4 * WORDS * level, WORDS);
    this.span = library.Span.join(spans[level] as string);
    this.#library = library;
    this.#bytes = this.span.bytes('bouts', { size: 16 * BOUTS });
  }

  /** The lock of that bout, in four bytes of the level's own. */
  mutex(bout: number): Mutex {
    let mutex = this.#mutexes.get(bout);
    if (mutex === undefined) {
      const numbers = this.numbers(bout);
      const recover = (): void => {
        numbers[1] = numbers[0] as number;
      };
      mutex = this.#library.Mutex.at(this.span, numbers.byteOffset - 4, {
        fair: bout % 2 === 1,
        recover: bout < BOUT_LOST ? recover : undefined,
      });
      this.#mutexes.set(bout, mutex);
    }
    return mutex;
  }

  /** The two numbers that it guards. */
  numbers(bout: number): Int32Array {
    return new Int32Array(this.#bytes.buffer, this.#bytes.byteOffset + 16 * bout + 4, 2);
  }

  /** The word of the lock. */
  word(bout: number): number {
    return Atomics.load(new Int32Array(this.#bytes.buffer, this.#bytes.byteOffset), 4 * bout);
  }

  count(word: number): void {
    Atomics.add(this.control, word, 1);
  }

  /** What is done under the lock: the numbers are the same, then for a moment are not. */
  turn(bout: number, between: () => void): void {
    const numbers = this.numbers(bout);
    if (numbers[0] !== numbers[1]) this.count(Word.broken);
    numbers[0] = (numbers[0] as number) + 1;
    between();
    numbers[1] = numbers[0];
  }
}

/** Passes up to so many microseconds. */
export function dawdle(us: number): void {
  const end = performance.now() + (Math.random() * us) / 1000;
  while (performance.now() < end);
}
