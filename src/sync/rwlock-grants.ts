// What happens to a reader-writer lock once it is granted: repair, guards, and how each sort of guard gives it up.

import { lockEvents } from './events.ts';
import type { RwLock } from './rwlock.ts';
import { notHeld } from './rwlock-errors.ts';
import { ReadGuard, type ReadHolding, WriteGuard, type WriteHolding } from './rwlock-guard.ts';
import { isTaken, type RwLockState, type Use } from './rwlock-state.ts';
import { Look } from './rwlock-word.ts';

export class RwGrants {
  readonly #lock: RwLock;
  readonly #state: RwLockState;
  readonly #recover: (() => void) | undefined;
  /** Throws when the span is closed, or its memory is gone. */
  readonly #check: (operation: string) => void;

  readonly #reading: ReadHolding = {
    release: () => this.#leave(),
    markConsistent: () => this.#reading,
    tryUpgrade: () => this.#tryUpgrade(),
  };
  /** A reader's that has the word, because the data is still to be repaired. */
  readonly #repairing: ReadHolding = {
    release: () => this.#unlock(),
    markConsistent: () => this.#readOn(),
    tryUpgrade: () => new WriteGuard(this.#lock, this.#writing, true),
  };
  readonly #writing: WriteHolding = {
    release: () => this.#unlock(),
    markConsistent: () => this.#state.markConsistent(),
    downgrade: (ownerDied) => this.#downgrade(ownerDied),
  };

  constructor(
    lock: RwLock,
    state: RwLockState,
    recover: (() => void) | undefined,
    check: (operation: string) => void,
  ) {
    this.#lock = lock;
    this.#state = state;
    this.#recover = recover;
    this.#check = check;
  }

  /** The usual case: nothing to repair, and nobody to tell. */
  get quickly(): ReadGuard {
    // Once, and after: in memory that is closed or gone it has done no harm.
    if (this.#state.status[0] !== 0) this.#refuse(Look.taken, 'read', 'rwlock.read');
    return new ReadGuard(this.#lock, this.#reading, false);
  }

  request(): number {
    this.publish('request');
    return performance.now();
  }

  readonly read = (look: Look, start: number): ReadGuard => {
    const isRepaired = this.#granted(look, 'read', start);
    if (look !== Look.takenDied) return new ReadGuard(this.#lock, this.#reading, false);
    return new ReadGuard(this.#lock, isRepaired ? this.#readOn() : this.#repairing, true);
  };

  readonly write = (look: Look, start: number): WriteGuard => {
    this.#granted(look, 'write', start);
    return new WriteGuard(this.#lock, this.#writing, look === Look.takenDied);
  };

  publish(what: keyof typeof lockEvents, more: { waitedMs?: number } = {}): void {
    if (!lockEvents[what].hasSubscribers) return;
    const { name, fullName } = this.#lock;
    lockEvents[what].publish({ kind: 'rwlock', name, fullName, ...more });
  }

  /** Repairs first when a writer died; true when that has been done. */
  #granted(look: Look, use: Use, start: number): boolean {
    if (this.#state.status[0] !== 0) this.#refuse(look, use, `rwlock.${use}`);
    const isRepaired = look === Look.takenDied && this.#abandoned();
    if (lockEvents.grant.hasSubscribers) {
      this.publish('grant', { waitedMs: performance.now() - start });
    }
    return isRepaired;
  }

  /** The memory was cut off meanwhile: what was taken are zeros that nobody else sees. */
  #refuse(look: Look, use: Use, operation: string): void {
    if (look === Look.takenDied) this.#state.unlockDied();
    else if (use === 'read') this.#state.leave();
    else this.#state.unlock();
    this.#check(operation);
  }

  #abandoned(): boolean {
    this.publish('abandoned');
    if (this.#recover === undefined) return false;
    try {
      // step: recover-before
      this.#recover();
      // step: recover-after
    } catch (error) {
      this.#state.unlockDied();
      throw error;
    }
    this.#state.markConsistent();
    // step: recover-consistent
    return true;
  }

  /** For a reader that has repaired the data: from now on it reads like any other. */
  #readOn(): ReadHolding {
    const state = this.#state;
    if (state.status[0] !== 0) return this.#reading;
    state.markConsistent();
    if (!state.downgrade()) throw notHeld(this.#lock.fullName);
    return this.#reading;
  }

  #downgrade(ownerDied: boolean): ReadGuard {
    const operation = 'writeGuard.downgrade';
    const state = this.#state;
    const isOurs = state.writer === state.id;
    // After the look: it is that which tells whether the memory is there.
    this.#check(operation);
    if (!isOurs) throw notHeld(this.#lock.fullName);
    if (state.isInconsistent) return new ReadGuard(this.#lock, this.#repairing, ownerDied);
    state.downgrade();
    if (state.status[0] !== 0) this.#refuse(Look.taken, 'read', operation);
    return new ReadGuard(this.#lock, this.#reading, ownerDied);
  }

  #tryUpgrade(): WriteGuard | null {
    const operation = 'readGuard.tryUpgrade';
    this.#check(operation);
    const look = this.#state.tryUpgrade();
    // What was taken in memory that is gone are zeros.
    if (this.#state.status[0] !== 0) this.#check(operation);
    if (!isTaken(look)) return null;
    return new WriteGuard(this.#lock, this.#writing, look === Look.takenDied);
  }

  #leave(): void {
    // What was held when the span was closed is somebody else's by now.
    if (this.#state.status[0] !== 0) return;
    this.publish('release');
    this.#state.leave();
  }

  #unlock(): void {
    const state = this.#state;
    if (state.status[0] !== 0) return;
    // Before the grant of the next task of this thread, which is part of unlocking.
    if (state.writer === state.id) this.publish('release');
    if (!state.unlock() && state.status[0] === 0) throw notHeld(this.#lock.fullName);
  }
}
