// What the kernel has of what memspan uses: found out by trying, and what MEMSPAN_WITHOUT takes away is missing.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OMISSIONS } from '../../src/binding/without.ts';
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
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8', stdio: 'pipe' }));
}

const cases = [
  ['futex_waitv', 'futexWaitv'],
  ['inotify', 'inotify'],
  ['io_uring', 'ioUring'],
  ['leases', 'leases'],
  ['memfd', 'memfd'],
  ['o_tmpfile', 'oTmpfile'],
  ['ofd_locks', 'ofdLocks'],
  ['renameat2', 'renameat2'],
  ['sharedarraybuffer', 'sharedBuffers'],
] as const;

for (const [what, feature] of cases) {
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

test('each omission has its test; what is none is refused, so that nobody tests nothing', () => {
  // Without the last, memspan is not there at all: test/packaging/absence.
  const tested = [...cases.map(([what]) => what), 'externalbuffers'];
  assert.deepEqual(tested.sort(), Object.keys(OMISSIONS).sort());
  for (const what of ['o-tmpfile', 'memfd,inotfy', 'memfd, inotify', 'constructor', 'pidfd']) {
    assert.throws(() => featuresWithout(what), /ERR_MEMSPAN_INVALID_ARGUMENT/, what);
  }
});
