// Copies of messages, one array for each. A buffer of its own costs V8 some 700 ns for all but the shortest, seven times as much as
// copying 1 KiB: so short ones share buffers, as those of Node's Buffer and its streams do.

import { markAsUntransferable } from 'node:worker_threads';

/** Bytes. Up to here V8 keeps an array's bytes beside the array itself. */
const OWN_MAX = 64;
/** Bytes of the longest that shares a buffer. */
const SHARED_MAX = 4096;
/** Bytes of a buffer: what a single message that is kept can keep alive. */
const SLAB = 16_384;

let slab = new ArrayBuffer(0);
let used = 0;

/**
 * A copy of those bytes. One of 65 to 4096 bytes has its `buffer` in common with others: who needs the buffer itself uses
 * `byteOffset`, a multiple of 8, or takes a `slice()`. Such a buffer is not
 * transferred (DataCloneError; on Node 20 it is copied).
 */
export function copyOf(source: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length <= OWN_MAX || length > SHARED_MAX) return source.slice(start, end);
  if (length > slab.byteLength - used) renew();
  const copy = new Uint8Array(slab, used, length);
  used += (length + 7) & -8;
  copy.set(source.subarray(start, end));
  return copy;
}

function renew(): void {
  slab = new ArrayBuffer(SLAB);
  used = 0;
  // Transferred, it would take all of its messages along.
  markAsUntransferable(slab);
}
