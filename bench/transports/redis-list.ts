// Redis as a queue: a list for each direction. `LPUSH` many at once without waiting for each reply, as its manual on pipelining says;
// `BLMPOP` takes as many as are there, and waits when there are none (Redis 7).

import type { Transport } from '../task.ts';
import { messages } from './messages.ts';
import { openRedis, type Redis, startRedis } from './redis-client.ts';

/** Questions under way at once. */
const PIPELINE = 128;
/** Bytes that a list may hold: beyond that the writer waits for the reader. */
const ROOM = 1 << 24;
/** Bytes, and messages, that are taken at once: replies of megabytes come in many pieces. */
const TAKEN_BYTES = 1 << 18;
const TAKEN = 256;

export const redisList: Transport = messages({
  start: startRedis,
  async open(name, isFirst, { size }) {
    const redis = await openRedis(name);
    const [mine, theirs] = isFirst ? ['a', 'b'] : ['b', 'a'];
    const pipeline = Math.max(1, Math.min(PIPELINE, ROOM / 8 / size));
    const taken = String(Math.max(1, Math.min(TAKEN, TAKEN_BYTES / size)));
    let surplus = 0;
    return {
      async send(message, count) {
        for (let left = count; left > 0; ) {
          const some = Math.min(left, pipeline);
          const lengths = Array.from({ length: some }, () => redis.ask('LPUSH', theirs, message));
          const length = Number((await Promise.all(lengths)).at(-1));
          if (length * size > ROOM) await shorter(redis, theirs, ROOM / 2 / size);
          left -= some;
        }
      },
      async receive(count) {
        for (; surplus < count; ) {
          const reply = await redis.ask('BLMPOP', '0', '1', mine, 'RIGHT', 'COUNT', taken);
          surplus += (reply as [Buffer, Buffer[]])[1].length;
        }
        surplus -= count;
      },
      close: () => redis.close(),
    };
  },
});

async function shorter(redis: Redis, list: string, length: number): Promise<void> {
  while (Number(await redis.ask('LLEN', list)) > length);
}
