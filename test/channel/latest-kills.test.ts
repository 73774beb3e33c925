// Whoever dies at whatever step of a newest value: the last whole one stays, and others go on.
import { test } from 'node:test';
import { killAnywhere, pause } from './latest-kills.ts';
import { runKills } from './latest-matrix.ts';

runKills(1, 1);

test('a writer paused at each step: readers go on, and nobody takes its end', pause);

test('writers at full speed, killed anywhere: nothing is torn, nor goes back', () =>
  killAnywhere(3, 2));
