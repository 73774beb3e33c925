// For tests of locks: a space of one's own, promises to hold locks with, and what must be true when all is over.
import assert from 'node:assert/strict';
import { Span } from '../../src/index.ts';
import { CHUNK_WORDS, CHUNKS, SPACE_PARTICIPANTS, Space } from '../../src/locks/claims.layout.ts';
import { type Lock, type LockInfo, LockManager, type LockOptions } from '../../src/locks/locks.ts';
import { uniqueName } from '../support/segments.ts';

interface Cleaning {
  after(act: () => void): void;
}

/** A LockManager with a space that nobody else has; closed when the test is over. */
export function managerFor(t: Cleaning, space: string = uniqueName()): LockManager {
  const manager = new LockManager({ space });
  t.after(() => {
    manager.close();
    // Where children are still there.
    Span.unlink(space);
  });
  return manager;
}

/** A lock that is held until `release()`. */
export interface Holding {
  readonly lock: Lock | null;
  /** The request's own promise. */
  readonly done: Promise<unknown>;
  release(value?: unknown): void;
}

/** Resolves when it is held, or cannot be: with `ifAvailable` and `timeoutMs`, `lock` is null then. */
export function hold(
  manager: LockManager,
  name: string,
  options: LockOptions = {},
): Promise<Holding> {
  return new Promise((resolve, reject) => {
    let release: (value?: unknown) => void = () => {};
    const held = new Promise((end) => {
      release = end;
    });
    const done: Promise<unknown> = manager.request(name, options, (lock) => {
      resolve({ lock, done, release });
      return lock === null ? undefined : held;
    });
    done.catch(reject);
  });
}

/** The error that a promise rejects with. */
export async function reasonOf(promise: Promise<unknown>): Promise<Error & { code?: unknown }> {
  try {
    await promise;
  } catch (reason) {
    return reason as Error;
  }
  return assert.fail('it did not reject');
}

/** All tasks that can go on have done so. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** `name:mode` of each. */
export const list = (infos: readonly LockInfo[]): string[] =>
  infos.map(({ name, mode }) => `${name}:${mode}`);

export async function heldAndPending(manager: LockManager): Promise<[string[], string[]]> {
  const { held, pending } = await manager.query();
  return [list(held), list(pending)];
}

export async function pendingCount(manager: LockManager): Promise<number> {
  return (await manager.query()).pending.length;
}

/** How many claims there are in the table, of the living and of the dead. */
export function claimsIn(space: string): number {
  using span = Span.join(space);
  const { offset, words } = tableOf(span);
  let count = 0;
  for (let chunk = 0; chunk < SPACE_PARTICIPANTS * CHUNKS; chunk++) {
    if (words[offset / 4 + Space.claims + chunk * CHUNK_WORDS] !== 0) count++;
  }
  return count;
}

/** Where the table of a lock space is. */
export function tableOf(span: Span): { offset: number; length: number; words: Int32Array } {
  const { view } = span.attachment('test');
  const [entry] = [...view.entries()];
  assert.equal(entry?.name, 'locks');
  return { ...(entry as { offset: number; length: number }), words: view.words };
}
