// The kill matrix of a broadcast, again and again.
import { test } from 'node:test';
import { killInAll } from '../channel/broadcast-kills.ts';
import { ENDS } from '../support/victims.ts';

for (const end of ENDS) {
  test(`the kill matrix, 20 times by ${end}`, async () => {
    for (let round = 0; round < 20; round++) await killInAll(end);
  });
}
