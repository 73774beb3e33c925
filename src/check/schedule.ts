// A schedule as text, so that it can be done again: `0.12 1.7 k0 1.30` lets thread 0 do its first 12 operations and
// thread 1 its first 7, kills thread 0, and lets thread 1 go on to its 30th. `t1`: thread 1's
// time is over. `+`: and they still go on.

import { invalidArgument } from '../errors.ts';
import type { Choice } from './choices.ts';

/** A choice that was made. */
export interface Made {
  readonly choice: Choice;
  /** How many operations the thread of the choice before it had done by then. */
  readonly done: number;
}

/** Until a thread has done so many operations; or an event; 'more': and so they go on. */
export interface Token {
  readonly kind: Choice['kind'] | 'more';
  readonly thread: number;
  /** For steps. */
  readonly until: number;
}

/** `done`: how many operations the thread of the last choice had done in the end. */
export function tokensOf(made: readonly Made[], done: number): Token[] {
  const tokens: Token[] = [];
  for (const [i, { choice }] of made.entries()) {
    const next = made[i + 1];
    const { kind, thread } = choice;
    if (kind === 'step' && next?.choice === choice) continue;
    tokens.push({ kind, thread: thread.index, until: kind === 'step' ? (next?.done ?? done) : 0 });
  }
  return tokens;
}

const LETTERS = { step: '', time: 't', kill: 'k' } as const;
const MORE: Token = { kind: 'more', thread: -1, until: 0 };

/** A schedule that does not end. */
export function withMore(tokens: readonly Token[]): Token[] {
  return [...tokens, MORE];
}

export function textOf(tokens: readonly Token[]): string {
  return tokens
    .map(({ kind, thread, until }) => {
      if (kind === 'more') return '+';
      return kind === 'step' ? `${thread}.${until}` : `${LETTERS[kind]}${thread}`;
    })
    .join(' ');
}

/** Throws for what `textOf` would never have made for so many threads. */
export function parse(text: string, threads: number): Token[] {
  // The shortest schedule: nobody has done anything yet.
  if (text.trim() === '') return [];
  return text
    .trim()
    .split(/\s+/)
    .map((word) => {
      if (word === '+') return MORE;
      const match = /^(?:(\d+)\.(\d+)|([tk])(\d+))$/.exec(word);
      const thread = Number(match?.[1] ?? match?.[4] ?? Number.NaN);
      if (match === null || thread >= threads) {
        throw invalidArgument(`explore: "${word}" is no part of a schedule of ${threads} threads`);
      }
      if (match[3] === undefined) return { kind: 'step', thread, until: Number(match[2]) };
      return { kind: match[3] === 't' ? 'time' : 'kill', thread, until: 0 };
    });
}
