// The weights of a model in a segment: N processes have them once, and recognise digits as well as those with a copy each.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helps, interrupt, runAsShown, terminate } from './example.ts';

const example = 'model-weights';
const hidden = 20_000;

test('N processes that share the weights have them once, and their scores are those of N copies', async () => {
  const size = ['--hidden', `${hidden}`, '--train', '60', '--images', '30', '--workers', '3'];
  const output = await runAsShown(example, ...size);
  const sharedOf = (row: string) =>
    Number(new RegExp(`^${row}.* (\\d+\\.\\d) MB$`, 'm').exec(output)?.[1]);
  assert.equal(sharedOf('a copy in each'), 0);
  // Once, not three times; pixels that are white in all images are weights that nobody has looked at.
  const weights = (hidden * 300) / 1e6;
  const shared = sharedOf('one segment for all');
  assert.ok(shared > 0.7 * weights && shared < 1.1 * weights, output);
  const recognised = Number(/(\d+) recognised/.exec(output)?.[1]);
  assert.ok(recognised > 15, output); // guessing would give 3 of 30
});

test('it explains its options', () => helps(example));

test('interrupted while it trains, and terminated while its workers work, it leaves nothing', async () => {
  // Seconds of work each, so that the signal comes in the middle of it.
  const training = ['--hidden', '64000', '--train', '1000'];
  const working = ['--hidden', '64000', '--train', '5', '--images', '797', '--workers', '1'];
  await Promise.all([
    interrupt(example, 'training', ...training),
    terminate(example, 'trained', ...working),
  ]);
});
