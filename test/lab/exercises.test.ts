// Every exercise of the lab, three times in a row: it really happens, fits the terminal, and leaves nothing behind.
import { test } from 'node:test';
import { exercises } from '../../src/lab/index.ts';
import { perform } from './perform.ts';

for (const [name, load] of exercises) {
  test(`${name} happens three times in a row`, async () => {
    const exercise = await load();
    for (let i = 0; i < 3; i++) await perform(name, exercise);
  });
}
