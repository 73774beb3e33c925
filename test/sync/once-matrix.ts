// The kill matrix of Once as tests: so many victims for each way to end, each of which dies at all the steps.
import { test } from 'node:test';
import { ENDS, type End } from '../support/victims.ts';
import { Arena, CASES, type Case, LATE_CASES } from './once-kills.ts';

/** The directory of a span is read from its beginning. */
const ROUNDS_PER_SPAN = 20;

/** `kills` with SIGKILL, `others` in each of the other ways. */
export function runKills(kills: number, others: number): void {
  for (const end of ENDS) {
    const rounds = end === 'SIGKILL' ? kills : others;
    test(`${rounds} victims end by ${end} at ${CASES.length} steps of initialising, and of waiting for it`, () =>
      killAll([CASES], rounds, end));
    test(`${rounds} victims end by ${end} at each step of an asynchronous init`, () =>
      killAll(
        LATE_CASES.map((late) => [late]),
        rounds,
        end,
      ));
  }
}

async function killAll(
  groups: readonly (readonly Case[])[],
  rounds: number,
  end: End,
): Promise<void> {
  for (let first = 0; first < rounds; first += ROUNDS_PER_SPAN) {
    await using arena = await Arena.open();
    const last = Math.min(rounds, first + ROUNDS_PER_SPAN);
    for (let round = first; round < last; round++) {
      for (const group of groups) await arena.kill(group, end);
    }
  }
}
