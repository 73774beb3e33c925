// A reader-writer lock as one thread has it: its word, its own reading, and what its tasks wait for.
//
// All RwLock objects of a thread for the same bytes share this. The thread has one reader word for the lock, however many of its
// tasks read; what it writes, and what it drains for one of its waits, stands in the word.

import type { Attachment } from '../span/attachment.ts';
import { Mode } from '../span/participant.layout.ts';
import { compareExchange, load } from '../word/atomics.ts';
import { Patience } from './patience.ts';
import { BARRED, DIED, DRAINING, OWNER, UNRECOVERABLE } from './rwlock.layout.ts';
import { RwReader } from './rwlock-reader.ts';
import {
  claim,
  clearDead,
  drain,
  Freed,
  giveBack,
  Look,
  Marks,
  mark,
  markConsistent,
  passOn,
  type RwPlace,
  release,
  tidyUp,
} from './rwlock-word.ts';
import { type Limits, type Wait, WaitQueue } from './wait-queue.ts';

export function isTaken(look: Look): boolean {
  return look === Look.taken || look === Look.takenDied;
}

/** What a thread wants a lock for. */
export type Use = 'read' | 'write';

export class RwLockState implements RwPlace {
  readonly words: Int32Array;
  readonly index: number;
  readonly id: number;
  readonly waiting: Attachment['waiting'];
  readonly reads: Attachment['reads'];
  readonly isAlive: (id: number) => boolean;
  /** 0 while the memory is sound. */
  readonly status: Uint32Array;
  readonly #queue: WaitQueue;
  readonly reader: RwReader;
  readonly #patience = new Patience();

  /** `tooMany`: why no further lock can be read. */
  constructor(attachment: Attachment, offset: number, tooMany: () => Error) {
    const { view } = attachment;
    this.words = view.words;
    this.index = offset / 4;
    this.id = attachment.id;
    this.waiting = attachment.waiting;
    this.reads = attachment.reads;
    this.isAlive = (id) => view.isAlive(id);
    this.status = view.status;
    this.#queue = new WaitQueue(attachment, offset, 1);
    this.reader = new RwReader(this, tooMany);
  }

  /** Who writes, dead or alive; 0 while it is only waiting for the readers to leave. */
  get writer(): number {
    const word = load(this.words, this.index);
    return (word & DRAINING) === 0 ? word & OWNER : 0;
  }

  /** A writer died, and the data has not been repaired. */
  get isInconsistent(): boolean {
    return (load(this.words, this.index) & DIED) !== 0;
  }

  /** For a task that can wait: enters if no writer is there, nor any task that came before. */
  readInTurn(): Look {
    if (this.#queue.length > 0) return Look.held;
    if (this.reader.count === 0) return this.reader.enter() ? Look.taken : Look.held;
    if ((load(this.words, this.index) & BARRED) !== 0) return Look.held;
    this.reader.enterAgain();
    return Look.taken;
  }

  /** The same for a writer; what has become its own, and is still being read, it keeps. */
  writeInTurn(): Look {
    return this.#queue.length > 0 ? Look.held : this.writeFree();
  }

  /** Takes it if it is free, and nobody is passed over: who waits has marked the word. */
  writeFree(): Look {
    if (this.reader.count > 0 || load(this.words, this.index) !== 0) return Look.held;
    const look = this.lookToWrite(Marks.nothing);
    return look === Look.mine ? Look.held : look;
  }

  /** One reader less; the last one takes the reader word back. */
  leave(): void {
    if (this.reader.leave()) this.#queue.look();
  }

  /**
   * One look of a reader that does not read yet, or of one more task of a thread that does. `takenDied`: it has the
   * word, alone, because the data has to be repaired.
   */
  lookToRead(marks: Marks): Look {
    const { words, index, id } = this;
    for (;;) {
      const word = load(words, index);
      const owner = word & OWNER;
      if ((word & UNRECOVERABLE) !== 0) return Look.unrecoverable;
      if (owner === id && (word & (DRAINING | DIED)) === DRAINING) {
        // A task of this thread drains it that does not look now: it was given up, or this thread blocks.
        giveBack(this);
        continue;
      }
      if ((word & BARRED) === 0) {
        if (this.reader.count > 0) this.reader.enterAgain();
        else if (!this.reader.enter()) continue;
        return Look.taken;
      }
      if (owner === id ? (word & DRAINING) === 0 : owner !== 0 && this.isAlive(owner)) {
        if (!mark(this, word, marks)) continue;
        return owner === id ? Look.mine : Look.held;
      }
      if (owner !== id && owner !== 0 && (word & (DRAINING | DIED)) === DRAINING) {
        clearDead(this, word);
        continue;
      }
      // Nobody may see what a dead writer has left before it is repaired.
      const look = this.lookToWrite(marks);
      if (look !== Look.taken) return look;
      // Repaired meanwhile, and clean.
      giveBack(this);
    }
  }

  /** One look of a writer. */
  lookToWrite(marks: Marks): Look {
    const look = claim(this, marks);
    return look === Look.taken ? drain(this, false) : look;
  }

  /** Takes it at once, or leaves it as it is: `held` then. */
  tryWrite(): Look {
    if (this.reader.count > 0) return Look.held;
    return this.#tryOwn(false);
  }

  /** The same for the only task of this thread that reads, which does so no more if it is taken. */
  tryUpgrade(): Look {
    if (this.reader.count !== 1) return Look.held;
    const look = this.#tryOwn(true);
    if (isTaken(look)) this.reader.leave();
    // step: upgrade-done
    return isTaken(look) ? look : Look.held;
  }

  #tryOwn(others: boolean): Look {
    // Nobody has to wait because of a try that is in vain.
    if (this.reads.isRead(this.index, others)) return Look.held;
    const claimed = claim(this, Marks.nothing);
    if (claimed !== Look.taken) return claimed;
    const look = drain(this, others);
    if (look === Look.held) this.#lookIf(giveBack(this, true));
    return look;
  }

  /** The same for a reader, who may need all of it, to repair. */
  tryRead(): Look {
    const look = this.lookToRead(Marks.nothing);
    if (look === Look.held) this.#lookIf(giveBack(this, true));
    // A task that drains the word for itself has made way, and goes on with it.
    this.#queue.look();
    return look;
  }

  /**
   * Blocks until it is taken or can never be; `held` when the time is over. Throws
   * `ERR_MEMSPAN_DEADLOCK` when those who would have to give it up wait for this thread.
   */
  block(use: Use, deadline: number, check: () => void): Look {
    try {
      const soon = this.#patience.soon(() => this.#look(use));
      if (soon !== null) return soon;
      const wait = this.#wait(use, (look) => (look === Look.held ? null : look), Marks.others);
      return this.#queue.block(wait, deadline, check) ?? Look.held;
    } finally {
      // As in tryRead.
      this.#queue.look();
    }
  }

  /**
   * Takes its turn after the tasks of this thread that wait already: `taken` or `takenDied`, null when the time is over.
   * Rejects with what `lost` makes when it can never be had.
   */
  waitAsync(use: Use, limits: Limits, lost: () => Error): Promise<Look | null> {
    const isIt = (look: Look): Look | null => {
      if (look === Look.unrecoverable) throw lost();
      return isTaken(look) ? look : null;
    };
    return this.#queue.waitAsync(this.#wait(use, isIt, Marks.all), limits);
  }

  #wait(use: Use, isIt: (look: Look) => Look | null, marks: Marks): Wait<Look> {
    const isReader = use === 'read';
    return {
      mode: isReader ? Mode.shared : Mode.exclusive,
      kind: 'rwlock',
      attempt: () => isIt(isReader ? this.lookToRead(marks) : this.lookToWrite(marks)),
      withdrawn: (taken) => {
        if (!taken) this.#giveUp();
        else if (isReader) tidyUp(this);
        return null;
      },
      discard: () => {},
    };
  }

  /** One look of who does not wait yet. */
  #look(use: Use): Look | null {
    const owner = load(this.words, this.index) & OWNER;
    if (owner !== 0 && owner !== this.id) return null;
    const look = use === 'read' ? this.lookToRead(Marks.nothing) : this.lookToWrite(Marks.nothing);
    return look === Look.held ? null : look;
  }

  /** For a wait that ends in vain: the word goes back if it was being drained, and others may be next. */
  #giveUp(): void {
    const word = load(this.words, this.index);
    if ((word & OWNER) === this.id && (word & DRAINING) !== 0) {
      giveBack(this);
      // It may have been drained for the first task, too, which nobody rings then.
      this.#queue.look();
    } else passOn(this);
  }

  /** Gives up what is written. False when the word is not this participant's. */
  unlock(): boolean {
    if (compareExchange(this.words, this.index, this.id, 0) === this.id) return true;
    const freed = release(this);
    this.#lookIf(freed);
    return freed !== Freed.notOurs;
  }

  /** The data could not be repaired: the next one shall try. */
  unlockDied(): void {
    this.#lookIf(giveBack(this, true));
  }

  markConsistent(): void {
    markConsistent(this);
  }

  /** From writing to reading, with no writer in between. False when the word is not this participant's. */
  downgrade(): boolean {
    if (this.writer !== this.id) return false;
    this.reader.enterAsOwner();
    // step: downgrade-announced
    return this.unlock();
  }

  #lookIf(freed: Freed): void {
    if (freed === Freed.mine) this.#queue.look();
  }
}
