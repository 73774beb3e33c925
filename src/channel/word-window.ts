// Copying short messages by a loop over 32-bit words: up to 128 bytes this is faster than a call of `set`
// (64 B: 9 ns against 13 to 17 ns, and the 18 ns of the subarray that reading needs).

/** Bytes. */
export const LENGTH_MAX = 128;

/** A word view of the caller's byte array, kept for callers who come back with the same array. */
export class WordWindow {
  /** The array that `words` is a view of; only whole words, aligned, and short. */
  bytes: Uint8Array | undefined = undefined;
  words: Int32Array = new Int32Array(0);
  #candidate: Uint8Array | undefined;

  /** Making a view costs more than it saves, unless the array comes back: so the second time. */
  consider(bytes: Uint8Array): void {
    if (bytes !== this.#candidate) {
      this.#candidate = bytes;
      return;
    }
    if (bytes.length > LENGTH_MAX || bytes.length % 4 !== 0) return;
    const words = wordsOf(bytes);
    if (words === undefined) return;
    this.bytes = bytes;
    this.words = words;
  }
}

/** A word view of the caller's array for whole batches, which is long, and made anew for another array. */
export class BatchWindow {
  #bytes: Uint8Array | undefined;
  #words: Int32Array | undefined;

  /** Undefined where there can be none, or the array may change its length. */
  of(bytes: Uint8Array): Int32Array | undefined {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#words = wordsOf(bytes);
    }
    return this.#words;
  }
}

function wordsOf({ buffer, byteOffset, length }: Uint8Array): Int32Array | undefined {
  if (byteOffset % 4 !== 0 || mayChange(buffer)) return undefined;
  return new Int32Array(buffer, byteOffset, length >>> 2);
}

/** A view that follows its buffer's size would outgrow the words. */
function mayChange(buffer: ArrayBufferLike): boolean {
  return ('resizable' in buffer && buffer.resizable) || ('growable' in buffer && buffer.growable);
}

/** Copies `count` words. Four at a time: V8 does not unroll (64 B: 9 ns instead of 12). */
export function copyWords(
  target: Int32Array,
  to: number,
  source: Int32Array,
  from: number,
  count: number,
): void {
  let i = 0;
  for (; i + 3 < count; i += 4) {
    target[to + i] = source[from + i] as number;
    target[to + i + 1] = source[from + i + 1] as number;
    target[to + i + 2] = source[from + i + 2] as number;
    target[to + i + 3] = source[from + i + 3] as number;
  }
  for (; i < count; i++) target[to + i] = source[from + i] as number;
}
