// Whether a stress test finds a mutant, and how long it takes: what the explorer is compared with.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { copyWith, type Mutant } from './mutate.ts';

/** A test that has come to nothing by then has found it: something hangs. */
const LIMIT_MS = 300_000;

export async function stress(mutant: Mutant): Promise<string> {
  using copy = copyWith(mutant, ['steps', 'test']);
  const file = fileURLToPath(new URL(`dist/test/${mutant.stress}.test.js`, copy.root));
  const begun = performance.now();
  const child = spawn(process.execPath, ['--test', `--test-timeout=${LIMIT_MS}`, file], {
    // This process may be a test itself.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    stdio: 'ignore',
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  return code === 0
    ? `missed by ${mutant.stress} in ${seconds} s`
    : `found by ${mutant.stress} in ${seconds} s`;
}
