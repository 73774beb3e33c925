// memspan/win32 where there is no Windows: it can be imported, its constants are there, and every call says what is wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as win32 from '../../../src/os/win32.ts';

const WANTED = {
  name: 'MemspanError',
  code: 'ERR_MEMSPAN_UNSUPPORTED',
  message: /memspan\/win32 is for Windows, and this is linux\. Use memspan\/posix/,
};

test('every function throws ERR_MEMSPAN_UNSUPPORTED, and names itself', async () => {
  const functions = Object.values(win32).filter((value) => typeof value === 'function');
  assert.equal(functions.length, 21);
  for (const call of functions as ((...args: unknown[]) => unknown)[]) {
    const wanted = { ...WANTED, operation: call.name };
    if (call.name.endsWith('Async')) await assert.rejects(async () => call(), wanted);
    else assert.throws(() => call(), wanted);
  }
});

test('the constants are those of the Windows headers', () => {
  assert.equal(win32.WAIT_ABANDONED, 0x80);
  assert.equal(win32.WAIT_TIMEOUT, 258);
  assert.equal(win32.INFINITE, 2 ** 32 - 1);
});
