// The kill matrix of a semaphore, once over (test/sync/semaphore-kills.ts).
import { test } from 'node:test';
import { ENDS } from '../support/victims.ts';
import { killInAll } from './semaphore-kills.ts';

for (const end of ENDS) {
  test(`whoever ends by ${end}, in the midst of whatever: no permit is lost or doubled`, () =>
    killInAll(end));
}
