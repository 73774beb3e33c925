// A broadcast at length: a minute of messages in both overflows, to 1, 2 and 4 readers in processes and workers, some of
// which are paused again and again.
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { flow } from '../channel/broadcast-flow.ts';

const FOR_MS = 60_000;

/** Each in its turn is stopped for a moment, as long as the stream flows. */
async function pause(pids: readonly number[], over: Promise<unknown>): Promise<void> {
  let isOver = false;
  void over.then(() => {
    isOver = true;
  });
  const signal = (pid: number, name: NodeJS.Signals): void => {
    try {
      process.kill(pid, name);
    } catch {
      // It has everything, and is gone.
    }
  };
  for (let turn = 0; !isOver && pids.length > 0; turn++) {
    const pid = pids[turn % pids.length] as number;
    signal(pid, 'SIGSTOP');
    await delay(7);
    signal(pid, 'SIGCONT');
    await delay(11);
  }
}

test('a minute of messages: all are received by each, or counted as missed', async (t) => {
  const end = performance.now() + FOR_MS;
  let received = 0;
  for (let round = 0; performance.now() < end; round++) {
    received += await flow({
      overflow: round % 2 === 0 ? 'block' : 'drop-oldest',
      capacity: [256, 4096, 65536][round % 3] as number,
      readers: [1, 2, 4][(round >> 1) % 3] as number,
      count: 100_000,
      ways: ['async', 'batch', 'blocking', 'in place', 'blocking'],
      withWorkers: round % 4 > 1,
      meanwhile: pause,
    });
  }
  t.diagnostic(`${received} messages received`);
});
