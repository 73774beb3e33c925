// One line that was typed at `memspan shell`, as its command sees it: what is behind the name, what it answers.

import { count } from '../format.ts';
import { CommandError } from '../report.ts';
import type { Board } from './board.ts';

/** One line that was typed. */
export interface Call {
  readonly board: Board;
  /** What stands behind the command, as it was typed. */
  readonly rest: string;
  /** Ends what waits and what goes on for ever. */
  readonly signal: AbortSignal;
  /** Says what is happening meanwhile. */
  readonly tell: (text: string) => void;
}

export interface Answer {
  /** For people; empty where there is nothing to say. */
  readonly text: string;
  /** For programs. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** The rest of the line, where it fits. */
export function textOf({ rest }: Call, command: string, bytesMax: number): string {
  const bytes = Buffer.byteLength(rest);
  if (bytes > bytesMax) {
    throw usage(
      `${command}: the text has ${count(bytes)} bytes of UTF-8, ${count(bytesMax)} are allowed`,
      'Write less',
    );
  }
  if (rest.includes('\0')) throw usage(`${command}: a text has no zeros`, 'Leave them out');
  return rest;
}

/** The number behind a command. */
export function numberOf({ rest }: Call, command: string, missing: number): number {
  const text = rest.trim();
  if (text === '') return missing;
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw usage(`${command} takes a whole number, not '${text}'`, `For example: ${command} 5`);
}

export function usage(message: string, remedy: string): CommandError {
  return new CommandError('ERR_MEMSPAN_USAGE', message, remedy);
}
