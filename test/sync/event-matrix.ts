// The kill matrix of events as tests: so many victims for each way to end, each of which dies at all the steps.
import { test } from 'node:test';
import { ENDS } from '../support/victims.ts';
import { CASES, kill, LATE_CASES } from './event-kills.ts';

/** `kills` with SIGKILL, `others` in each of the other ways. */
export function runKills(kills: number, others: number): void {
  for (const end of ENDS) {
    const rounds = end === 'SIGKILL' ? kills : others;
    test(`${rounds} victims end by ${end} at ${CASES.length} steps of waiting for events and setting them`, async () => {
      for (let round = 0; round < rounds; round++) await kill(CASES, end);
    });
    test(`${rounds} victims end by ${end} at each later step of waiting without blocking`, async () => {
      for (let round = 0; round < rounds; round++) {
        await Promise.all(LATE_CASES.map((late) => kill([late], end)));
      }
    });
  }
}
