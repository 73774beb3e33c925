// What goes through a bounded buffer between four processes comes out once, and in order; also when consumers die.
import { test } from 'node:test';
import { passThrough } from './condition-buffer.ts';

for (const form of ['wait', 'waitAsync', 'mixed'] as const) {
  test(`two producers, two consumers, four places (${form})`, () =>
    passThrough({ items: 400, form, kills: 0 }));
}

test('six consumers are killed, one after the other, and others take their places', () =>
  passThrough({ items: 1500, form: 'mixed', kills: 6 }));
