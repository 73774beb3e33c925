// Memory for the synchronization objects of a test, here, in workers and in children, and what a call on them fails with.
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import type { TestContext } from 'node:test';
import { MemspanError, Segment } from '../../../src/index.ts';
import type * as posix from '../../../src/os/posix.ts';
import { type Child, type Puppet, startChild, startWorker } from '../../support/puppets.ts';
import { uniqueName } from '../../support/segments.ts';

export interface Room {
  readonly name: string;
  readonly segment: Segment;
  readonly buffer: SharedArrayBuffer;
}

/** A segment that is gone when the test is over; nothing in it may be held then. */
export function room(t: TestContext, size: number = 4096): Room {
  const name = uniqueName();
  const segment = Segment.create(name, { size });
  t.after(() => {
    segment.unlink();
    segment.close();
  });
  return { name, segment, buffer: segment.buffer };
}

/** Maps it in a puppet, as `kept.buffer`. */
export async function enter<P extends Puppet>(puppet: P, name: string): Promise<P> {
  await puppet.run(({ memspan, kept }, name) => {
    kept.segment = memspan.Segment.open(name);
    kept.buffer = kept.segment.buffer;
  }, name);
  return puppet;
}

/** A child that has the room as `kept.buffer`. */
export async function childIn({ name }: Room): Promise<Child> {
  return enter(await startChild(), name);
}

/** A worker that has this very mapping. */
export async function workerWith(buffer: SharedArrayBuffer): Promise<Puppet> {
  const worker = await startWorker();
  await worker.run(({ kept }, buffer) => {
    kept.buffer = buffer;
  }, buffer);
  return worker;
}

/** An absolute time, that many milliseconds from now. */
export function soon(ms: number = 30): number {
  return Date.now() + ms;
}

/** That of errno(3), also those that node:os lacks. */
export function errnoOf(name: string): number {
  const further: Record<string, number> = { EOWNERDEAD: 130, ENOTRECOVERABLE: 131 };
  const found = further[name] ?? (constants.errno as Record<string, number>)[name];
  assert.ok(found !== undefined, name);
  return found;
}

/** Asserts that it throws the error of that call with that errno, and that its text has the errno's name. */
export function refused(call: keyof typeof posix, errno: string, act: () => unknown): MemspanError {
  let result: unknown;
  try {
    result = act();
  } catch (error) {
    return checkRefused(call, errno, error);
  }
  assert.fail(`${call} did not fail with ${errno}: ${String(result)}`);
}

/** The same of a promise. */
export async function refusedAsync(
  call: keyof typeof posix,
  errno: string,
  promise: Promise<unknown>,
): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (error) => error,
  );
  checkRefused(call, errno, error);
}

function checkRefused(call: string, errno: string, error: unknown): MemspanError {
  assert.ok(error instanceof MemspanError, `${call}: ${String(error)}`);
  assert.deepEqual(
    { errno: error.errno, syscall: error.syscall, operation: error.operation },
    { errno: errnoOf(errno), syscall: call, operation: call },
  );
  assert.match(error.message, new RegExp(`\\b${errno}\\b`));
  return error;
}

/** The same in a puppet, of a call on the object of that type at offset 0 of `kept.buffer`: the errno's number, or what it returns. */
export function callIn(
  puppet: Puppet,
  type: posix.PointerType,
  call: keyof typeof posix,
  ...args: unknown[]
): Promise<unknown> {
  return puppet.run(
    async ({ posix, kept }, type, call, args) => {
      const functions = posix as unknown as Record<string, (...args: unknown[]) => unknown>;
      try {
        return await functions[call]!(functions[type]!(kept.buffer), ...args);
      } catch (error) {
        const { errno, code, name } = error as { errno?: number; code?: string; name: string };
        return errno === undefined ? (code ?? name) : { errno };
      }
    },
    type as string,
    call as string,
    args,
  );
}
