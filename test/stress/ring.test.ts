// Rings in a span at length: a minute of every way of sending and taking, ends that are killed by the hundred, and the kill
// matrix again and again.
import { test } from 'node:test';
import { wholeFile } from '../channel/children.ts';
import { seedOf } from '../channel/messages.ts';
import { killInAll } from '../channel/ring-kills.ts';
import { killReaders, killWriters, mix, startMixer } from '../channel/ring-mixed.ts';
import { ENDS } from '../support/victims.ts';

const file = wholeFile();

test('a minute of every way of sending and of taking', async (t) => {
  const seed = seedOf('messages', (line) => t.diagnostic(line));
  const children = await Promise.all([startMixer(file), startMixer(file)]);
  for (let turn = 0; turn < 3; turn++) {
    t.diagnostic(`${await mix(children, seed + turn, 1e9, 20_000)} messages`);
  }
});

test('a hundred writers that are killed', async (t) => {
  t.diagnostic(`${await killWriters(100)} messages`);
});

test('a hundred readers that are killed', async (t) => {
  t.diagnostic(`${await killReaders(100)} messages`);
});

for (const end of ENDS) {
  test(`the kill matrix, 20 times by ${end}`, async () => {
    for (let round = 0; round < 20; round++) await killInAll(end);
  });
}
