// How `memspan send NAME` and `memspan recv NAME` find each other, knowing nothing but a name.
//
// The segment of that name holds a ring, and in its last 64 bytes:
//
//    0  sender came     1 from when it is attached; it says so, or its peer has seen it
//    4  receiver came   the same
//   32  label           says that these two commands made the segment
//
// Whoever comes first makes it; its end of the ring is taken before anybody can see the name. A ring has one
// writer and one reader in its life, so a stream that has ended leaves nothing that another one could use.
//
// Who is alive is the kernel's word, by lifelines of the segment:
//
//   0, 1   the ring's writer and reader: came, and its lifeline is not held, means gone
//   2      the gate (inspect/stream-mark.ts): held shared by each attached process; a newcomer who gets it for itself alone knows that
//          nobody is there: what it found is the leftover of killed processes, and it removes it
//
// A ring without the label is a program's own. It can be joined (what it holds are messages, put end to end), but
// it is never removed, and there a peer has come when it was seen.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Lifeline,
  MemspanError,
  Ring,
  type RingReader,
  type RingWriter,
  Segment,
} from '../index.ts';
import { isStream, LABEL, labelOf, STREAM_GATE, TRAILER_BYTES } from '../inspect/stream-mark.ts';
import { CommandError } from './report.ts';

export type StreamEnd = RingWriter | RingReader;

/** What a side is called. */
export interface Role {
  readonly verb: 'send' | 'recv';
  readonly name: 'sender' | 'receiver';
  readonly peer: 'sender' | 'receiver';
}

/** One side of a stream. */
export interface Side<End extends StreamEnd> extends Role {
  readonly lifeline: number;
  take(ring: Ring): End;
  /** Throws `ERR_MEMSPAN_PEER_CLOSED` when the peer has closed. Only for a stream that is given up. */
  askIfClosed(end: End): void;
}

export const SENDER: Side<RingWriter> = {
  verb: 'send',
  name: 'sender',
  peer: 'receiver',
  lifeline: 0,
  take: (ring) => ring.writer(),
  askIfClosed: (writer) => void writer.trySend(''),
};

export const RECEIVER: Side<RingReader> = {
  verb: 'recv',
  name: 'receiver',
  peer: 'sender',
  lifeline: 1,
  take: (ring) => ring.reader(),
  // A reader hears all from the ring, after it has taken what is left.
  askIfClosed: () => {},
};

/** An attached end. What is in here must be kept: a lifeline that is lost is let go. */
export interface Joined<End extends StreamEnd> {
  readonly segment: Segment;
  readonly gate: Lifeline | undefined;
  readonly capacity: number;
  readonly end: End;
  /** Where the other side is. */
  peer(): 'absent' | 'attached' | 'gone';
}

const RETRY_MS = 10;
/** How long the stream before may take, at most, to end after one of its sides was killed. */
const PATIENCE_MS = 10_000;

/** Makes or joins the stream. Throws when its side is taken, or the name leads to something else. */
export async function join<End extends StreamEnd>(
  name: string,
  side: Side<End>,
  { capacity, timeoutMs }: { capacity: number; timeoutMs: number },
): Promise<Joined<End>> {
  const patience = performance.now() + Math.min(PATIENCE_MS, timeoutMs);
  for (;;) {
    const found = open(name);
    const joined = found ? joinFound(found, side) : make(name, side, capacity);
    if (joined !== undefined) return joined;
    if (performance.now() > patience) {
      throw new CommandError(
        'ERR_MEMSPAN_BUSY',
        `${side.verb} '${name}': a stream of this name is still ending, and its ${side.name} is gone`,
        `End its ${side.peer}, or choose another name`,
      );
    }
    await sleep(RETRY_MS);
  }
}

/** Removes the name, if these commands made it and it still leads here. */
export function leave({ segment, gate }: Joined<StreamEnd>): void {
  if (gate !== undefined) segment.unlink();
}

/** Whether the name still leads to the stream. */
export function isNamed(segment: Segment): boolean {
  const found = open(segment.name as string);
  if (found === undefined) return false;
  const [ours, theirs] = [segment.handle, found.handle];
  found.close();
  return ours.dev === theirs.dev && ours.ino === theirs.ino;
}

function open(name: string): Segment | undefined {
  try {
    return Segment.open(name);
  } catch (error) {
    if (hasCode(error, 'ERR_MEMSPAN_NOT_FOUND')) return undefined;
    throw error;
  }
}

/** Undefined: somebody else was quicker. */
function make<End extends StreamEnd>(
  name: string,
  side: Side<End>,
  capacity: number,
): Joined<End> | undefined {
  const size = Ring.bytesFor(capacity) + TRAILER_BYTES;
  let attached: Joined<End> | undefined;
  try {
    Segment.create(name, {
      size,
      init: (segment) => {
        labelOf(segment).write(LABEL, 'latin1');
        const gate = segment.lifeline(STREAM_GATE, { shared: true }) as Lifeline;
        attached = attach(segment, side, gate);
      },
    });
    return attached;
  } catch (error) {
    attached?.end.close();
    attached?.gate?.release();
    if (hasCode(error, 'ERR_MEMSPAN_EXISTS')) return undefined;
    throw error;
  }
}

/** Undefined: look again. */
function joinFound<End extends StreamEnd>(
  segment: Segment,
  side: Side<End>,
): Joined<End> | undefined {
  let joined: Joined<End> | undefined;
  let gate: Lifeline | null = null;
  try {
    if (!isStream(segment)) {
      joined = joinProgram(segment, side);
      return joined;
    }
    gate = segment.lifeline(STREAM_GATE);
    if (gate !== null) {
      segment.unlink();
      return undefined;
    }
    gate = segment.lifeline(STREAM_GATE, { shared: true });
    // Refused: another newcomer is looking. Renamed: everybody left while this one was coming.
    if (gate !== null && isNamed(segment)) joined = takeSide(segment, side, gate);
    return joined;
  } finally {
    if (joined === undefined) {
      gate?.release();
      segment.close();
    }
  }
}

/** Undefined: the side was taken by one that is dead; its peer will notice and leave. */
function takeSide<End extends StreamEnd>(
  segment: Segment,
  side: Side<End>,
  gate: Lifeline | undefined,
): Joined<End> | undefined {
  try {
    return attach(segment, side, gate);
  } catch (error) {
    if (!hasCode(error, 'ERR_MEMSPAN_BUSY')) throw error;
    if (!segment.isHeld(side.lifeline)) return undefined;
    throw new CommandError(
      'ERR_MEMSPAN_BUSY',
      `${side.verb} '${segment.name}': another ${side.name} is attached`,
      'Wait until it has ended, or choose another name',
    );
  }
}

function joinProgram<End extends StreamEnd>(segment: Segment, side: Side<End>): Joined<End> {
  if (!isRing(segment)) {
    throw new CommandError(
      'ERR_MEMSPAN_EXISTS',
      `${side.verb} '${segment.name}': the name belongs to a segment that is not a stream`,
      'Choose another name; `memspan ls` shows the ones in use',
    );
  }
  const joined = takeSide(segment, side, undefined);
  if (joined !== undefined) return joined;
  throw new CommandError(
    'ERR_MEMSPAN_BUSY',
    `${side.verb} '${segment.name}': this program's ring has had its ${side.name}`,
    'A ring is used once: the program must make another',
  );
}

function attach<End extends StreamEnd>(
  segment: Segment,
  side: Side<End>,
  gate: Lifeline | undefined,
): Joined<End> {
  const ring = new Ring(segment);
  const end = side.take(ring);
  const came = gate === undefined ? [0, 0] : wordsOf(segment);
  const other = 1 - side.lifeline;
  came[side.lifeline] = 1;
  const peer = (): 'absent' | 'attached' | 'gone' => {
    if (segment.isHeld(other)) came[other] = 1;
    else return came[other] === 0 ? 'absent' : 'gone';
    return 'attached';
  };
  return { segment, gate, capacity: ring.capacity, end, peer };
}

/** Without writing to it: a ring's constructor makes one of fresh memory. */
function isRing(segment: Segment): boolean {
  const { size, buffer } = segment;
  if (size < 4 || new Int32Array(buffer, 0, 1)[0] === 0) return false;
  try {
    return new Ring(segment).capacity > 0;
  } catch {
    return false;
  }
}

function wordsOf({ buffer, size }: Segment): Int32Array {
  return new Int32Array(buffer, size - TRAILER_BYTES, 2);
}

function hasCode(error: unknown, code: MemspanError['code']): boolean {
  return error instanceof MemspanError && error.code === code;
}
