// What a pool has to say about itself, to any process that has it open.

import { load } from '../word/atomics.ts';
import { PoolWord } from './pool.layout.ts';
import type { PoolState } from './pool-state.ts';

/** A reader that there is. */
export interface PoolReaderCounters {
  /** Of its thread, as `span.threads()` has it. */
  readonly name: string;
  readonly pid: number;
  /** Messages that it has not taken yet. */
  readonly lag: number;
  /** Messages that it has taken and not released. */
  readonly taken: number;
}

/**
 * A moment's news, read chunk by chunk while others go on. What the chunks say is exact where nobody changes them; chunks of
 * the dead are counted as theirs until somebody needs them.
 */
export interface PoolCounters {
  /** All of them: free + loaned + published. */
  readonly chunks: number;
  readonly free: number;
  /** Being filled. */
  readonly loaned: number;
  /** Not released by all readers. */
  readonly published: number;
  /** Of these, those that a reader has taken. */
  readonly taken: number;
  /** Of these, those that a reader has not taken yet. */
  readonly depth: number;
  /** How many chunks were ever in use at once. Where several loan at the same moment it may say one too many for each. */
  readonly highWater: number;
  /** Publications, modulo 2^32: with those whose writer was killed in the midst of it. */
  readonly sent: number;
  /** How often a reader has taken a message, modulo 2^32: each counts for each reader. */
  readonly received: number;
  /** Of all that was published, each message once. What a writer that was killed had not counted yet is missing. */
  readonly bytes: number;
  /** Always 0: who publishes waits for a chunk, no message is dropped. */
  readonly dropped: number;
  readonly readers: readonly PoolReaderCounters[];
}

/** Who has a chunk. */
export interface ChunkHolder {
  readonly name: string;
  readonly pid: number;
  /** It fills it, is to take it, or reads it. */
  readonly what: 'loan' | 'pending' | 'taken';
}

/** A chunk that is not free. */
export interface ChunkInfo {
  readonly chunk: number;
  /** Of the message in it; undefined while it is loaned. */
  readonly sequence: number | undefined;
  readonly length: number | undefined;
  readonly holders: readonly ChunkHolder[];
}

export function countersOf(state: PoolState, index: number): PoolCounters {
  const { chunks, seats, shape, attachment } = state;
  const at = (word: number): number => load(attachment.view.words, index + word) >>> 0;
  const counts = { free: 0, loaned: 0, published: 0, taken: 0, depth: 0 };
  const lags = Array.from({ length: seats.count }, () => ({ lag: 0, taken: 0 }));
  for (let chunk = 0; chunk < shape.chunks; chunk++) {
    const found = chunks.stateOf(chunk);
    if (found.kind === 'free') counts.free++;
    if (found.kind === 'loaned') counts.loaned++;
    if (found.kind !== 'published') continue;
    counts.published++;
    if (found.taken !== 0) counts.taken++;
    if (found.pending !== 0) counts.depth++;
    for (const [seat, each] of lags.entries()) {
      each.lag += (found.pending >>> seat) & 1;
      each.taken += (found.taken >>> seat) & 1;
    }
  }
  const readers = lags.flatMap((lag, seat) => {
    const id = seats.holderOf(seat);
    return id === 0 ? [] : [{ ...whoIs(state, id), ...lag }];
  });
  return {
    chunks: shape.chunks,
    ...counts,
    highWater: Math.min(at(PoolWord.highWater), shape.chunks),
    sent: at(PoolWord.sent),
    received: at(PoolWord.received),
    bytes: at(PoolWord.bytes) + at(PoolWord.bytes + 1) * 2 ** 32,
    dropped: 0,
    readers,
  };
}

/** The chunks that are not free. */
export function usedChunks(state: PoolState): ChunkInfo[] {
  const { chunks, seats, shape } = state;
  const used: ChunkInfo[] = [];
  for (let chunk = 0; chunk < shape.chunks; chunk++) {
    const found = chunks.stateOf(chunk);
    if (found.kind === 'loaned') {
      const holders: ChunkHolder[] = [{ ...whoIs(state, found.id), what: 'loan' }];
      used.push({ chunk, sequence: undefined, length: undefined, holders });
    }
    if (found.kind !== 'published') continue;
    const holders: ChunkHolder[] = [];
    for (let seat = 0; seat < seats.count; seat++) {
      const bit = 1 << seat;
      if (((found.pending | found.taken) & bit) === 0) continue;
      const what = (found.taken & bit) !== 0 ? 'taken' : 'pending';
      holders.push({ ...whoIs(state, seats.holderOf(seat)), what });
    }
    used.push({
      chunk,
      sequence: chunks.sequenceOf(chunk),
      length: chunks.lengthOf(chunk),
      holders,
    });
  }
  return used;
}

/** Nobody's name is empty. */
function whoIs({ attachment }: PoolState, id: number): { name: string; pid: number } {
  const { name = '', pid = 0 } = attachment.view.participant(id) ?? {};
  return { name, pid };
}
