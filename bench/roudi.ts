// iceoryx in C (c/iceoryx.c), and RouDi, the daemon that it needs: started for one measurement, with a pool of chunks of the one size that
// is measured, and ended by its pid. One RouDi runs on a machine at a time: who finds another one waits until that has ended.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runC } from './c.ts';
import { CORES, type Run } from './row.ts';
import { type Server, startServer } from './server.ts';

/** What RouDi keeps for itself in a chunk, and more. */
const HEADER = 64;
/** Chunks beside those in the queue: loaned, taken, kept for the next loan. */
const SPARE = 8;
const QUEUE_MAX = 256;
const ATTEMPTS = 120;
/** `room`: bytes that may be under way; at least `queueMin` messages are. */
export function iceoryx(
  mode: 'trips' | 'copy' | 'hand',
  size: number,
  count: number,
  queueMin: number = 16,
  room: number = 1 << 20,
): Run {
  const queue = Math.min(QUEUE_MAX, Math.max(queueMin, Math.floor(room / size)));
  return async (share) => {
    // In /tmp, as the files that iceoryx names after its processes are.
    const folder = mkdtempSync('/tmp/memspan-bench-roudi-');
    const config = join(folder, 'config.toml');
    writeFileSync(config, poolOf(size, queue + SPARE));
    try {
      const roudi = await started(config);
      try {
        const task = [mode, size, Math.ceil(count * share), queue, basename(folder)];
        return runC('iceoryx', [...task, ...CORES]);
      } finally {
        await end(roudi);
        // What the processes have made if they did not end well.
        for (const side of ['parent', 'child']) {
          for (const path of [`${folder}-${side}`, `${folder}-${side}.lock`]) {
            rmSync(path, { force: true });
          }
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

/** RouDi removes what it has made, unless it crashes. */
async function end(roudi: Server): Promise<void> {
  if ((await roudi.end()) === 0) return;
  const group = execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim();
  const names = ['roudi', 'roudi.lock', 'iox-unique-roudi.lock'].map((name) => `/tmp/${name}`);
  const left = ['/dev/shm/iceoryx_mgmt', `/dev/shm/${group}`, ...names];
  for (const path of left) rmSync(path, { force: true });
}

function poolOf(size: number, count: number): string {
  const chunk = Math.ceil((size + HEADER) / 64) * 64;
  return `[general]\nversion = 1\n[[segment]]\n[[segment.mempool]]\nsize = ${chunk}\ncount = ${count}\n`;
}

async function started(config: string): Promise<Server> {
  for (let attempts = 1; ; attempts++) {
    const args = ['-c', config, '-m', 'off', '-l', 'off'];
    const server = startServer('iox-roudi', args, 'ignore');
    if (await isReady(server)) return server;
    await server.end();
    if (attempts === ATTEMPTS || !existsSync('/tmp/roudi.lock')) {
      throw new Error(
        'RouDi does not start: another one may run, or /dev/shm lacks room for its 66 MB',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** False when it ends instead. */
function isReady({ process }: Server): Promise<boolean> {
  return new Promise((resolve) => {
    let said = '';
    process.stdout?.setEncoding('latin1').on('data', (text: string) => {
      said += text;
      if (said.includes('RouDi is ready for clients')) resolve(true);
    });
    process.once('exit', () => resolve(false));
  });
}
