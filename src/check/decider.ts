// Who knows the threads' functions and whose turn it is: what the engine asks, one floor above.

import type { Thread } from './thread.ts';

export interface Decider {
  /** Runs its function. */
  act(thread: Thread): unknown;
  /** Whether `running`, which is about to take a step, may. If not, it is left. */
  mayStep(running: Thread): boolean;
}
