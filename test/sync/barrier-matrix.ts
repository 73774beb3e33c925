// The kill matrix of barriers as tests: so many victims for each way to end, each of which dies at all the steps.
import { test } from 'node:test';
import { ENDS } from '../support/victims.ts';
import { Arena, CASES, LATE_CASES } from './barrier-kills.ts';

/** `kills` with SIGKILL, `others` in each of the other ways. */
export function runKills(kills: number, others: number): void {
  for (const end of ENDS) {
    const rounds = end === 'SIGKILL' ? kills : others;
    test(`${rounds} victims end by ${end} at ${CASES.length} steps of barriers`, async () => {
      await using arena = await Arena.open();
      for (let round = 0; round < rounds; round++) await arena.kill(CASES, end);
    });
    test(`${rounds} victims end by ${end} at each step of giving up without blocking`, async () => {
      await using arena = await Arena.open();
      for (let round = 0; round < rounds; round++) {
        for (const late of LATE_CASES) await arena.kill([late], end);
      }
    });
  }
}
