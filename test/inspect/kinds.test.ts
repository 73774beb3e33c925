// What an inspector calls the kinds of objects is what those who make them do, and each of them has a decoder.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../../src/index.ts';
import '../../src/locks/locks.ts';
import { decoderCodes, decoderOf } from '../../src/inspect/anatomy/kinds.ts';
import { kindName, kindNames } from '../../src/span/kinds.ts';

test('every kind of object has a decoder of the same name and code', () => {
  const decoded = decoderCodes().map((code) => [code, decoderOf(code)?.name]);
  assert.deepEqual(
    decoded,
    decoderCodes().map((code) => [code, kindName(code)]),
  );
  assert.deepEqual(decoded.map(([, name]) => name).sort(), kindNames().sort());
});
