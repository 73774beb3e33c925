// Phases never overlap, over tens of thousands of them.
import { test } from 'node:test';
import { meet } from '../sync/barrier-phases.ts';

for (const how of ['wait', 'waitAsync', 'mixed'] as const) {
  test(`six parties in four processes, ${how}: phases do not overlap, and one completes each`, (t) =>
    meet(t, how, 40_000));
}
