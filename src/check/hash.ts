// Hashes of states, two of 32 bits each: for so many states as can be visited, 64 bits make a false match very unlikely
// (10 million states: once in 350,000 explorations).

const float = new Float64Array(1);
const halves = new Int32Array(float.buffer);

/** 32 bits that stand for any value of a cell or of an operation. */
export function bitsOf(value: unknown): number {
  if (typeof value === 'number') {
    if ((value | 0) === value) return value;
    float[0] = value;
    return mix(halves[0] as number, halves[1] as number);
  }
  if (typeof value === 'bigint') {
    return mix(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
  }
  if (typeof value === 'boolean') return value ? 0x5bd1 : 0x2f6b;
  if (typeof value === 'string') {
    let hash = value.length;
    for (let i = 0; i < value.length; i++) hash = Math.imul(hash, 31) + value.charCodeAt(i);
    return hash | 0;
  }
  return 0x1d1;
}

/** MurmurHash3's rounds and finalizer (A. Appleby, public domain algorithm), of two words. */
export function mix(a: number, b: number): number {
  let hash = Math.imul(a, 0xcc9e2d51 | 0);
  hash = (hash << 15) | (hash >>> 17);
  hash = Math.imul(hash, 0x1b873593) ^ Math.imul(b, 0x85ebca6b | 0);
  hash = Math.imul((hash << 13) | (hash >>> 19), 5) + (0xe6546b64 | 0);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b | 0);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35 | 0);
  return hash ^ (hash >>> 16);
}

/** A sequence of numbers that follows from its seed (splitmix32). */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return (mix(state, 0x2545f491) >>> 0) / 2 ** 32;
  };
}
