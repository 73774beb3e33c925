// `memspan send NAME`: standard input into shared memory.

import type { RingWriter } from '../index.ts';
import { standardInput } from './input.ts';
import { type Flow, run, type StreamOptions } from './session.ts';
import { type Joined, SENDER } from './stream.ts';

const BLOCK_MAX = 2 ** 20;
/** A ring's message has a header of four bytes: with it, a chunk is a power of two and never wraps. */
const HEADER_BYTES = 4;

/**
 * The last message. It is taken when everything before it is written, so that a receiver whose output fails
 * at the very end cannot have taken everything.
 */
const END = new Uint8Array(0);

export async function send(name: string, options: StreamOptions): Promise<void> {
  const input = standardInput();
  const { isTTY } = process.stdin;
  if (isTTY && options.quiet !== true) console.error('memspan: type; Ctrl-D ends the stream');
  await run(name, options, {
    side: SENDER,
    total: input.total,
    // A line that redraws itself would get between what is typed.
    showProgress: !isTTY,
    summaryTo: process.stdout,
    move: (joined, flow) => move(joined, flow, input.blocks),
  });
}

async function move(
  { end: writer, capacity, peer }: Joined<RingWriter>,
  flow: Flow,
  blocks: (blockBytes: number) => AsyncIterable<Uint8Array>,
): Promise<void> {
  // With a quarter of the ring, the receiver has something to take while the next one is put.
  const chunkMax = Math.min(BLOCK_MAX, capacity / 4) - HEADER_BYTES;
  for await (const block of blocks(chunkMax)) {
    for (let at = 0; at < block.length; at += chunkMax) {
      const chunk = block.subarray(at, at + chunkMax);
      if (!writer.trySend(chunk)) await writer.sendAsync(chunk);
      flow.bytes += chunk.length;
      if (flow.startedAt === undefined && peer() !== 'absent') flow.start();
    }
  }
  await writer.sendAsync(END);
  flow.isEnding = true;
  writer.close();
  await writer.finished();
}
