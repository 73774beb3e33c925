// The options of every way to get a span, and the checks that come before any system call.

import { invalidArgument, outOfRange } from '../errors.ts';
import { checkOptions, checkSize, modeOf, type OpenOptions } from '../segment/options.ts';
import type { Lifetime } from './geometry.ts';
import { ENTRIES_MAX, PARTICIPANTS_MAX } from './header.layout.ts';

export type { Lifetime } from './geometry.ts';

/** What to do when all who were attached have died: go on with what they left, begin anew, or throw. */
export type Stale = 'recover' | 'reset' | 'fail';

export interface AttachOptions {
  /** What this thread is called in the span: up to 64 bytes of UTF-8. Default: the program's name. */
  as?: string | undefined;
  /** Default 'recover'. 'reset' needs a span with a name: that is unlinked and made anew. */
  stale?: Stale | undefined;
  /** Whose spans may be opened besides this user's own: a user id, several, or 'any'. */
  allowOwner?: OpenOptions['allowOwner'];
}

export interface SpanOptions extends AttachOptions {
  /** Bytes of the whole span, tables included (200 KiB by default). Default 1 MiB; all are reserved at once. */
  size?: number | undefined;
  /** Permission bits of a new span, whatever the umask is. Default 0o600: this user alone. */
  mode?: number | undefined;
  /** How many threads can be attached at once: 1 to 4094. Default 64. */
  participants?: number | undefined;
  /** How many named objects there can be: 1 to 65,536. Default 256. */
  objects?: number | undefined;
  /**
   * 'until-unlinked': the name stays until somebody removes it, as a segment's does. 'last-close': the last
   * one out removes it. Default 'until-unlinked'.
   */
  lifetime?: Lifetime | undefined;
}

const CHOICES = {
  stale: ['recover', 'reset', 'fail'] satisfies Stale[],
  lifetime: ['until-unlinked', 'last-close'] satisfies Lifetime[],
} as const;

const RANGES = { participants: PARTICIPANTS_MAX, objects: ENTRIES_MAX } as const;

const AS_BYTES_MAX = 64;

export function checkSpanOptions(options: unknown, operation: string): void {
  checkOptions(options, operation);
  const given = options as Record<string, unknown>;
  if (given.size !== undefined) checkSize(given.size);
  modeOf(given.mode);
  for (const [name, choices] of Object.entries(CHOICES)) {
    const value = given[name];
    if (value === undefined || (choices as readonly unknown[]).includes(value)) continue;
    const list = choices.map((choice) => `'${choice}'`).join(' or ');
    throw invalidArgument(`${operation}: ${name} is ${list}, not ${describe(value)}`);
  }
  for (const [name, most] of Object.entries(RANGES)) {
    const value = given[name];
    if (value === undefined) continue;
    if (typeof value !== 'number') {
      throw invalidArgument(`${operation}: ${name} is a number, not ${describe(value)}`);
    }
    if (!Number.isInteger(value) || value < 1 || value > most) {
      throw outOfRange(`${operation}: ${name} is a whole number from 1 to ${most}, not ${value}`);
    }
  }
  checkAs(given.as, operation);
}

function checkAs(as: unknown, operation: string): void {
  if (as === undefined) return;
  if (typeof as !== 'string' || as === '' || as.includes('\0') || !as.isWellFormed()) {
    throw invalidArgument(`${operation}: as is a name such as 'render-1', not ${describe(as)}`);
  }
  const bytes = Buffer.byteLength(as);
  if (bytes > AS_BYTES_MAX) {
    throw outOfRange(`${operation}: as has ${bytes} bytes of UTF-8, ${AS_BYTES_MAX} are allowed`);
  }
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
