// The bytes of a lock space, and the protocol by which its participants agree without anybody in charge.
//
//   object `locks`   │ versions: 256 words, one for each bucket of names
//   (a span's only   │ summaries: a word per slot: epoch << 16 │ how many chunks, from the first on, may be in use
//    object)         │ claims: per slot 512 chunks of 128 bytes, written by the slot's owner alone; but see STOLEN
//
//   claim, in one    │  0 state: sequence << 4 │ THIEF │ SHARED │ phase       4 ticket: place in the order of requests
//   to nine chunks   │  8 version: the bucket's, by which it is held          12 hash of the name
//                    │ 16 bytes of the name, UTF16                            24 name, the first 104 bytes
//                    └─ each further chunk: a word that stays 0, and 124 bytes of name
//
// Whose a claim is, the epoch in the summary says. A claim of somebody dead (his lifeline is free) is not there. A
// claim is filled first and its state stored last; a reader reads the state before and after the rest.
//
// | phase   | stored by                                 | means                                           | ends by           |
// |---------|-------------------------------------------|-------------------------------------------------|-------------------|
// | 0       | its owner: it is released, or given up    | no claim, or the middle of a name               | a new claim       |
// | PENDING | its owner: the lock cannot be had yet     | it keeps its place in the order of tickets      | HELD, 0           |
// | HELD    | its owner, before it commits              | held, or tried: others cannot tell              | 0, PENDING, STOLEN |
// | STOLEN  | a thief, by compare-exchange from HELD    | its owner has lost it and may not know it yet   | 0 (PENDING)       |
//
// Two claims conflict when their name is the same and not both are SHARED. With V the version of the name's bucket:
//
//   try      v ← V; look: no living claim that is HELD conflicts, nor one PENDING with an earlier ticket, or it is not ours yet;
//            version ← v + 1, state ← HELD; V: v → v + 1, by compare-exchange. That is the grant. If it fails, state ← PENDING,
//            and once more; if then it is not ours, ring whom it concerns: they may have seen HELD
//   publish  state ← PENDING, V + 1, then try; what was seen without a place in the order does not count
//   release  HELD → 0 (it was STOLEN: told to the request), then ring whom it concerns; the same after giving up
//   ring     of the living who are PENDING: all SHARED ones before the first that is not; or that one, when nothing is HELD
//   steal    state ← HELD, THIEF; V + 1, which is the grant; version ← it. Then each living HELD claim that was granted before
//            (by version; of thieves, by ticket) → STOLEN, by compare-exchange of the very state; ring its owner. A thief that finds
//            one with a later ticket is stolen from itself
//
// Never two: of two conflicting grants by try, let the one whose exchange is later be d, the other c. V did not change from
// d's load to d's exchange, so c's exchange was before d's load; c's HELD was there before c's exchange, and d looked after its
// load: d has seen it. Of a grant by try and a theft: before the theft, the thief finds it HELD and takes it (or it does not count: the exchange
// fails, because V has changed); after, the thief's HELD is seen. Of two thieves, each stores HELD and then looks: at least one sees the
// other, and both go by the ticket.
// Never none: who is PENDING has looked after it was published; who stops being in its way looks for whom to ring after that.
// One of them sees the other. Who dies in between is news to everybody who sleeps (span/waiting.ts), and they all look again.
// A version wraps: 2^32 grants of one bucket while somebody is stopped between two instructions would have to end on the very same number.

import { EPOCH_MASK } from '../span/participant.layout.ts';

/** In the directory. */
export const LOCKS_KIND = 16;
export const LOCKS_NAME = 'locks';

/** Of the span that is a lock space. */
export const SPACE_PARTICIPANTS = 64;
export const SPACE_OBJECTS = 4;
export const SPACE_SIZE: number = 17 * 2 ** 18;

export const BUCKETS = 256;
export const CHUNKS = 512;
export const CHUNK_SIZE = 128;

/** Words of the object, and how many of each. */
export const Space: Readonly<Record<'versions' | 'summaries' | 'claims', number>> = {
  versions: 0,
  summaries: BUCKETS,
  claims: BUCKETS + SPACE_PARTICIPANTS,
};

export const LOCKS_SIZE: number = 4 * Space.claims + SPACE_PARTICIPANTS * CHUNKS * CHUNK_SIZE;

/** Words of a claim's first chunk. */
export const Claim = { state: 0, ticket: 1, version: 2, hash: 3, nameLength: 4, name: 6 } as const;
export const CHUNK_WORDS: number = CHUNK_SIZE / 4;
/** Words of the name in the first chunk, and in each further one, which has them after a word that stays 0. */
export const NAME_WORDS: number = CHUNK_WORDS - Claim.name;
export const MORE_WORDS: number = CHUNK_WORDS - 1;

export const NAME_BYTES_MAX = 1024;
/** In nameLength: the name has half of a surrogate pair, so its bytes are UTF-16, the low one first, not UTF-8. */
export const UTF16 = 0x1_0000;

/** In a claim's state. */
export const PHASE_MASK = 3;
export const Phase = { PENDING: 1, HELD: 2, STOLEN: 3 } as const;
export const SHARED = 4;
export const THIEF = 8;
export const SEQUENCE_SHIFT = 4;

export function chunksOf(nameBytes: number): number {
  const rest = Math.ceil(nameBytes / 4) - NAME_WORDS;
  return 1 + Math.max(0, Math.ceil(rest / MORE_WORDS));
}

/** The word of a name's word `index`, from its claim's first word on. */
export function nameWordAt(index: number): number {
  if (index < NAME_WORDS) return Claim.name + index;
  const rest = index - NAME_WORDS;
  return CHUNK_WORDS * (1 + Math.floor(rest / MORE_WORDS)) + 1 + (rest % MORE_WORDS);
}

/** A summary's parts. */
export function summaryOf(epoch: number, count: number): number {
  return (epoch << 16) | count;
}

export function epochIn(summary: number): number {
  return (summary >>> 16) & EPOCH_MASK;
}

export function countIn(summary: number): number {
  return Math.min(summary & 0xffff, CHUNKS);
}
