// Running the tools of a build: quiet when they do what they should, with everything they said when they do not.
import { spawn, spawnSync } from 'node:child_process';
import os from 'node:os';

/** What it has written to stdout. */
export function run(command, args, env = process.env) {
  const options = { encoding: 'utf8', env, maxBuffer: 2 ** 28 };
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')} failed\n${stdout}${stderr}${error ?? ''}`);
}

/** Commands as [program, arguments], as many at once as the machine has processors. */
export async function runAll(commands) {
  const left = [...commands];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await start(...next);
  };
  const workers = Array.from({ length: os.availableParallelism() }, worker);
  await Promise.all(workers);
}

function start(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      if (status === 0) resolve();
      else reject(new Error(`${command} ${args.join(' ')} failed\n${text}`));
    });
  });
}
