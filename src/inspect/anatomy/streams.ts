// Channels of one line: rings, queues, newest values. Who has their ends, what is in them, who waits. The bytes are
// explained in src/channel/*.layout.ts.

import {
  BUFFERS,
  Buffered,
  decode as decodeLatest,
  HALF,
  ENDED as LATEST_ENDED,
  HEADER as LATEST_HEADER,
  lengthOf as latestLength,
  strideOf as latestStride,
  MARK,
  PUBLISHED,
  SEAT,
  sequenceOf,
} from '../../channel/latest.layout.ts';
import {
  CAPACITY_MAX,
  CELLS_OFFSET,
  ENDED,
  Kind,
  kindOf,
  MESSAGE_MAX,
  ownerOf,
  Positions,
  QueueCell,
  QueueWord,
  queueSize,
  strideOf,
} from '../../channel/queue.layout.ts';
import {
  CLOSED,
  positionOf,
  READER,
  HEADER as RING_HEADER,
  RING_MAGIC,
  RING_VERSION,
  type Role,
  WRITER,
} from '../../channel/ring.layout.ts';
import { countersOf as ringCounters } from '../../channel/ring-counters.ts';
import { load } from '../../word/atomics.ts';
import type { Who } from './attendance.ts';
import { counted, type Dissection, damaged, nameOf, type State, sentence } from './dissection.ts';
import { queueAt } from './exclusion.ts';

/** What a directory entry says of a channel. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
  readonly options: number;
}

export function ringState(found: Dissection, { offset, length }: Extent): State {
  const words = found.words.subarray(offset / 4, (offset + length) >>> 2);
  const seat = (role: Role): Who | undefined => found.who(found.word(offset + 4 * role.attached));
  const [writer, reader] = [seat(WRITER), seat(READER)];
  const { waiting, waiters } = queueAt(found, offset);
  const ring = ringFacts(words, length);
  if (typeof ring === 'string') return damaged(ring);
  return {
    summary: sentence(
      ringSummary(ring),
      `writer: ${writer ? nameOf(writer) : 'nobody'}`,
      `reader: ${reader ? nameOf(reader) : 'nobody'}`,
      waiting,
    ),
    facts: { ...ring, writer, reader, waiters },
  };
}

export interface RingFacts {
  readonly capacity: number;
  /** Messages that are there, and the bytes they and their headers take up. */
  readonly depth: number;
  readonly bytesUsed: number;
  readonly highWater: number;
  readonly sent: number;
  readonly received: number;
  readonly bytes: number;
  readonly ended: boolean;
  readonly refused: boolean;
}

/** A ring that begins with the first word; what is wrong with it, in words. */
export function ringFacts(words: Int32Array, length: number): RingFacts | string {
  const at = (index: number): number => (index < words.length ? load(words, index) >>> 0 : 0);
  const [magic, version, said] = [at(0), at(1), at(2)];
  if (length < RING_HEADER + 64) return `${length} bytes are no ring`;
  if (magic !== 0 && magic !== RING_MAGIC) return `it does not begin as a ring does`;
  if (version !== 0 && version !== RING_VERSION) return `its version is ${version}`;
  const isPossible =
    said >= 64 && said <= length - RING_HEADER && Number.isInteger(Math.log2(said));
  if (said !== 0 && !isPossible) return `its capacity is ${said}, in ${length} bytes`;
  const [written, read] = [at(WRITER.cursor), at(READER.cursor)];
  const bytesUsed = (positionOf(written) - positionOf(read)) >>> 0;
  if (bytesUsed > said) return `its cursors are ${bytesUsed} bytes apart, of ${said}`;
  const { dropped, ...counters } = ringCounters(words);
  return {
    capacity: said,
    ...counters,
    bytesUsed,
    ended: (written & CLOSED) !== 0,
    refused: (read & CLOSED) !== 0,
  };
}

export function ringSummary({
  capacity,
  depth,
  bytesUsed,
  sent,
  ended,
  refused,
}: RingFacts): string {
  return sentence(
    `${counted(depth, 'message')} (${bytesUsed} of ${capacity} bytes), ${sent.toLocaleString('en-US')} sent`,
    ended && 'its writer has closed',
    refused && 'its reader has closed',
  );
}

export function queueState(found: Dissection, { offset, length, options }: Extent): State {
  const at = (word: number): number => found.word(offset + 4 * word);
  const [capacity, messageMax] = [at(QueueWord.capacity), at(QueueWord.messageMax) - 1];
  const messages = queueAt(found, offset + 4 * QueueWord.messages);
  const room = queueAt(found, offset + 4 * QueueWord.room);
  const waiters = [...messages.waiters, ...room.waiters];
  const waiting = sentence(
    messages.waiting && `for a message, ${messages.waiting}`,
    room.waiting && `for room, ${room.waiting}`,
  );
  if (capacity === 0 || messageMax === -1) {
    return { summary: 'nobody has used it yet', facts: { state: 'unused', waiters } };
  }
  const isPossible =
    capacity > 0 && capacity <= CAPACITY_MAX && messageMax >= 0 && messageMax <= MESSAGE_MAX;
  if (!isPossible || queueSize(capacity, messageMax) !== length) {
    return damaged(
      `${capacity} messages of up to ${messageMax} bytes are no queue of ${length} bytes`,
    );
  }
  const positions = new Positions(capacity);
  const [head, tail] = [at(QueueWord.head), at(QueueWord.tail)];
  const depth = positions.distance(head, tail);
  if (
    positions.index(head) >= capacity ||
    positions.index(tail) >= capacity ||
    depth < 0 ||
    depth > capacity
  ) {
    return damaged(`its head is at ${head >>> 0} and its tail at ${tail >>> 0}`);
  }
  // Of a queue of millions only the positions are looked at.
  const cells = found.spend(4 * capacity)
    ? cellsOf(found, offset, capacity, strideOf(messageMax))
    : undefined;
  const ended = (at(QueueWord.notice) & ENDED) !== 0;
  const dropped = at(QueueWord.dropped) >>> 0;
  const { writing = [], reading = [] } = cells ?? {};
  return {
    summary: sentence(
      `${counted(depth, 'message')} of at most ${capacity}`,
      reading.length > 0 && `${reading.length} taken`,
      writing.length > 0 && `${writing.length} being written`,
      ended && 'ended',
      waiting,
    ),
    facts: {
      capacity,
      messageMax,
      delivery: (options & 1) !== 0 ? 'at-most-once' : 'at-least-once',
      head: head >>> 0,
      tail: tail >>> 0,
      depth,
      highWater: Math.min(Math.max(at(QueueWord.highWater), 0), capacity),
      ...(cells && {
        sent: cells.received + dropped + cells.held,
        received: cells.received,
        bytes: cells.bytes,
      }),
      dropped,
      skipped: at(QueueWord.skipped) >>> 0,
      redelivered: at(QueueWord.redelivered) >>> 0,
      ended,
      writing,
      reading,
      waiters,
    },
  };
}

function cellsOf(found: Dissection, offset: number, capacity: number, stride: number) {
  const writing: Who[] = [];
  const reading: Who[] = [];
  let [held, received, bytes] = [0, 0, 0];
  for (let index = 0; index < capacity; index++) {
    const cell = offset + CELLS_OFFSET + index * stride;
    const state = found.word(cell + QueueCell.state);
    const kind = kindOf(state);
    if (kind === Kind.full || kind === Kind.reading) held++;
    const owner =
      kind === Kind.writing || kind === Kind.reading ? found.who(ownerOf(state)) : undefined;
    if (owner !== undefined) (kind === Kind.writing ? writing : reading).push(owner);
    received += found.count(cell + QueueCell.received);
    bytes += found.count(cell + QueueCell.volume);
  }
  return { held, writing, reading, received, bytes };
}

export interface LatestState extends State {
  /** Where the newest value is, in bytes from the span's beginning. */
  readonly value?: { readonly offset: number; readonly length: number };
}

export function latestState(found: Dissection, { offset, length, options }: Extent): LatestState {
  const shape = decodeLatest(options);
  if (shape === undefined || latestLength(shape) !== length) {
    return damaged(`${length} bytes with the options ${options >>> 0} are no newest value`);
  }
  const at = (word: number): number => found.word(offset + 4 * word);
  const { waiting, waiters } = queueAt(found, offset + 4 * MARK);
  const writer = found.who(at(SEAT));
  const ended = at(LATEST_ENDED) === 1;
  const sequence = sequenceOf(at(HALF), at(PUBLISHED));
  const buffer = offset + BUFFERS + (sequence % shape.buffers) * latestStride(shape.size);
  const valueLength = sequence === 0 ? 0 : found.word(buffer + 4 * Buffered.length);
  if (valueLength < 0 || valueLength > shape.size) {
    return damaged(`a value of ${valueLength} bytes, where ${shape.size} are the most`);
  }
  return {
    summary: sentence(
      sequence === 0
        ? 'no value yet'
        : `value ${sequence.toLocaleString('en-US')}, ${counted(valueLength, 'byte')}`,
      `writer: ${writer ? nameOf(writer) : 'nobody'}`,
      ended && 'ended',
      waiting,
    ),
    facts: { ...shape, sequence, length: valueLength, ended, writer, waiters },
    ...(sequence === 0 ? {} : { value: { offset: buffer + LATEST_HEADER, length: valueLength } }),
  };
}
