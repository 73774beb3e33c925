// Whoever initialises is killed, ten times; in test/stress a hundred times.
import { test } from 'node:test';
import { race } from './once-race.ts';

test('eight processes race, ten initialisers are killed: it is done once, and by one at a time', (t) =>
  race(t, 10));
