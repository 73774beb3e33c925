// A participant's slot: taking one, filling it, giving it back.
//
// | slot's identity  | lifeline of that id | means                                     |
// |------------------|---------------------|-------------------------------------------|
// | 0, or garbage    | –                   | free                                      |
// | id               | held                | being filled, or being given back         |
// | id, ATTACHED     | held                | attached                                  |
// | id, ATTACHED     | free                | died attached: free, and news for `stale` |
// | id               | free                | left, or died while filling: free         |
//
// The lifeline of the next id is taken before the identity changes to it, so nobody ever sees a claim without
// its lifeline; two who want the same slot want the same lifeline, and one of them goes on to the next slot.

import { readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { threadId } from 'node:worker_threads';
import { MemspanError } from '../errors.ts';
import type { Lifeline } from '../segment/lifeline.ts';
import { add, compareExchange, load, store } from '../word/atomics.ts';
import { clearBytes, writeBytes, writeFloat } from '../word/bytes.ts';
import { Header } from './header.layout.ts';
import {
  ATTACHED,
  CELL_WORDS,
  CELLS,
  epochOf,
  ID_MASK,
  idOf,
  READS,
  Slot,
  slotOf,
  TEXT_SIZE,
} from './participant.layout.ts';
import type { SpanView } from './view.ts';

export interface TakenSlot {
  readonly id: number;
  readonly lifeline: Lifeline;
}

/** Throws `ERR_MEMSPAN_LIMIT` when all slots are taken by the living. */
export function takeSlot(view: SpanView, as: string | undefined): TakenSlot {
  const { participants } = view.geometry;
  const start = add(view.words, Header.slotCursor, 1) >>> 0;
  for (let turn = 0; turn < participants; turn++) {
    const slot = (start + turn) % participants;
    const taken = trySlot(view, slot);
    if (taken === undefined) continue;
    // step: slot-claimed
    fill(view, taken.id, as);
    // step: slot-filled
    store(view.words, view.slotAt(slot) + Slot.identity, taken.id | ATTACHED);
    return taken;
  }
  throw new MemspanError('ERR_MEMSPAN_LIMIT', {
    operation: 'Span.open',
    object: view.segment.name,
    cause: `all of its ${participants} participants are attached`,
    remedy: 'Make the span with more participants, or close it where it is not needed',
    expected: participants,
  });
}

function trySlot(view: SpanView, slot: number): TakenSlot | undefined {
  const at = view.slotAt(slot) + Slot.identity;
  for (;;) {
    const before = load(view.words, at);
    const previous = before & ID_MASK;
    const isOurs = slotOf(previous) === slot;
    if (isOurs && view.isAlive(previous)) return undefined;
    const id = idOf(slot, isOurs ? epochOf(previous) + 1 : 1);
    const lifeline = view.segment.lifeline(id);
    if (lifeline === null) return undefined;
    // step: slot-lifeline
    if (compareExchange(view.words, at, before, id) === before) return { id, lifeline };
    lifeline.release();
  }
}

function fill(view: SpanView, id: number, as: string | undefined): void {
  const slot = slotOf(id);
  const at = view.slotAt(slot);
  const { words } = view;
  store(words, view.geometry.waitsOffset / 4 + slot, epochOf(id) << 16);
  clearBytes(words, 4 * (at + Slot.cells), 4 * CELLS * CELL_WORDS);
  store(words, at + Slot.reads, epochOf(id) << 16);
  clearBytes(words, 4 * (at + Slot.reads + 1), 4 * READS);
  const { tid, pidNamespace } = whoAmI();
  const numbers = new Int32Array([process.pid, tid, pidNamespace]);
  writeBytes(words, 4 * (at + Slot.pid), new Uint8Array(numbers.buffer));
  writeFloat(words, at + Slot.attachedAt, Date.now());
  const program = basename(process.argv[1] || process.execPath);
  const name = as ?? (threadId === 0 ? program : `${program}#${threadId}`);
  // One stands right behind the other.
  const texts = new Uint8Array(2 * TEXT_SIZE);
  new TextEncoder().encodeInto(name, texts.subarray(0, TEXT_SIZE));
  new TextEncoder().encodeInto(program, texts.subarray(TEXT_SIZE));
  writeBytes(words, 4 * (at + Slot.name), texts);
}

/** Gives the slot back; what it still owns is thereby a dead one's. */
export function leaveSlot(view: SpanView, taken: TakenSlot): void {
  const slot = slotOf(taken.id);
  const { words } = view;
  store(words, view.geometry.waitsOffset / 4 + slot, epochOf(taken.id) << 16);
  const identity = taken.id | ATTACHED;
  compareExchange(words, view.slotAt(slot) + Slot.identity, identity, taken.id);
  // step: slot-left
  taken.lifeline.release();
}

/** Frees the slots of those who died attached. Only for who is attached, or alone behind the gate. */
export function clearDead(view: SpanView): void {
  for (const id of view.ids()) {
    if (view.isAlive(id)) continue;
    // step: recover-slot
    const at = view.slotAt(slotOf(id)) + Slot.identity;
    compareExchange(view.words, at, id | ATTACHED, id);
  }
}

/** Whether anybody died attached. */
export function hasDead(view: SpanView): boolean {
  for (const id of view.ids()) if (!view.isAlive(id)) return true;
  return false;
}

interface Self {
  readonly tid: number;
  readonly pidNamespace: number;
}

// A thread's numbers stay the same for as long as it runs.
let self: Self | undefined;

function whoAmI(): Self {
  self ??= readSelf();
  return self;
}

/** PID/task/TID (proc(5)); where /proc is another namespace's or missing: 0. */
function readSelf(): Self {
  try {
    const tid = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    return { tid, pidNamespace: statSync('/proc/self/ns/pid').ino };
  } catch {
    return { tid: 0, pidNamespace: 0 };
  }
}
