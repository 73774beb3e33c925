// The lock that the manual of Redis describes (https://redis.io/docs/latest/commands/set/): `SET key token NX PX ms` takes
// it, a script that compares the token and deletes the key releases it. Who does not get it asks again at once: the quickest way
// there is.

import type { Request } from '../contest.ts';
import { openRedis } from './redis-client.ts';

const LEASE_MS = 30_000;
const KEY = 'x';
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end`;

interface RedisLock extends Disposable {
  readonly request: Request;
}

export async function openRedisLock(name: string): Promise<RedisLock> {
  const { ask, close } = await openRedis(name);
  const script = String(await ask('SCRIPT', 'LOAD', RELEASE));
  let requests = 0;
  return {
    async request(work) {
      const token = `${process.pid}:${requests++}`;
      while ((await ask('SET', KEY, token, 'NX', 'PX', String(LEASE_MS))) === null);
      try {
        return await work();
      } finally {
        await ask('EVALSHA', script, '1', KEY, token);
      }
    },
    [Symbol.dispose]: close,
  };
}
