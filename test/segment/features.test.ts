// What the kernel has of what memspan uses: found out by trying, and what MEMSPAN_WITHOUT takes away is missing.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Features } from '../../src/segment/features.ts';

const MODULE = fileURLToPath(new URL('../../src/segment/features.js', import.meta.url));

function featuresWithout(what: string): Features & { descriptors: number } {
  const program = `
    import fs from 'node:fs';
    import { features } from ${JSON.stringify(MODULE)};
    features();
    const before = fs.readdirSync('/proc/self/fd').length;
    const found = features();
    const descriptors = fs.readdirSync('/proc/self/fd').length - before;
    console.log(JSON.stringify({ ...found, descriptors }));`;
  const env = { ...process.env, MEMSPAN_WITHOUT: what };
  const args = ['--input-type=module', '-e', program];
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' }));
}

for (const [what, feature] of [
  ['futex_waitv', 'futexWaitv'],
  ['inotify', 'inotify'],
  ['o_tmpfile', 'oTmpfile'],
  ['sharedarraybuffer', 'sharedBuffers'],
] as const) {
  test(`without ${what} that is missing, and nothing else that was there`, () => {
    const all = featuresWithout('');
    const fewer = featuresWithout(what);
    assert.equal(fewer[feature], false);
    assert.deepEqual({ ...fewer, [feature]: all[feature] }, all);
  });
}

test('what is needed to attach to a span is here, and to find that out leaves nothing open', () => {
  const names = fs.readdirSync('/dev/shm').filter((name) => name.includes('features'));
  const { procfs, memfd, ofdLocks, descriptors } = featuresWithout('');
  assert.deepEqual([procfs, memfd, ofdLocks, descriptors], [true, true, true, 0]);
  assert.deepEqual(names, []);
});
