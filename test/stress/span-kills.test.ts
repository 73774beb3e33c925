// 200 threads ended, most of them by SIGKILL, and 20 paused, at every step of joining a span, of leaving it, and of
// making objects in it.
import { test } from 'node:test';
import { deathsAt, groups, kills, pauseAt } from '../span/steps.ts';
import { type End, startStepper } from '../support/victims.ts';

const all = Object.values(groups).flat();
const names = [...new Set(all.map(({ step }) => step))];
const ends: readonly End[] = ['SIGKILL', 'SIGKILL', 'SIGKILL', 'exit', 'terminate'];

for (const name of names) {
  const deaths = deathsAt(all.filter(({ step }) => step === name));
  const end = (victim: number): End => ends[victim % ends.length] as End;
  test(`200 ended at ${name}: the others and the next one go on`, () => kills(deaths, 200, end));
}

test('20 paused at each step: nothing is taken from them', async () => {
  const [paused, other] = await Promise.all([startStepper(), startStepper()]);
  for (let i = 0; i < 20; i++) for (const step of all) await pauseAt(step, paused, other);
});
