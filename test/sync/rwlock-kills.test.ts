// Nobody's death, at any step of reading or writing, harms the others: the kill matrix in small. The whole of it is in
// test/stress.
import { test } from 'node:test';
import { ENDS } from '../support/victims.ts';
import { killOnce } from './rwlock-matrix.ts';
import { dieQuietly } from './rwlock-quiet-kills.ts';

for (const end of ENDS) {
  test(`a lock that nobody else wants: dies by ${end} at every step`, () => dieQuietly(end, 2));
}

test('a lock that others contend for: dies at every step, and everybody goes on', () => killOnce());
