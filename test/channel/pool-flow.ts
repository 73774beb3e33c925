// Writers and readers of a pool in processes and worker threads: every reader gets every message once, whole, and of each
// writer in its order; in the end all chunks are free.
import assert from 'node:assert/strict';
import { Span } from '../../src/index.ts';
import type { Puppet, Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';

const CHUNK_SIZE = 4000;
/** Bytes of messages, in turns. Those of 9 and more say whose they are. */
const LENGTHS = [12, 0, 1, 333, CHUNK_SIZE, 64];

/** Opens, and says so: nobody begins, and no writer closes, before all have come. */
function open({ memspan, kept }: Tools, name: string, end: 'writer' | 'reader'): void {
  kept.span = memspan.Span.join(name);
  Object.assign(kept, { end: kept.span.pool('p')[end]() });
}

/** Sends so many messages, each in another way than the one before, and closes. */
async function write(
  { kept }: Tools,
  writer: number,
  count: number,
  lengths: readonly number[],
): Promise<void> {
  const { end } = kept as unknown as {
    end: ReturnType<ReturnType<typeof kept.span.pool>['writer']>;
  };
  for (let i = 0; i < count; i++) {
    const length = lengths[i % lengths.length] as number;
    const fill = (bytes: Uint8Array): void => {
      bytes.fill((7 * writer + i) & 255);
      if (length >= 9) new DataView(bytes.buffer, bytes.byteOffset).setInt32(0, i);
      if (length >= 9) bytes[4] = writer;
    };
    if (i % 7 === 6) {
      const message = new Uint8Array(length);
      fill(message);
      if (i % 2 === 0) end.send(message);
      else await end.sendAsync(message);
      continue;
    }
    if (i % 11 === 10) end.loan().abort();
    const loan =
      i % 3 === 0
        ? await end.loanAsync({ length })
        : i % 3 === 1
          ? end.loan({ length })
          : end.loan();
    fill(i % 2 === 0 ? loan.bytes.subarray(0, length) : loan.plainBytes.subarray(0, length));
    loan.publish(length);
  }
  end.close();
  kept.span.close();
}

interface Found {
  readonly sequences: number[];
  /** By length. */
  readonly counts: Record<number, number>;
  /** What was wrong, if anything. */
  readonly wrong: string[];
}

/** Takes until the end, each message in another way than the one before. */
async function read({ kept }: Tools, writers: number, lengths: readonly number[]): Promise<Found> {
  const { end } = kept as unknown as {
    end: ReturnType<ReturnType<typeof kept.span.pool>['reader']>;
  };
  const found: Found = { sequences: [], counts: {}, wrong: [] };
  const last = Array(writers).fill(-1) as number[];
  const look = (bytes: Uint8Array): void => {
    const { length } = bytes;
    found.counts[length] = (found.counts[length] ?? 0) + 1;
    if (!lengths.includes(length)) found.wrong.push(`a message of ${length} bytes`);
    if (length < 9) return;
    const i = new DataView(bytes.buffer, bytes.byteOffset).getInt32(0);
    const writer = bytes[4] as number;
    const expected = (7 * writer + i) & 255;
    const at = bytes.subarray(5).findIndex((byte) => byte !== expected);
    if (at >= 0) found.wrong.push(`message ${i} of ${writer} is torn`);
    if (lengths[i % lengths.length] !== length)
      found.wrong.push(`message ${i} has ${length} bytes`);
    if (i <= (last[writer] as number)) found.wrong.push(`${i} of ${writer} after ${last[writer]}`);
    last[writer] = i;
  };
  for (let turn = 0; found.wrong.length === 0; turn++) {
    const taken =
      turn % 3 === 0
        ? end.take()
        : turn % 3 === 1
          ? await end.takeAsync()
          : (end.tryTake() ?? end.take());
    if (taken === null) break;
    look(taken.bytes);
    found.sequences.push(taken.sequence);
    // Held for a moment, with the next one.
    const next = turn % 5 === 4 ? end.tryTake() : null;
    if (next !== null) {
      look(next.bytes);
      found.sequences.push(next.sequence);
      next.release();
    }
    taken.release();
  }
  if (!end.ended) found.wrong.push('it has not ended');
  end.close();
  kept.span.close();
  return found;
}

/** Those writers and those readers, and so many messages of each. */
export async function flow(
  writers: readonly Puppet[],
  readers: readonly Puppet[],
  count: number,
): Promise<void> {
  const name = uniqueName();
  using span = Span.create(name, { lifetime: 'last-close', size: 2 ** 19 });
  const pool = span.pool('p', { chunks: 5, chunkSize: CHUNK_SIZE });
  await Promise.all([
    ...readers.map((puppet) => puppet.run(open, name, 'reader')),
    ...writers.map((puppet) => puppet.run(open, name, 'writer')),
  ]);
  const reading = readers.map((puppet) => puppet.run(read, writers.length, LENGTHS));
  const writing = writers.map((puppet, i) => puppet.run(write, i, count, LENGTHS));
  const [found] = await Promise.all([Promise.all(reading), Promise.all(writing)]);
  const total = writers.length * count;
  const expected: Record<number, number> = {};
  for (let i = 0; i < count; i++) {
    const length = LENGTHS[i % LENGTHS.length] as number;
    expected[length] = (expected[length] ?? 0) + writers.length;
  }
  for (const { sequences, counts, wrong } of found) {
    assert.deepEqual(wrong, []);
    assert.deepEqual(counts, expected);
    assert.equal(sequences.length, total);
    assert.equal(new Set(sequences).size, total, 'each once');
  }
  const { free, sent, received } = pool.counters;
  assert.deepEqual([free, sent, received], [5, total, total * readers.length]);
  await until(() => span.threads().length === 1, 'the others to leave');
}
