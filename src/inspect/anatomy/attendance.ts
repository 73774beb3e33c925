// Who is attached to a span, alive or dead, and what each of them waits for and reads, as the slots say it.
//
// One look: whether somebody lives is asked once, so that all that is said about one span goes together.

import { statSync } from 'node:fs';
import { Header } from '../../span/header.layout.ts';
import {
  ATTACHED,
  CELLS,
  EPOCH_MASK,
  epochOf,
  ID_MASK,
  idOf,
  Mode,
  READS,
  Slot,
  slotOf,
} from '../../span/participant.layout.ts';
import type { SpanView, WaitInfo } from '../../span/view.ts';
import { load } from '../../word/atomics.ts';
import type { Damage } from './header.ts';

/** A participant where something names it. */
export interface Who {
  readonly id: number;
  /** Undefined for one whose slot is somebody else's by now. */
  readonly name: string | undefined;
  readonly pid: number | undefined;
  readonly alive: boolean;
}

/** A published cell: what a participant waits for. */
export interface Waiting {
  readonly who: Who;
  /** Where the word is that it waits for, in bytes from the span's beginning. */
  readonly offset: number;
  readonly mode: WaitMode;
  /** Its thread blocks; else one of its tasks waits. */
  readonly blocking: boolean;
  /** Undefined when the bytes say nothing that could be true. */
  readonly since: Date | undefined;
  /** Who waits longer has the lower one, by the sign of the difference. */
  readonly ticket: number;
  /** The same cell with the same state is one and the same wait. */
  readonly state: number;
}

const MODES: Readonly<Record<number, WaitMode>> = {
  [Mode.exclusive]: 'exclusive',
  [Mode.shared]: 'shared',
  [Mode.permit]: 'permit',
  [Mode.notification]: 'notification',
  [Mode.event]: 'event',
  [Mode.barrier]: 'barrier',
  [Mode.message]: 'message',
  [Mode.room]: 'room',
};

/** What it wants of the object. */
export type WaitMode =
  | 'exclusive'
  | 'shared'
  | 'permit'
  | 'notification'
  | 'event'
  | 'barrier'
  | 'message'
  | 'room'
  | 'unknown';

/** A slot that is in use. */
export interface Attendant {
  readonly who: Who;
  readonly slot: number;
  /** 'joining': its slot is not filled yet, or it is leaving. */
  readonly state: 'attached' | 'joining';
  readonly program: string;
  readonly tid: number;
  /** Of another pid namespace, such as a container's: pid and tid are its own there. Undefined: the bytes do not tell. */
  readonly isElsewhere: boolean | undefined;
  readonly attachedAt: Date | undefined;
  /** In the order in which they began. Of the dead: what they had been waiting for. */
  readonly waits: readonly Waiting[];
  /** Offsets of the locks that it has a reader word for. */
  readonly reads: readonly number[];
}

export class Attendance {
  readonly view: SpanView;
  readonly attendants: Attendant[] = [];
  readonly #alive = new Map<number, boolean>();
  readonly #queues = new Map<number, Waiting[]>();
  readonly #readers = new Map<number, Who[]>();
  /** The same without those who are only looking. */
  readonly #reading = new Map<number, Who[]>();
  readonly #known = new Map<number, Who>();

  constructor(view: SpanView, damage: Damage[]) {
    this.view = view;
    const { participants } = view.geometry;
    for (let slot = 0; slot < participants; slot++) this.#look(slot, damage);
    const newest = load(view.words, Header.tickets);
    // Tickets wrap: the newest is the only one that all others are before.
    const age = ({ ticket }: Waiting): number => (newest - ticket) | 0;
    for (const queue of this.#queues.values()) queue.sort((a, b) => age(b) - age(a));
  }

  /** The kernel's word, asked once. */
  isAlive(id: number): boolean {
    let alive = this.#alive.get(id);
    if (alive === undefined) {
      alive = this.view.isAlive(id);
      this.#alive.set(id, alive);
    }
    return alive;
  }

  /** Whose id that is; undefined for 0. */
  who(id: number): Who | undefined {
    if (id === 0) return undefined;
    return this.#known.get(id) ?? this.#name(id);
  }

  #name(id: number): Who {
    const { name, pid } = this.view.participant(id) ?? {};
    const who = { id, name, pid, alive: this.isAlive(id) };
    this.#known.set(id, who);
    return who;
  }

  /** The living who wait for the word at that offset, the first in the queue first. */
  waiters(offset: number): readonly Waiting[] {
    return this.#queues.get(offset) ?? [];
  }

  /** Those, dead or alive, who have a reader word for the lock, and do not wait for it. */
  readers(offset: number): readonly Who[] {
    let reading = this.#reading.get(offset);
    if (reading === undefined) {
      const waiting = new Set(this.waiters(offset).map(({ who }) => who.id));
      reading = (this.#readers.get(offset) ?? []).filter(({ id }) => !waiting.has(id));
      this.#reading.set(offset, reading);
    }
    return reading;
  }

  #look(slot: number, damage: Damage[]): void {
    const { view } = this;
    const { words } = view;
    const at = view.slotAt(slot);
    const label = (what: string): void => void damage.push({ where: `slot ${slot}`, what });
    const identity = load(words, at + Slot.identity);
    const id = identity & ID_MASK;
    if (identity === 0) return;
    if (slotOf(id) !== slot || (identity & ~(ID_MASK | ATTACHED)) !== 0) {
      label(`its identity 0x${(identity >>> 0).toString(16)} is no id of this slot`);
      if (slotOf(id) !== slot) return;
    }
    const isAttached = identity === (id | ATTACHED);
    // Who has left is not there.
    if (!isAttached && !this.isAlive(id)) return;
    const info = view.participant(id);
    if (info === undefined) return;
    const who = this.who(id) as Who;
    const attachedAt = +info.attachedAt === 0 ? undefined : info.attachedAt;
    if (isAttached && attachedAt === undefined) label('attachedAt is no time');
    if (info.name.includes('\ufffd')) label('its name is no UTF-8');
    const waits = view.waitsOf(id).map((wait) => this.#wait(who, wait, attachedAt, label));
    for (const wait of who.alive ? waits : []) push(this.#queues, wait.offset, wait);
    const reads = this.#reads(slot, id, label);
    for (const offset of reads) push(this.#readers, offset, who);
    const summary = load(words, view.geometry.waitsOffset / 4 + slot);
    if (isAttached && ((summary >>> 16) & EPOCH_MASK) !== epochOf(id))
      label('its waits word is of another epoch');
    if ((summary & 0xffff) > CELLS)
      label(`its waits word counts ${summary & 0xffff} cells, of ${CELLS}`);
    this.attendants.push({
      who,
      slot,
      state: isAttached ? 'attached' : 'joining',
      program: info.program,
      tid: info.tid,
      isElsewhere: isElsewhere(info.pidNamespace),
      attachedAt,
      waits,
      reads,
    });
  }

  #wait(
    who: Who,
    wait: WaitInfo,
    attachedAt: Date | undefined,
    label: (what: string) => void,
  ): Waiting {
    const { offset, blocking, ticket, state } = wait;
    const mode = MODES[wait.mode] ?? 'unknown';
    if (mode === 'unknown')
      label(`a cell says that it waits in mode ${wait.mode}, which there is not`);
    if (offset > this.view.geometry.size - 4)
      label(`a cell names a word at ${offset}, beyond the span`);
    const isPossible = attachedAt !== undefined && wait.since <= Date.now() + CLOCK_STEP_MS;
    if (attachedAt !== undefined && !isPossible)
      label('a cell says that its wait begins in the future');
    const since = isPossible ? new Date(wait.since) : undefined;
    return { who, offset, mode, blocking, since, ticket, state };
  }

  #reads(slot: number, id: number, label: (what: string) => void): number[] {
    const { words } = this.view;
    const at = this.view.slotAt(slot) + Slot.reads;
    const summary = load(words, at);
    if (idOf(slot, (summary >>> 16) & EPOCH_MASK) !== id) return [];
    const count = summary & 0xffff;
    if (count > READS) label(`it counts ${count} reader words, of ${READS}`);
    const found: number[] = [];
    for (let nth = 1; nth <= Math.min(count, READS); nth++) {
      const offset = (load(words, at + nth) >>> 0) * 4;
      if (offset === 0) continue;
      if (offset > this.view.geometry.size - 4)
        label(`a reader word names ${offset}, beyond the span`);
      else if (!found.includes(offset)) found.push(offset);
    }
    return found;
  }
}

/** Clocks may be set. */
const CLOCK_STEP_MS = 60_000;

function push<T>(lists: Map<number, T[]>, key: number, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function isElsewhere(pidNamespace: number): boolean | undefined {
  ownNamespace ??= readNamespace();
  return pidNamespace === 0 || ownNamespace === 0 ? undefined : ownNamespace !== pidNamespace;
}

let ownNamespace: number | undefined;

function readNamespace(): number {
  try {
    return statSync('/proc/self/ns/pid').ino % 2 ** 32;
  } catch {
    return 0;
  }
}
