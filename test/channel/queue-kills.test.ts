// Who is killed at any step of a queue leaves nothing stuck, and nothing lost but what the delivery mode allows.
import { test } from 'node:test';
import { killInAll } from './queue-kills.ts';

for (const end of ['SIGKILL', 'terminate'] as const) {
  test(`a victim ends in the midst of everything: ${end}`, () => killInAll(end));
}
