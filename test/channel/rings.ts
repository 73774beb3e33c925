// Rings for tests: over anonymous segments whose bytes the test sees, and which end with the test.
import type { TestContext } from 'node:test';
import { Ring, type RingReader, type RingWriter, Segment } from '../../src/index.ts';

/** Where things lie, in words, written down here a second time: tests must not follow a slip of the layout. */
export const AT = {
  magic: 0,
  version: 1,
  capacity: 2,
  writer: 3,
  reader: 4,
  written: 32,
  read: 64,
};
/** Bytes of memory besides the data area, and where that begins. */
export const HEADER = 1024;
export const DATA = 1020;
export const FLAG = { sleeps: 1, closed: 2, refused: 4 };

export interface Stage {
  readonly segment: Segment;
  readonly ring: Ring;
  /** The whole memory. */
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
}

/** A ring without ends. `prepare` writes into the memory before there is a ring. */
export function stage(
  t: TestContext,
  capacity = 64,
  prepare: (words: Int32Array) => void = () => {},
): Stage {
  const segment = Segment.anonymous(Ring.bytesFor(capacity));
  t.after(() => segment.close());
  const words = new Int32Array(segment.buffer);
  prepare(words);
  return { segment, ring: new Ring(segment), words, bytes: new Uint8Array(segment.buffer) };
}

export interface Pair extends Stage {
  readonly writer: RingWriter;
  readonly reader: RingReader;
}

/** A ring with both ends in this thread. */
export function pair(t: TestContext, capacity = 64, prepare?: (words: Int32Array) => void): Pair {
  const made = stage(t, capacity, prepare);
  const writer = made.ring.writer();
  const reader = made.ring.reader();
  t.after(() => {
    writer.close();
    reader.close();
  });
  return { ...made, writer, reader };
}

/** Puts both cursors where a ring is that has carried `position` bytes (modulo 2^32). */
export function startAt(position: number): (words: Int32Array) => void {
  return (words) => {
    words[AT.written] = position | 0;
    words[AT.read] = position | 0;
  };
}

/** For assert.throws and assert.rejects. */
export function code(name: string): { code: string } {
  return { code: `ERR_MEMSPAN_${name}` };
}

/** Fills the ring with messages of one byte (8 with header and padding). Returns how many. */
export function fill(writer: RingWriter): number {
  let count = 0;
  while (writer.trySend(Uint8Array.of(count))) count++;
  return count;
}

/** What `tryReceive` finds until it finds nothing. */
export function drain(reader: RingReader): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let next = reader.tryReceive(); next !== null; next = reader.tryReceive()) found.push(next);
  return found;
}

/** Whether the promise is still pending after the event loop has gone round. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol();
  const turn = new Promise((resolve) => setImmediate(resolve, pending));
  return (await Promise.race([promise, turn])) === pending;
}
