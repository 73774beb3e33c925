// `memspan recv NAME`: from shared memory to standard output.

import type { RingReader } from '../index.ts';
import { standardOutput, type Write } from './output.ts';
import { type Flow, run, type StreamOptions } from './session.ts';
import { type Joined, leave, RECEIVER } from './stream.ts';

export async function recv(name: string, options: StreamOptions): Promise<void> {
  const write = standardOutput();
  await run(name, options, {
    side: RECEIVER,
    // The data would scroll the line away.
    showProgress: process.stdout.isTTY !== true,
    summaryTo: process.stderr,
    move: (joined, flow) => move(joined, flow, write),
  });
}

async function move(joined: Joined<RingReader>, flow: Flow, write: Write): Promise<void> {
  const { end: reader, capacity } = joined;
  const buffer = Buffer.allocUnsafeSlow(capacity);
  for (;;) {
    const length = reader.tryReceiveInto(buffer);
    const message = length >= 0 ? buffer.subarray(0, length) : await reader.receiveAsync();
    if (message === null) break;
    flow.start();
    if (message.length > 0 && !(await write(message))) break;
    flow.bytes += message.length;
  }
  // The name first: when the sender hears of the end, another stream of this name can begin.
  leave(joined);
  reader.close();
}
