// The ends of a ring in a span: seats of participants, taken anew when their owner has left or died.
//
// Who sleeps says so in a cell, so that others see what it waits for, and sleeps on its own bell (waiting.ts): whoever wakes it
// knows whom, from the seat. All asynchronous waits of a thread share the doorbell's native thread, and a death disturbs those
// who sleep at once.

import type { Attachment } from '../span/attachment.ts';
import { ID_MASK, Mode, slotOf } from '../span/participant.layout.ts';
import { limit } from '../sync/wait-options.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { ABSENT, CLOSED, READER, REFUSED, type Role, WRITER, WRITTEN } from './ring.layout.ts';
import { type Ends, type Hold, ringFailure } from './ring-ends.ts';
import { Seat } from './seat.ts';

export class SpanEnds implements Ends {
  readonly isReusable = true;
  readonly name: string;
  readonly #attachment: Attachment;
  /** The span's words, and where the ring begins among them. */
  readonly #words: Int32Array;
  readonly #start: number;

  constructor(attachment: Attachment, offset: number, name: string) {
    this.#attachment = attachment;
    this.#words = attachment.view.words;
    this.#start = offset / 4;
    this.name = name;
  }

  take(role: Role): Hold {
    const seat = new Seat(this.#attachment, this.#start + role.attached);
    if (seat.take() === undefined) {
      const cause = `the ring has a ${role.name}, which lives`;
      throw ringFailure('ERR_MEMSPAN_BUSY', role, this.name, cause);
    }
    // step: ring-seat-taken
    this.#begin(role);
    return { release: () => seat.leave() };
  }

  /** What was said by and to those who had the end before. Whoever is killed here leaves it to the next. */
  #begin(role: Role): void {
    this.#clear(role.cursor, role === WRITER ? CLOSED | REFUSED : CLOSED);
    // step: ring-own-cleared
    if (role === WRITER) this.#clear(READER.cursor, CLOSED);
    else this.#clear(WRITTEN, REFUSED);
    // step: ring-begun
  }

  #clear(cursor: number, flags: number): void {
    const index = this.#start + cursor;
    for (;;) {
      const found = load(this.#words, index);
      if ((found & flags) === 0) return;
      if (compareExchange(this.#words, index, found, found & ~flags) === found) return;
    }
  }

  isAlive(role: Role): boolean {
    const holder = load(this.#words, this.#start + role.attached);
    return holder === ABSENT || this.#attachment.view.isAlive(holder);
  }

  sleep(peer: Role, seen: number, leftMs: number): void {
    const { waiting } = this.#attachment;
    const ticket = waiting.publish(this.#start, modeOf(peer), true);
    // step: ring-sleep-published
    try {
      const before = waiting.before();
      // After the bell and the news were read: whatever changes from here on is one of the two.
      if (this.#isNothing(peer, seen)) waiting.sleep(before, leftMs);
    } finally {
      if (ticket !== null) waiting.withdraw(ticket);
    }
  }

  sleepAsync(
    peer: Role,
    seen: number,
    leftMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { waiting, doorbell } = this.#attachment;
    const ticket = waiting.publish(this.#start, modeOf(peer), false);
    // step: ring-async-published
    return new Promise((resolve, reject) => {
      let isPending = true;
      const settle = (how: () => void): void => {
        if (!isPending) return;
        isPending = false;
        unlimit();
        doorbell.delete(listener);
        if (ticket !== null) waiting.withdraw(ticket);
        how();
      };
      const fail = (error: unknown): void => settle(() => reject(error));
      const listener = {
        look: (): void => {
          try {
            if (!this.#isNothing(peer, seen)) settle(resolve);
          } catch (error) {
            fail(error);
          }
        },
        end: fail,
      };
      const unlimit = limit(leftMs, signal, () => settle(resolve), fail);
      doorbell.add(listener);
      listener.look();
    });
  }

  /** Nothing has changed, and somebody may change it. */
  #isNothing(peer: Role, seen: number): boolean {
    return load(this.#words, this.#start + peer.cursor) === seen && this.isAlive(peer);
  }

  wake(sleeper: Role, _cursor: number): void {
    const { view, waiting } = this.#attachment;
    const id = load(this.#words, this.#start + sleeper.attached);
    const slot = slotOf(id);
    // Nobody's seat, or whatever somebody hostile has written there.
    if (slot >= 0 && slot < view.geometry.participants) waiting.ring(id & ID_MASK);
  }
}

/** What who waits for `peer` waits for. */
function modeOf(peer: Role): number {
  return peer === WRITER ? Mode.message : Mode.room;
}
