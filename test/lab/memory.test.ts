// The lab's exercises on memory: they really happen, fit the terminal, and leave nothing behind. Twenty times in a row: test/stress, in CI.
import { test } from 'node:test';
import { MEMORY } from './memory.ts';
import { perform } from './perform.ts';

for (const name of MEMORY) test(`${name} happens`, async () => void (await perform(name)));
