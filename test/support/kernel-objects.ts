// For tests of Windows' objects: names that nobody else has, and what a call failed with.
import assert from 'node:assert/strict';

const PREFIX = `memspan-test-${process.pid}-`;
let names = 0;

/** A name of this test's own. Nothing is left of it when the last handle is closed. */
export function uniqueName(): string {
  return `${PREFIX}${names++}`;
}

/** The number that GetLastError() had, of a call that must fail with one; its name stands in the message, too. */
export function errnoOf(act: () => unknown, syscall: string): number {
  try {
    act();
  } catch (error) {
    const failure = error as { errno?: number; syscall?: string; message: string; name: string };
    assert.equal(failure.name, 'MemspanError', failure.message);
    assert.equal(failure.syscall, syscall, failure.message);
    assert.match(failure.message, /ERROR_[A-Z_]+/);
    assert.equal(typeof failure.errno, 'number');
    return failure.errno as number;
  }
  throw new assert.AssertionError({ message: `${syscall} did not fail` });
}
