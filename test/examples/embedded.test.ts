// A firmware in C and a reader in Node on a ring of fixed size: samples are whole, the reader makes no garbage, and a firmware
// that hangs is replaced.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { needs } from '../support/extras.ts';
import { helps, interrupt, runAsShown, shownFor, start, terminate } from './example.ts';

const example = 'embedded';

suite('embedded', { skip: needs('gcc') }, () => {
  test('samples come whole and in order, and the heap does not grow with them', async () => {
    const output = await runAsShown(example, '--samples', '8000', '--rate', '2500');
    const [read = 0, broken] = numbersOf(output, /(\d+) samples read, (\d+) broken/);
    assert.ok(read >= 8000, output);
    assert.equal(broken, 0);
    const counts = [...output.matchAll(/^[a-z]+ +(\d+) +-?\d/gm)].map(([, count]) => Number(count));
    assert.equal(counts.length, 4);
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      read,
    );
    // Less than an object for each sample; what it needs until V8 has compiled everything is not a matter of samples.
    const [grown = Number.NaN] = numbersOf(output, /heap: (-?[\d.]+) KiB/);
    assert.ok(grown < (100 * read) / 2 / 1024, output);
  });

  test('a firmware that hangs is started again and goes on where it stopped', async () => {
    const options = ['--samples', '6000', '--rate', '2500', '--hang', '2000', '--watchdog', '500'];
    const { code, output, errors } = await start([...shownFor(example).command, ...options]).ended;
    assert.deepEqual([code, errors], [0, ''], output);
    const [read = 0, broken] = numbersOf(output, /(\d+) samples read, (\d+) broken/);
    assert.ok(read >= 6000, output);
    assert.equal(broken, 0);
    const [restarts = 0] = numbersOf(output, /firmware: (\d+) restarts/);
    assert.ok(restarts >= 1, output);
  });

  test('interrupted or terminated, it leaves nothing', async () => {
    await Promise.all([
      interrupt(example, 'shared memory', '--samples', '1000000'),
      terminate(example, 'shared memory', '--samples', '1000000'),
    ]);
  });

  test('it explains its options', () => helps(example));
});

function numbersOf(text: string, pattern: RegExp): number[] {
  const found = pattern.exec(text);
  assert.ok(found, text);
  return found.slice(1).map(Number);
}
