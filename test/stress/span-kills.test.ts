// 200 processes killed, and 20 paused, at every step of joining a span, of leaving it, and of making objects in it.
import { test } from 'node:test';
import { groups, kills, pauseAt, startStepper } from '../span/steps.ts';

const all = Object.values(groups).flat();
const names = [...new Set(all.map(({ step }) => step))];

for (const name of names) {
  test(`200 killed at ${name}: the others and the next one go on`, () =>
    kills(
      all.filter(({ step }) => step === name),
      200,
    ));
}

test('20 paused at each step: nothing is taken from them', async () => {
  const [paused, other] = await Promise.all([startStepper(), startStepper()]);
  for (let i = 0; i < 20; i++) for (const step of all) await pauseAt(step, paused, other);
});
