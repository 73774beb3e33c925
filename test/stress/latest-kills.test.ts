// The whole kill matrix of newest values, and writers that are killed anywhere, hundreds of times.
import { test } from 'node:test';
import { killAnywhere, pause } from '../channel/latest-kills.ts';
import { runKills } from '../channel/latest-matrix.ts';

runKills(200, 30);

test('a writer paused at each step, 20 times', async () => {
  for (let round = 0; round < 20; round++) await pause();
});

for (const readers of [1, 2, 4]) {
  test(`100 writers at full speed, killed anywhere, ${readers} readers`, () =>
    killAnywhere(100, readers));
}
