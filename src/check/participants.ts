// A span for explored threads: its memory is theirs alone, its format and everything that works on it is production's.

import { Attachment } from '../span/attachment.ts';
import { passGate } from '../span/gate.ts';
import { format, geometryOf } from '../span/geometry.ts';
import { kindName } from '../span/kinds.ts';
import { type TakenSlot, takeSlot } from '../span/slot.ts';
import { Span } from '../span/span.ts';
import { SpanView } from '../span/view.ts';
// What spans hold.
import '../sync/barrier.ts';
import '../sync/condition.ts';
import '../sync/event.ts';
import '../sync/mutex.ts';
import '../sync/once.ts';
import '../sync/rwlock.ts';
import '../sync/semaphore.ts';
import type { Engine } from './engine.ts';
import type { Region } from './memory.ts';
import { spanNames } from './names.ts';
import { ExploredSegment } from './segment.ts';
import type { Thread } from './thread.ts';

const ENTRIES = 16;
const OBJECTS_SIZE = 4096;
// The segments that threads make are counted from 1 up.
const NUMBER = 0;

interface Participant {
  readonly view: SpanView;
  readonly gate: ReturnType<typeof passGate>['gate'];
  readonly slot: TakenSlot;
}

export class Participants {
  readonly #engine: Engine;
  /** By thread; that of who sets up and looks comes last. */
  #members: Participant[] = [];
  #region: Region | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Makes the span and attaches everybody to it. */
  make(): Span {
    const { threads, memory } = this.#engine.world;
    const geometry = geometryOf(smallest(threads.length + 1), threads.length + 1, ENTRIES);
    const buffer = new ArrayBuffer(geometry.size);
    const segment = new ExploredSegment(this.#engine, {
      buffer,
      name: undefined,
      number: NUMBER,
      created: true,
      names: undefined,
    }).asSegment;
    format(segment.buffer, geometry, 'until-unlinked');
    const view = new SpanView(segment, 'explore');
    const owner = (slot: number): string => threads[slot]?.name ?? 'observer';
    this.#region = memory.add(buffer, spanNames(view, owner));
    this.#members = [...threads, undefined].map((thread) => this.#attach(view, thread));
    return this.of(undefined);
  }

  #attach(view: SpanView, thread: Thread | undefined): Participant {
    this.#engine.kernel.setUpFor(thread);
    const request = { operation: 'explore', deadline: 0, byName: false };
    const { gate, alone } = passGate(view, request);
    const slot = takeSlot(view, thread?.name ?? 'observer');
    if (alone) gate.share({ operation: 'explore', object: undefined });
    this.#engine.kernel.setUpFor(undefined);
    return { view, gate, slot };
  }

  /** Setup is over. What `span.bytes` has given out is used by plain accesses, too, and so are the messages of a ring. */
  guard(): void {
    if (this.#region === undefined) return;
    const entries = (this.#members[0] as Participant).view.entries();
    const plain = [...entries].filter(({ kind }) => PLAIN.has(kindName(kind)));
    if (plain.length === 0) return;
    const start = Math.min(...plain.map(({ offset }) => offset));
    this.#region.guarded = {
      start,
      end: Math.max(...plain.map((each) => each.offset + each.length)),
    };
  }

  get isMade(): boolean {
    return this.#members.length > 0;
  }

  /** The span as that thread has it, as if it had just attached. */
  of(thread: Thread | undefined): Span {
    const { view, gate, slot } = this.#members.at(thread?.index ?? -1) as Participant;
    const facts = { created: false, recovered: false, key: `explored ${slot.id}` };
    return Span.over(new Attachment(view, gate, slot, facts));
  }
}

/** Kinds whose bytes are not only words. */
const PLAIN: ReadonlySet<string> = new Set(['bytes', 'ring']);

/** The size that has room for OBJECTS_SIZE bytes of objects. */
function smallest(participants: number): number {
  const { objectsOffset } = geometryOf(2 ** 20, participants, ENTRIES);
  return objectsOffset + OBJECTS_SIZE;
}
