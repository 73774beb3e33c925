// The kill matrix of newest values as tests.
import { test } from 'node:test';
import { ENDS } from '../support/victims.ts';
import { CASES, kill } from './latest-kills.ts';

/** `kills` with SIGKILL, `others` in each of the other ways. */
export function runKills(kills: number, others: number): void {
  for (const end of ENDS) {
    const rounds = end === 'SIGKILL' ? kills : others;
    test(`${rounds} victims end by ${end} at ${CASES.length} steps of publishing and of waiting for it`, async () => {
      for (let round = 0; round < rounds; round++) await kill(CASES, end);
    });
  }
}
