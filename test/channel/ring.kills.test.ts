// The kill matrix of rings in a span, once over (test/channel/ring-kills.ts).
import { test } from 'node:test';
import { ENDS } from '../support/victims.ts';
import { killInAll } from './ring-kills.ts';

for (const end of ENDS) {
  test(`whoever ends by ${end}, in the midst of whatever: nothing published is lost, and the ring goes on`, () =>
    killInAll(end));
}
