// What the decoders of a span's objects share: its bytes, who is attached, what was found out so far, and a limit on how
// much is looked at, so that a span whose objects all lie over one another cannot keep an inspector for ever.

import type { SpanView } from '../../span/view.ts';
import { load } from '../../word/atomics.ts';
import { readFloat } from '../../word/bytes.ts';
import type { Attendance, Who } from './attendance.ts';
import type { Damage } from './header.ts';

/** What there is to say about an object that is no plain data. */
export interface State {
  /** One line for people, without the object's name. */
  readonly summary: string;
  /** The same for programs: numbers, texts, `Who`s and lists of these. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** The living who have it, so that others wait. */
  readonly holders?: readonly Who[];
}

/** Words, values and cells: more than any sound span makes people read. */
export const EFFORT_MAX = 4_000_000;
/** How what is said of the rest ends: no damage, but nobody has looked. */
export const UNSEEN = 'the span has more than an inspector can show';
/** What it takes to list somebody. */
export const LISTED = 16;

export class Dissection {
  readonly view: SpanView;
  readonly words: Int32Array;
  readonly attendance: Attendance;
  readonly damage: Damage[];
  /** What was found, named and embedded, by where it is. */
  readonly states: Map<number, { readonly name: string; readonly state: State }> = new Map();
  #left: number;

  constructor(view: SpanView, attendance: Attendance, damage: Damage[], effort: number) {
    this.view = view;
    this.words = view.words;
    this.attendance = attendance;
    this.damage = damage;
    this.#left = effort;
  }

  get left(): number {
    return this.#left;
  }

  /** False when so much more would be too much. */
  spend(effort: number): boolean {
    if (effort > this.#left) return false;
    this.#left -= effort;
    return true;
  }

  label(where: string, what: string): void {
    this.damage.push({ where, what });
  }

  word(offset: number): number {
    return load(this.words, offset / 4);
  }

  /** A count that others keep as a float64; 0 for what is none. */
  count(offset: number): number {
    const value = readFloat(this.words, offset / 4);
    return value >= 0 && value <= Number.MAX_SAFE_INTEGER ? Math.floor(value) : 0;
  }

  who(id: number): Who | undefined {
    return this.attendance.who(id);
  }
}

/** `render-1 (pid 17)`; of a dead one: `render-1 (pid 17, dead)`. */
export function nameOf({ id, name, pid, alive }: Who): string {
  if (name === undefined) return `participant ${id} (${alive ? 'alive' : 'dead'})`;
  return `${name} (pid ${pid}${alive ? '' : ', dead'})`;
}

/** How many are named; the others are counted. */
const NAMED_MAX = 4;

export function namesOf(all: readonly Who[]): string {
  const named = all.slice(0, NAMED_MAX).map(nameOf).join(', ');
  return all.length > NAMED_MAX ? `${named} and ${all.length - NAMED_MAX} more` : named;
}

/** `1 waits`, `3 wait`: for the end of a summary. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

/** Parts of a summary; those that are not there are left out. */
export function sentence(...parts: (string | false | undefined)[]): string {
  return parts.filter((part) => typeof part === 'string' && part !== '').join('; ');
}

/** A state that cannot be, in words. */
export function damaged(what: string): State {
  return { summary: `damaged: ${what}`, facts: { damage: what } };
}

/** For what would take too long to look at. */
export function tooMuch(): State {
  const what = `not looked at: ${UNSEEN}`;
  return { summary: what, facts: { damage: what } };
}
