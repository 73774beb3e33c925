// Programs that some tests need and a user's machine may lack: there the test is skipped, in CI it fails.
import { spawnSync } from 'node:child_process';

export type Extra =
  | 'g++'
  | 'gcc'
  | 'boost'
  | 'python3'
  | 'rustc'
  | 'strace'
  | 'unshare'
  | 'ipcs'
  | 'tmux'
  | 'git'
  | 'clang-format';

/** How to see that it works here; strace and unshare may be installed and yet forbidden. */
const probes: Record<Extra, readonly string[]> = {
  'g++': ['g++', '--version'],
  gcc: ['gcc', '--version'],
  // Headers only; there is no program to ask.
  boost: [
    'g++',
    '-fsyntax-only',
    '-include',
    'boost/interprocess/mapped_region.hpp',
    '-xc++',
    '/dev/null',
  ],
  python3: ['python3', '--version'],
  rustc: ['rustc', '--version'],
  strace: ['strace', '-o', '/dev/null', 'true'],
  unshare: ['unshare', '-m', 'true'],
  ipcs: ['ipcs', '-V'],
  tmux: ['tmux', '-V'],
  git: ['git', '--version'],
  'clang-format': ['clang-format', '--version'],
};

/**
 * For node:test's `skip`: `test('…', {skip: needs('strace')}, …)`. False when the extra works, otherwise the reason;
 * with MEMSPAN_CI=1 it throws the reason. `probe` replaces the usual check.
 */
export function needs(extra: Extra, probe: () => boolean = () => works(extra)): false | string {
  if (probe()) return false;
  const reason = `needs ${extra}, which does not work here (${probes[extra].join(' ')})`;
  if (process.env.MEMSPAN_CI === '1') throw new Error(`${reason}; add it to .ci/run`);
  return reason;
}

function works(extra: Extra): boolean {
  const [program = extra, ...args] = probes[extra];
  return spawnSync(program, args, { stdio: 'ignore', timeout: 10_000 }).status === 0;
}
