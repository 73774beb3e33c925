// Whether a state, or an end, is one that may be. It is looked at from outside: that is no step of a thread that runs.

import type { Engine } from './engine.ts';
import { isRefusal } from './memory.ts';
import { type FailureKind, stuckIn } from './stuck.ts';
import type { Thread } from './thread.ts';

export interface Wrong {
  readonly kind: FailureKind;
  readonly message: string;
  /** What a thread, or a check, has thrown. */
  readonly error?: unknown;
}

/** What is checked. Each throws, or returns what is wrong. */
export interface Checks {
  act(thread: Thread): unknown;
  invariant(): string | undefined;
  atEnd(): Wrong | undefined;
  /** Whether those who are left may be. */
  mayWait(): boolean;
}

/** After each step. */
export function invariantOf(engine: Engine, checks: Checks): Wrong | undefined {
  try {
    const message = engine.outside(() => checks.invariant());
    return message === undefined ? undefined : { kind: 'invariant', message };
  } catch (error) {
    return thrown('invariant', 'the invariant', error);
  }
}

/** When nobody can go on. */
export function endOf(engine: Engine, checks: Checks, isDeadly: boolean): Wrong | undefined {
  const { contention } = engine;
  // What is looked at now comes after everything in any order; but a death may come before any of it.
  contention.isNoting = isDeadly;
  try {
    return judge(engine, checks);
  } finally {
    contention.isNoting = true;
  }
}

function judge(engine: Engine, checks: Checks): Wrong | undefined {
  const stuck = stuckIn(engine.world);
  try {
    if (stuck !== undefined && !engine.outside(() => checks.mayWait())) return stuck;
  } catch (error) {
    const { message } = thrown('deadlock', 'mayWait', error);
    return { kind: stuck?.kind ?? 'deadlock', message: `${stuck?.message}; ${message}`, error };
  }
  try {
    return engine.outside(() => checks.atEnd());
  } catch (error) {
    return thrown('at-end', 'atEnd', error);
  }
}

/** Throws what is thrown because it cannot be explored. */
export function thrown(kind: FailureKind, who: string, error: unknown): Wrong {
  if (isRefusal(error)) throw error;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind, message: `${who} has thrown: ${text}`, error };
}
