// Bytes beside the words: names, texts, times. They are no atomics: words say who may touch them when.
//
// For what is written once in a while. What has to be fast (a ring's messages) goes to the buffer itself.

import { scheduler } from './scheduler.ts';

/** A copy of the bytes from that offset on. */
export function readBytes(words: Int32Array, offset: number, length: number): Uint8Array {
  const explored = scheduler?.readBytes(words, offset, length);
  return explored ?? viewOf(words, offset, length).slice();
}

/** `offset` is a multiple of 4. */
export function writeBytes(words: Int32Array, offset: number, bytes: Uint8Array): void {
  if (scheduler?.writeBytes(words, offset, bytes)) return;
  viewOf(words, offset, bytes.length).set(bytes);
}

/** Makes them zeros. `offset` is a multiple of 4. */
export function clearBytes(words: Int32Array, offset: number, length: number): void {
  if (scheduler?.writeBytes(words, offset, new Uint8Array(length))) return;
  viewOf(words, offset, length).fill(0);
}

/** The float64 that begins at that word. */
export function readFloat(words: Int32Array, index: number): number {
  const explored = scheduler?.readBytes(words, 4 * index, 8);
  return explored === undefined
    ? (floatAt(words, index)[0] as number)
    : (new Float64Array(explored.buffer)[0] as number);
}

export function writeFloat(words: Int32Array, index: number, value: number): void {
  const bytes = new Uint8Array(new Float64Array([value]).buffer);
  if (scheduler?.writeBytes(words, 4 * index, bytes)) return;
  floatAt(words, index)[0] = value;
}

function viewOf(words: Int32Array, offset: number, length: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset + offset, length);
}

function floatAt(words: Int32Array, index: number): Float64Array {
  return new Float64Array(words.buffer, words.byteOffset + 4 * index, 1);
}
