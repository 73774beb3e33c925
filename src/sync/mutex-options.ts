// What can be chosen about a mutex, and how the directory remembers it.

import { invalidArgument } from '../errors.ts';

export interface MutexOptions {
  /** The thread that holds it may lock it again, and releases it as often. Default false. */
  recursive?: boolean | undefined;
  /** Strictly first come, first served: it is handed to who has waited longest. Slower. Default false. */
  fair?: boolean | undefined;
  /**
   * Repairs what the mutex guards after an owner has died holding it: called by the next one, which holds it,
   * before `lock` returns. When it throws, so does `lock`, and the one after that is called.
   */
  recover?: (() => void) | undefined;
}

const RECURSIVE = 1;
const FAIR = 2;

export function encode(options: unknown, operation: string): number {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument(`${operation}: options are an object such as {fair: true}`);
  }
  const { recursive = false, fair = false, recover } = options as MutexOptions;
  if (typeof recursive !== 'boolean' || typeof fair !== 'boolean') {
    throw invalidArgument(`${operation}: recursive and fair are true or false`);
  }
  if (recover !== undefined && typeof recover !== 'function') {
    throw invalidArgument(`${operation}: recover is a function`);
  }
  return (recursive ? RECURSIVE : 0) | (fair ? FAIR : 0);
}

export function decode(bits: number): { recursive: boolean; fair: boolean } {
  return { recursive: (bits & RECURSIVE) !== 0, fair: (bits & FAIR) !== 0 };
}
