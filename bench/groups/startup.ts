// The rows of what it takes until a program has begun: Node with an import, with a first segment, and the command line.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { programOf } from '../c.ts';
import { now } from '../contest.ts';
import { pathOf } from '../packages.ts';
import type { Row, Run } from '../row.ts';

const STARTS = 20;

/** From the start of a program to its end. */
function starts(program: () => readonly [string, ...string[]]): Run {
  return async (share) => {
    const [file, ...args] = program();
    const count = Math.ceil(STARTS * share);
    const begun = now();
    for (let i = 0; i < count; i++)
      execFileSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    return { nsPerOp: Number(now() - begun) / count };
  };
}

const runs = (source: () => string): Run =>
  starts(() => [process.execPath, '--input-type=module', '-e', source()]);

const memspan = new URL('../../src/index.js', import.meta.url).href;
const cli = join(fileURLToPath(new URL('../../..', import.meta.url)), 'bin/memspan.js');
const hrefOf = (name: string): string => pathToFileURL(pathOf(name)).href;
const imports = (name: string): Run => runs(() => `import '${hrefOf(name)}';`);
const bareNode = runs(() => '0;');

const firstSegment = `import { Segment } from '${memspan}';
const segment = Segment.create(\`memspan-bench-\${process.pid}-first\`, { size: 4096 });
new Uint8Array(segment.buffer)[0] = 1;
segment.unlink();
segment.close();`;

const firstWorker = `import { Worker } from 'node:worker_threads';
const workerData = new SharedArrayBuffer(4096);
new Worker('new Uint8Array(require("node:worker_threads").workerData)[0] = 1', { eval: true, execArgv: [], workerData });`;

const firstEnvironment = (): string => `import { rmSync } from 'node:fs';
import { open } from '${hrefOf('lmdb')}';
const path = \`/dev/shm/memspan-bench-\${process.pid}-first\`;
const environment = open({ path, encoding: 'binary', noSync: true, useWritemap: true, overlappingSync: false });
environment.putSync('x', new Uint8Array(1));
await environment.close();
rmSync(path, { recursive: true });`;

const row = { group: 'startup', unit: 'ms', size: 0 } as const;

export const startup: Row[] = [
  {
    ...row,
    name: 'start of Node with an import',
    contenders: {
      'bare Node': bareNode,
      memspan: runs(() => `import '${memspan}';`),
      worker_threads: runs(() => `import 'node:worker_threads';`),
      'ringbuf.js': imports('ringbuf.js'),
      'shared-memory-disruptor': imports('shared-memory-disruptor'),
      lmdb: imports('lmdb'),
      zeromq: imports('zeromq'),
      NATS: imports('nats'),
    },
    targets: [{ against: 'bare Node', speedMin: 0.5 }],
  },
  {
    ...row,
    name: 'start of a program and its first 4 KiB that another one can see',
    contenders: {
      C: starts(() => [programOf('segment'), 'touch', 'reserve', '4096', '1']),
      'bare Node': bareNode,
      memspan: runs(() => firstSegment),
      worker_threads: runs(() => firstWorker),
      lmdb: runs(firstEnvironment),
    },
    targets: [],
  },
  ...(['--help', 'ls'] as const).map(
    (word): Row => ({
      ...row,
      name: `memspan ${word}`,
      contenders: {
        'bare Node': bareNode,
        memspan: starts(() => [process.execPath, cli, word]),
      },
      targets: [],
    }),
  ),
];
