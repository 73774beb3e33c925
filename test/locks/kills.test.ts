// The kill matrix of locks, once through; test/stress has it many times.
import { suite, test } from 'node:test';
import type { End } from './deeds.ts';
import { Arena, steps } from './kills.ts';

suite('who dies at a step', () => {
  for (const end of ['SIGKILL', 'exit', 'terminate'] as const satisfies End[]) {
    test(`by ${end}`, async () => {
      await using arena = await Arena.open();
      for (const [deed, names] of steps) {
        for (const step of names) await arena.kill(deed, step, end);
      }
    });
  }
});
