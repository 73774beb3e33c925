// The lab's exercises on memory, three times in a row each: they really happen, fit the terminal, and leave nothing behind.
import { test } from 'node:test';
import { MEMORY } from './memory.ts';
import { perform } from './perform.ts';

for (const name of MEMORY) {
  test(`${name} happens three times in a row`, async () => {
    for (let i = 0; i < 3; i++) await perform(name);
  });
}
