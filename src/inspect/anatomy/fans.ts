// Channels with several readers, each at its own place: broadcasts and pools. What is in them, how far each reader is
// behind. The bytes are explained in src/channel/*.layout.ts.

import {
  CAPACITY_MAX,
  CAPACITY_MIN,
  CLOSED,
  Count,
  LAP,
  LAP_BITS,
  positionOf,
  SEAT_SIZE,
  SEATS,
  SEQUENCE_AT,
  SeatCount,
  SeatWord,
  sizeOf,
  Word,
} from '../../channel/broadcast.layout.ts';
import { decode as decodeBroadcast } from '../../channel/broadcast-options.ts';
import {
  CHUNK_WORDS,
  ChunkWord,
  decodeShape,
  LOANED,
  PENDING_MASK,
  PoolWord,
  PUBLISHED,
  poolBytes,
  READERS_MAX,
  REPAIR,
  WRITERS_MAX,
} from '../../channel/pool.layout.ts';
import { ID_MASK } from '../../span/participant.layout.ts';
import type { Who } from './attendance.ts';
import {
  counted,
  type Dissection,
  damaged,
  LISTED,
  nameOf,
  namesOf,
  type State,
  sentence,
  tooMuch,
} from './dissection.ts';
import { queueAt } from './exclusion.ts';
import type { Extent } from './streams.ts';

/** A reader of a channel, and how many messages it has not taken yet. */
export interface Lag {
  readonly who: Who;
  readonly lag: number;
}

export function broadcastState(found: Dissection, { offset, length, options }: Extent): State {
  const { capacity, readers: seats, overflow } = decodeBroadcast(options);
  const isPossible = capacity >= CAPACITY_MIN && capacity <= CAPACITY_MAX && seats >= 1;
  if (!isPossible || sizeOf(capacity, seats) !== length || offset % 8 !== 0) {
    return damaged(`${length} bytes with the options ${options >>> 0} are no broadcast`);
  }
  if (!found.spend(LISTED * seats)) return tooMuch();
  const at = (word: number): number => found.word(offset + 4 * word);
  const count = (index: number): number => found.count(offset + 8 * index);
  const written = at(Word.written);
  const data = offset + SEATS + seats * SEAT_SIZE;
  const sequenceAt = data + ((positionOf(written) >>> 0) % capacity) + SEQUENCE_AT;
  const laps = at(Word.messageLaps);
  const sent = (laps >>> 0) * LAP + ((found.word(sequenceAt) - (laps << LAP_BITS)) | 0);
  if (sent < 0) return damaged(`the number of its next message is ${sent}`);
  const readers: (Lag & { readonly missed: number })[] = [];
  for (let seat = 0; seat < seats; seat++) {
    const start = offset + SEATS + seat * SEAT_SIZE;
    const owner = found.word(start + 4 * SeatWord.owner);
    const who = found.who(owner);
    if (!who?.alive || found.word(start + 4 * SeatWord.ready) !== owner) continue;
    const next = found.count(start + 8 * SeatCount.next);
    const missed = found.count(start + 8 * SeatCount.missed);
    readers.push({ who, lag: Math.max(0, sent - next), missed });
  }
  const drops = overflow === 'drop-oldest';
  const there = drops ? Math.max(0, sent - count(Count.first)) : sent;
  const depth = Math.min(there, Math.max(0, ...readers.map(({ lag }) => lag)));
  const writer = found.who(at(Word.writer));
  const [messages, room] = [Word.messages, Word.room].map((word) =>
    queueAt(found, offset + 4 * word),
  );
  return {
    summary: sentence(
      `${counted(sent, 'message')} sent`,
      `writer: ${writer ? nameOf(writer) : 'nobody'}`,
      (written & CLOSED) !== 0 && 'closed',
      lagsOf(readers),
      messages?.waiting,
      room?.waiting && `for room, ${room.waiting}`,
    ),
    facts: {
      capacity,
      seats,
      overflow,
      sent,
      depth,
      highWater: Math.max(depth, count(Count.highWater)),
      bytes: count(Count.bytes),
      closed: (written & CLOSED) !== 0,
      writer,
      readers,
      waiters: [...(messages?.waiters ?? []), ...(room?.waiters ?? [])],
    },
  };
}

export function poolState(found: Dissection, { offset, length, options }: Extent): State {
  const shape = decodeShape(options, length);
  if (shape === undefined || poolBytes(shape) !== length) {
    return damaged(`${length} bytes with the options ${options >>> 0} are no pool`);
  }
  const { chunks, readers: seats } = shape;
  if (!found.spend(chunks * (1 + seats))) return tooMuch();
  const at = (word: number): number => found.word(offset + 4 * word);
  const readers: (Lag & { readonly taken: number; readonly seat: number })[] = [];
  const lags = Array.from({ length: seats }, () => ({ lag: 0, taken: 0 }));
  const counts = { free: 0, loaned: 0, published: 0 };
  const loans: { readonly chunk: number; readonly who: Who }[] = [];
  const damagedChunks: number[] = [];
  for (let chunk = 0; chunk < chunks; chunk++) {
    const state = at(PoolWord.chunks + chunk * CHUNK_WORDS + ChunkWord.state);
    if (state === 0 || state === PUBLISHED) counts.free++;
    else if ((state & ~ID_MASK) === LOANED) {
      counts.loaned++;
      const who = found.who(state & ID_MASK);
      if (who !== undefined) loans.push({ chunk, who });
    } else {
      const [pending, taken] = [state & PENDING_MASK, (state >>> READERS_MAX) & PENDING_MASK];
      const isPossible = (state & LOANED) === 0 && (state & PUBLISHED) !== 0;
      if (!isPossible || (pending | taken) >>> seats !== 0) {
        damagedChunks.push(chunk);
        continue;
      }
      counts.published++;
      for (const [seat, each] of lags.entries()) {
        each.lag += (pending >>> seat) & 1;
        each.taken += (taken >>> seat) & 1;
      }
    }
  }
  for (const [seat, each] of lags.entries()) {
    const word = at(PoolWord.readers + seat);
    const who = (word & REPAIR) === 0 ? found.who(word & ID_MASK) : undefined;
    if (who !== undefined) readers.push({ who, ...each, seat });
  }
  const used = Math.min(Math.max(at(PoolWord.writersUsed), 0), WRITERS_MAX);
  const writers = Array.from({ length: used }, (_, seat) => found.who(at(PoolWord.writers + seat)));
  const lines = [PoolWord.room, ...lags.map((_, seat) => PoolWord.marks + seat)];
  const waiters = lines.flatMap((word) => queueAt(found, offset + 4 * word).waiters);
  const dead = loans.filter(({ who }) => !who.alive);
  return {
    summary: sentence(
      `${counts.free} of ${counted(chunks, 'chunk')} free, ${counts.loaned} loaned, ${counts.published} published`,
      dead.length > 0 && `${dead.length} loaned to the dead`,
      damagedChunks.length > 0 && `damaged: ${counted(damagedChunks.length, 'chunk')}`,
      lagsOf(readers),
      waiters.length > 0 && `waiting: ${namesOf(waiters.map(({ who }) => who))}`,
    ),
    facts: {
      ...shape,
      ...counts,
      sent: at(PoolWord.sent) >>> 0,
      received: at(PoolWord.received) >>> 0,
      bytes: (at(PoolWord.bytes) >>> 0) + (at(PoolWord.bytes + 1) >>> 0) * 2 ** 32,
      loans,
      ...(damagedChunks.length > 0 ? { damage: `chunks ${damagedChunks.join(', ')}` } : {}),
      writers: writers.filter((who) => who !== undefined),
      readers,
      waiters,
    },
  };
}

const READERS_SHOWN = 4;

function lagsOf(readers: readonly Lag[]): string {
  if (readers.length === 0) return 'no readers';
  const shown = readers
    .slice(0, READERS_SHOWN)
    .map(({ who, lag }) => `${nameOf(who)} is ${lag} behind`);
  const more = readers.length - READERS_SHOWN;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
