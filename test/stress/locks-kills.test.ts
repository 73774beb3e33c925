// The kill matrix of locks, many times over.
import { suite, test } from 'node:test';
import type { End } from '../locks/deeds.ts';
import { Arena, steps } from '../locks/kills.ts';

suite('who dies at a step', () => {
  for (const [end, rounds] of [
    ['SIGKILL', 50],
    ['exit', 10],
    ['terminate', 10],
  ] as const satisfies [End, number][]) {
    for (const [deed, names] of steps) {
      for (const step of names) {
        test(`${deed}: ${step} by ${end}`, async () => {
          await using arena = await Arena.open();
          for (let round = 0; round < rounds; round++) await arena.kill(deed, step, end);
        });
      }
    }
  }
});
