// The options of every way to get a segment, and the checks that come before any system call.

import { MapFlag } from '../binding.ts';
import { invalidArgument, outOfRange } from '../errors.ts';
import type { Segment } from './segment.ts';

export interface MappingOptions {
  /** Touch every page now, so that no later access waits for the kernel. Default false. */
  populate?: boolean | undefined;
  /** Keep the pages in memory (mlock(2); counts against `ulimit -l`). Default false. */
  lock?: boolean | undefined;
  /** Ask for huge pages (madvise(2), MADV_HUGEPAGE): a hint. Default false. */
  hugePages?: boolean | undefined;
}

export interface CreateOptions extends MappingOptions {
  /** Bytes, from 1 up. All of them are reserved at once. */
  size: number;
  /** Permission bits, whatever the umask is. Default 0o600: this user alone. */
  mode?: number | undefined;
  /** False: a segment of this name that is there already is opened instead. Default true. */
  exclusive?: boolean | undefined;
  /** Fills the new segment before anybody can see it. If it throws, nothing was created. */
  init?: ((segment: Segment) => void) | undefined;
}

export interface OpenOptions extends MappingOptions {
  /** Map without write access. Default false. */
  readOnly?: boolean | undefined;
  /**
   * A private copy-on-write mapping: this process sees its own writes, nobody else does, and they are lost
   * with the mapping. Default false.
   */
  private?: boolean | undefined;
  /** Whose segments may be opened besides this user's own: a user id, several, or 'any'. */
  allowOwner?: number | readonly number[] | 'any' | undefined;
}

export interface FileOptions extends MappingOptions {
  /** Bytes: the file is made with this size, or must have it. Default: the size it has. */
  size?: number | undefined;
  /** Permission bits of a file that is made. Default 0o600. */
  mode?: number | undefined;
  readOnly?: boolean | undefined;
  private?: boolean | undefined;
}

/** Throws unless `size` is a whole number of bytes from 1 to 2^53 − 1. */
export function checkSize(size: unknown): asserts size is number {
  if (typeof size !== 'number') {
    throw invalidArgument(`size is a number of bytes, not ${kindOf(size)}`);
  }
  if (!Number.isSafeInteger(size) || size < 1) {
    throw outOfRange(`size is a whole number of bytes from 1 to 2^53 - 1, not ${size}`);
  }
}

/** The permission bits; throws unless they are 0 to 0o777. */
export function modeOf(mode: unknown = 0o600): number {
  if (typeof mode !== 'number') {
    throw invalidArgument(`mode is a number such as 0o600, not ${kindOf(mode)}`);
  }
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o777) {
    throw outOfRange(`mode is from 0 to 0o777, not ${mode}`);
  }
  return mode;
}

const FLAGS = ['readOnly', 'private', 'populate', 'lock', 'hugePages', 'exclusive'] as const;

/** What all have in common: a mistyped `readOnly` must not give write access. */
export function checkOptions(options: unknown, operation: string): void {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument(`${operation}: options are an object, not ${kindOf(options)}`);
  }
  const given = options as Record<string, unknown>;
  for (const name of FLAGS) {
    if (given[name] !== undefined && typeof given[name] !== 'boolean') {
      throw invalidArgument(`${operation}: ${name} is true or false, not ${kindOf(given[name])}`);
    }
  }
  const { init, allowOwner } = given;
  if (init !== undefined && typeof init !== 'function') {
    throw invalidArgument(`${operation}: init is a function, not ${kindOf(init)}`);
  }
  const owners = Array.isArray(allowOwner) ? allowOwner : [allowOwner ?? 0];
  if (allowOwner !== 'any' && !owners.every(Number.isInteger)) {
    throw invalidArgument(`${operation}: allowOwner is a user id, an array of them, or 'any'`);
  }
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

/** What kind of access a segment has, and the flags of its mappings. */
export interface Access {
  readonly readOnly: boolean;
  readonly isPrivate: boolean;
  readonly flags: number;
}

export function accessOf(options: OpenOptions): Access {
  const { readOnly = false, private: isPrivate = false } = options;
  if (readOnly && isPrivate) {
    throw invalidArgument('readOnly and private exclude each other: choose one');
  }
  const flags =
    (readOnly ? 0 : MapFlag.writable) |
    (isPrivate ? MapFlag.private : 0) |
    (options.populate ? MapFlag.populate : 0) |
    (options.lock ? MapFlag.lock : 0) |
    (options.hugePages ? MapFlag.hugePages : 0);
  return { readOnly, isPrivate, flags };
}

/** For what is made: nobody could ever fill it through a mapping that is read-only or private. */
export function writableAccessOf(options: OpenOptions, operation: string): Access {
  const access = accessOf(options);
  if (!access.readOnly && !access.isPrivate) return access;
  throw invalidArgument(`${operation} needs write access: open it readOnly or private afterwards`);
}
