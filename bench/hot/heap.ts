// What an operation allocates, and whether the engine gives up code of it once it is warm: each in a fresh process.

import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { HotPath } from './path.ts';

const WATCHDOG_MS = 300_000;
const ROOM = ['--min-semi-space-size=64', '--max-semi-space-size=64'];

const heapProcess = fileURLToPath(new URL('./heap-process.js', import.meta.url));
const deoptProcess = fileURLToPath(new URL('./deopt-process.js', import.meta.url));

/** Bytes of heap for each operation. */
export async function bytesOf({ name }: HotPath, times: number): Promise<number> {
  const child = fork(heapProcess, [name, String(times)], {
    execArgv: ['--expose-gc', ...ROOM],
  });
  const watchdog = setTimeout(() => child.kill('SIGKILL'), WATCHDOG_MS);
  let found: number | undefined;
  child.on('message', ({ bytesPerOp }: { bytesPerOp: number }) => {
    found = bytesPerOp;
    child.disconnect();
  });
  const [code, signal] = await once(child, 'exit');
  clearTimeout(watchdog);
  if (found === undefined) throw new Error(`${name} ended: ${signal ?? code}`);
  return found;
}

/** What the engine gave up between the marks: function and reason. */
export function deoptimizationsOf({ name }: HotPath, times: number): string[] {
  const output = execFileSync(
    process.execPath,
    ['--trace-deopt', deoptProcess, name, String(times)],
    { encoding: 'utf8', timeout: WATCHDOG_MS, maxBuffer: 2 ** 28 },
  );
  const [, warm] = output.split('\nmark: warm\n');
  const [part, rest] = warm?.split('\nmark: done\n') ?? [];
  if (part === undefined || rest === undefined) throw new Error(`${name}: the marks are not there`);
  return part.split('\n').flatMap((line) => {
    const found =
      /^\[bailout \(kind: ([\w-]+), reason: (.*?)\): begin\..*?<JSFunction ?(.*?)(?: \(sfi|>)/.exec(
        line,
      );
    return found ? [`${found[3] || '(anonymous)'}: ${found[2]} (${found[1]})`] : [];
  });
}
