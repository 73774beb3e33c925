// Phases never overlap, however parties wait. In small; more of it in test/stress.
import { test } from 'node:test';
import { meet } from './barrier-phases.ts';

for (const how of ['wait', 'waitAsync', 'mixed'] as const) {
  test(`six parties in four processes, ${how}: phases do not overlap, and one completes each`, (t) =>
    meet(t, how, 800));
}
