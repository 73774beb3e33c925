// Rubbish in the table of a lock space, and then none; test/stress has more of it.
import { test } from 'node:test';
import { seededRandom } from '../support/segments.ts';
import { attack } from './hostile.ts';

test('rubbish in the table harms nobody for longer than it is there', async (t) => {
  await attack(seededRandom(t), 6);
});
