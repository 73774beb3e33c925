// The public entry `memspan/locks`: the Web Locks API, and this user's own locks, with no set-up.

import { LockManager } from './lock-manager.ts';

export type {
  Lock,
  LockGrantedCallback,
  LockInfo,
  LockManagerSnapshot,
  LockMode,
  LockOptions,
  LockWaitOptions,
} from './lock.ts';
export { LockManager, type LockManagerOptions } from './lock-manager.ts';

/**
 * All of this user's locks: in the span `memspan.locks.UID`, which is made at the first request, and gone when the last
 * thread that has used it has ended. What `navigator.locks` is in a browser.
 */
export const locks: LockManager = new LockManager();
