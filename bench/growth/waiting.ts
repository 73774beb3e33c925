// Waits asynchronously so many times at once, says what that takes, and when all of it is over. A fresh process each time: what its
// threads have needed is not given back.

import { readFileSync } from 'node:fs';
import { Span, waitAsync } from '../../src/index.ts';
import { say } from '../task.ts';

export type Way = 'waitAsync' | 'event';

const [name = '', way = 'waitAsync', text = '1'] = process.argv.slice(2);
const waiters = Number(text);
const span = Span.join(name);
const event = span.event('event', { reset: 'manual' });
const { buffer, byteOffset } = span.bytes('word', { size: 4 });
const words = new Int32Array(buffer, byteOffset, 1);
const before = taken();
say('ready');

process.once('message', async () => {
  const all = Array.from({ length: waiters }, () => (way === 'event' ? event.waitAsync() : word()));
  const after = taken();
  say({ bytes: after.bytes - before.bytes, threads: after.threads - before.threads });
  await Promise.all(all);
  const wokenNs = process.hrtime.bigint();
  process.once('message', () => say(String(wokenNs)));
});
process.once('disconnect', () => span.close());

async function word(): Promise<string> {
  return await waitAsync(words, 0, 0).value;
}

/** What this process has: resident bytes and threads. */
function taken(): { bytes: number; threads: number } {
  const status = readFileSync('/proc/self/status', 'utf8');
  const number = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return { bytes: number('VmRSS') * 1024, threads: number('Threads') };
}
