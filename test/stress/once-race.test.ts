// Whoever initialises is killed, a hundred times.
import { test } from 'node:test';
import { race } from '../sync/once-race.ts';

for (let round = 0; round < 5; round++) {
  test('eight processes race, a hundred initialisers are killed: it is done once, and by one at a time', (t) =>
    race(t, 100));
}
