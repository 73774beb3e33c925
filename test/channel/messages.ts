// Messages that both ends can compute: message `index` of a stream has a length and bytes that follow from the
// seed. So the receiver checks order, lengths and every byte, and nothing needs to be sent but the messages.

/** mulberry32 (T. Ettinger, public domain). */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A new seed; printed, so that a failure can be run again with MEMSPAN_SEED. */
export function seedOf(what: string, print: (line: string) => void): number {
  const seed = Number(process.env.MEMSPAN_SEED ?? Math.floor(Math.random() * 2 ** 31));
  print(`${what}: MEMSPAN_SEED=${seed}`);
  return seed;
}

/** Message `index` of the stream: mostly short, sometimes empty, sometimes up to `lengthMax` bytes. */
export function messageAt(seed: number, index: number, lengthMax: number): Uint8Array {
  const next = random(Math.imul(seed, 31) ^ Math.imul(index + 1, 0x9e3779b1));
  const kind = next();
  let most = lengthMax;
  if (kind < 0.1) most = 1;
  else if (kind < 0.9) most = Math.min(200, lengthMax);
  const bytes = new Uint8Array(Math.floor(next() * (most + 1)));
  for (let i = 0; i < bytes.length; i++) bytes[i] = next() * 256;
  return bytes;
}

/** Throws unless `found` is message `index`. */
export function check(seed: number, index: number, lengthMax: number, found: Uint8Array): void {
  const wanted = messageAt(seed, index, lengthMax);
  if (Buffer.compare(wanted, found) === 0) return;
  throw new Error(
    `message ${index} (MEMSPAN_SEED=${seed}): ${found.length} bytes ${hex(found)}, not ${wanted.length} bytes ${hex(wanted)}`,
  );
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 16)).toString('hex');
}
