// The kill matrix of a queue, again and again, by every end.
import { test } from 'node:test';
import { killInAll } from '../channel/queue-kills.ts';
import { ENDS } from '../support/victims.ts';

for (const end of ENDS) {
  test(`the kill matrix, 10 times by ${end}`, async () => {
    for (let round = 0; round < 10; round++) await killInAll(end);
  });
}
