// The newest value kept by Redis: `SET` without waiting for each reply, `GET` one at a time.

import type { Transport } from '../task.ts';
import { newest } from './newest.ts';
import { openRedis, startRedis } from './redis-client.ts';

export const redisNewest: Transport = newest({
  start: startRedis,
  async open(name) {
    const { ask, close } = await openRedis(name);
    return {
      publish: (value) => ask('SET', 'x', value),
      async readInto(target) {
        target.set((await ask('GET', 'x')) as Buffer);
      },
      close,
    };
  },
});
