// A CSV file, parsed and aggregated by N processes in shared columns: the numbers are those of a straightforward program.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helps, interrupt, runAsShown, terminate } from './example.ts';

const example = 'analytics';

test('three processes compute what one does, and what a straightforward program does', async () => {
  const output = await runAsShown(example, '--rows', '20000', '--workers', '3', '--seed', '7');
  assert.match(output, /^all three agree on every number$/m);
  const table = output.slice(output.indexOf('\ncity'));
  const rides = [...table.matchAll(/^\p{Lu}\p{L}+ +(\d+) /gmu)].map(([, number]) => Number(number));
  assert.equal(rides.length, 20);
  assert.equal(
    rides.reduce((sum, number) => sum + number, 0),
    20_000,
  );
});

test('it explains its options', () => helps(example));

test('interrupted while it generates, and terminated while its workers work, it leaves nothing', async () => {
  // Seconds of work each, so that the signal comes in the middle of it.
  await Promise.all([
    interrupt(example, 'generating', '--rows', '3000000'),
    terminate(example, 'of CSV', '--rows', '400000', '--workers', '2'),
  ]);
});
