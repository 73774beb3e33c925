// memspan's mutex in a process that has memspan/check, and in one that has explored a mutex before: what the seam costs
// (src/word/scheduler.ts).

import { explore, type Me } from '../../src/check/explore.ts';
import type { Transport } from '../task.ts';
import { mutex } from './mutex.ts';

function after(prepare: () => Promise<void>): Transport {
  return {
    async a(task, peer) {
      await prepare();
      return mutex.a(task, peer);
    },
    b: mutex.b,
  };
}

const visit = (_: unknown, { span }: Me): void => span.mutex('x').lock().release();

export const withCheck: Transport = after(async () => {
  if (typeof explore !== 'function') throw new Error('memspan/check is not there');
});

export const afterExploring: Transport = after(async () => {
  const report = await explore({
    setup: ({ span }) => void span.mutex('x'),
    threads: [visit, visit],
  });
  report.assert();
});
