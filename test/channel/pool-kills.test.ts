// The kill matrix of a pool, once over (test/channel/pool-kills.ts).
import { test } from 'node:test';
import { ENDS } from '../support/victims.ts';
import { killInAll } from './pool-kills.ts';

for (const end of ENDS) {
  test(`whoever ends by ${end}, in the midst of whatever: no chunk is lost or doubled, nobody is stuck`, () =>
    killInAll(end));
}
