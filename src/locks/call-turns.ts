// Calling callbacks in the order of their grants, with a turn for the event loop now and then: tasks that lock again and
// again live on promises alone, and would keep it from everything else.

import { CALLS_PER_TURN } from '../sync/wait-options.ts';
import type { LockRequest } from './lock-request.ts';

export class CallTurns {
  #calls = 0;
  /** To be called in the event loop's next turn; undefined when there is no need to wait for one. */
  #later: LockRequest[] | undefined;

  call(request: LockRequest): void {
    this.#calls = (this.#calls + 1) % CALLS_PER_TURN;
    if (this.#calls === 0 && this.#later === undefined) {
      this.#later = [];
      setImmediate(() => this.#callLater());
    }
    if (this.#later === undefined) request.call();
    else this.#later.push(request);
  }

  #callLater(): void {
    const later = this.#later ?? [];
    this.#later = undefined;
    for (const request of later) request.call();
  }
}
