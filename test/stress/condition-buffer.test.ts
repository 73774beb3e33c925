// What goes through a bounded buffer between four processes comes out once, and in order: for longer, and with many deaths.
import { test } from 'node:test';
import { passThrough } from '../sync/condition-buffer.ts';

for (const form of ['wait', 'waitAsync', 'mixed'] as const) {
  test(`two producers, two consumers, four places (${form})`, () =>
    passThrough({ items: 100_000, form, kills: 0 }));
}

test('two hundred consumers are killed, twenty in a round', async () => {
  for (let round = 0; round < 10; round++) {
    await passThrough({ items: 30_000, form: 'mixed', kills: 20 });
  }
});
