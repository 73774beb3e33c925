// What a call of memspan/posix fails with, here or in a child: errno by name, the call, and the stable code.
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { MemspanError } from '../../../src/index.ts';
import type * as posix from '../../../src/os/posix.ts';
import { type ChildOptions, type Puppet, startChild, type Tools } from '../../support/puppets.ts';

export type Errno = keyof typeof constants.errno;
export type Call = keyof typeof posix;

/** Asserts that it throws a MemspanError with that errno, of that call, which also is its operation. */
export function fails(call: Call, errno: Errno, act: () => unknown): MemspanError {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof MemspanError, String(error));
    assert.deepEqual(
      { errno: nameOf(error.errno), syscall: error.syscall, operation: error.operation },
      { errno, syscall: call, operation: call },
    );
    assert.match(error.message, new RegExp(`\\b${errno}\\b`));
    return error;
  }
  assert.fail(`${call} did not fail with ${errno}`);
}

/** Calls it in a child: the errno's name, or 'ok'. Arguments are plain data. */
export async function triedIn(child: Puppet, call: Call, ...args: unknown[]): Promise<string> {
  const { errno, syscall } = await child.run(
    ({ posix }: Tools, call: string, args: unknown[]) => {
      try {
        (posix as unknown as Record<string, (...args: unknown[]) => unknown>)[call]!(...args);
        return { errno: 0, syscall: call };
      } catch (error) {
        const { errno, syscall } = error as { errno: number; syscall: string };
        return { errno, syscall };
      }
    },
    call,
    args,
  );
  assert.equal(syscall, call);
  return nameOf(errno);
}

/** A child that is not root, and has those limits: `-n 64` as for bash's ulimit. */
export async function startLimited(
  limits: string,
  { asNobody = false, ...options }: ChildOptions & { asNobody?: boolean } = {},
): Promise<Puppet> {
  const under = limits === '' ? [] : ['bash', '-c', `ulimit ${limits} && exec "$@"`, 'bash'];
  const child = await startChild({ ...options, under: [...(options.under ?? []), ...under] });
  if (asNobody) {
    await child.run(() => {
      if (process.getuid?.() !== 0) return;
      process.setgroups?.([]);
      process.setgid?.(65_534);
      process.setuid?.(65_534);
    });
  }
  return child;
}

/** ENOENT for 2; 'ok' for 0. */
export function nameOf(errno: number | undefined): string {
  if (errno === 0) return 'ok';
  const found = Object.entries(constants.errno).find(([, value]) => value === errno);
  return found?.[0] ?? `errno ${errno}`;
}
