// Killed, or paused, at every step of joining a span, of leaving it, and of making objects in it. test/stress/span-kills.test.ts
// has more of the same.
import { test } from 'node:test';
import { startStepper } from '../support/victims.ts';
import { deathsAt, groups, kills, pauseAt } from './steps.ts';

for (const [group, steps] of Object.entries(groups)) {
  test(`killed at the steps of ${group}: the others and the next one go on`, () =>
    kills(deathsAt(steps), 20));
}

test('the same for processes that exit and workers that are terminated', () => {
  const deaths = deathsAt(Object.values(groups).flat());
  return kills(deaths, deaths.length, (victim) => (victim % 2 === 0 ? 'exit' : 'terminate'));
});

test('paused at any step: nothing is taken from it, and it finishes when it is continued', async () => {
  const [paused, other] = await Promise.all([startStepper(), startStepper()]);
  for (const step of Object.values(groups).flat()) await pauseAt(step, paused, other);
});
