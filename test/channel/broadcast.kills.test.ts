// The kill matrix of a broadcast, once over (broadcast-kills.ts).
import { test } from 'node:test';
import { ENDS } from '../support/victims.ts';
import { killInAll } from './broadcast-kills.ts';

for (const end of ENDS) {
  test(`whoever ends by ${end}, in the midst of whatever: everybody else goes on`, () =>
    killInAll(end));
}
