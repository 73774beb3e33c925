// Runs the suite as if the kernel lacked something: once for each row of KERNELS, or for those that are named. It leaves out what
// no kernel makes a difference to (TEXTS), unless it is told which files, and what needs the very thing that is lacking (LEFT_OUT).
//   node scripts/kernels.mjs [NAME…] [part of a test file's name, with a slash]…
// Logs: build/kernels/NAME.log. docs/kernels.md has what memspan does without.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { LEFT_OUT } from './left-out.mjs';
import { report, run } from './runs.mjs';
import { TEXTS } from './same.mjs';

/**
 * By name. `without`: for MEMSPAN_WITHOUT, so that the core answers in the kernel's place. `sealed`: the kernel itself answers so,
 * to everything in the sandbox: node, strace, Python (test/fixtures/segment/seal.c).
 */
const KERNELS = {
  o_tmpfile: { without: 'o_tmpfile' },
  'o_tmpfile+renameat2': { without: 'o_tmpfile,renameat2' },
  memfd: { without: 'memfd' },
  'memfd+o_tmpfile': { without: 'memfd,o_tmpfile' },
  inotify: { without: 'inotify' },
  futex_waitv: { without: 'futex_waitv' },
  io_uring: { without: 'io_uring' },
  leases: { without: 'leases' },
  sharedarraybuffer: { without: 'sharedarraybuffer' },
  ofd_locks: { without: 'ofd_locks' },
  // memspan makes no such call: there is nothing in it to switch off.
  pidfd: { sealed: ['ENOSYS', 'pidfd'] },
  sandbox: {
    sealed: ['EPERM', 'memfd,o_tmpfile,renameat2,leases,inotify,futex_waitv,pidfd,io_uring'],
  },
};

const root = fileURLToPath(new URL('..', import.meta.url));
const logs = path.join(root, 'build/kernels');
const args = process.argv.slice(2);
const parts = args.filter((arg) => arg.includes('/'));
const named = args.filter((arg) => !parts.includes(arg));
const unknown = named.filter((name) => !Object.hasOwn(KERNELS, name));
if (unknown.length > 0) {
  console.error(
    `memspan: ${unknown.join(', ')} is none of ${Object.keys(KERNELS).join(', ')} (parts of file names have a slash)`,
  );
  process.exit(2);
}

fs.mkdirSync(logs, { recursive: true });
if (parts.length === 0) console.log(`memspan: the same on every kernel: ${TEXTS.join(', ')}`);
const rows = [];
for (const name of named.length > 0 ? named : Object.keys(KERNELS)) rows.push(await suite(name));
report('without', rows);
process.exit(rows.every((row) => row.ok) ? 0 : 1);

async function suite(name) {
  const { without = '', sealed } = KERNELS[name];
  const lacking = (sealed?.[1] ?? without).split(',');
  const leftOut = LEFT_OUT.filter((entry) => entry.without.some((what) => lacking.includes(what)));
  for (const { part, tests, reason } of leftOut) {
    console.log(`memspan: without ${name}: not ${part ?? tests}: ${reason}`);
  }
  const command = [process.execPath, path.join(root, 'scripts/test.mjs'), ...parts];
  if (lacking.includes('o_tmpfile')) command.push('--unfinished');
  for (const part of parts.length === 0 ? TEXTS : []) command.push(`--without=${part}`);
  for (const { part } of leftOut) if (part !== undefined) command.push(`--without=${part}`);
  const tests = leftOut.flatMap((entry) => entry.tests ?? []);
  // Node 20 has no --test-skip-pattern. Of what matches, all that is in it is run: a file and the runner itself may not match.
  const others = tests.map((name) => `|.*${name}`).join('');
  if (tests.length > 0) command.push(`--test-name-pattern=/^(?!<root>|.*\\.js$${others})/`);
  if (sealed !== undefined) command.unshift(seal(), ...sealed);
  const log = path.join(logs, `${name}.log`);
  const env = { MEMSPAN_WITHOUT: without };
  return { ...(await run(`without ${name}`, command, { env, log })), name };
}

function seal() {
  const program = path.join(logs, 'seal');
  const source = path.join(root, 'test/fixtures/segment/seal.c');
  execFileSync('gcc', ['-std=gnu11', '-O2', '-Wall', '-Werror', source, '-o', program]);
  return program;
}
