// The whole kill matrix of the reader-writer lock.
import { test } from 'node:test';
import { ENDS } from '../support/victims.ts';
import { runKills } from '../sync/rwlock-matrix.ts';
import { dieQuietly } from '../sync/rwlock-quiet-kills.ts';

for (const end of ENDS) {
  test(`a lock that nobody else wants: dies by ${end} at every step`, () => dieQuietly(end, 20));
}

// Four locks at a time: ninety-six deaths at each step.
runKills(8);
