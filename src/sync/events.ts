// What locks tell to node:diagnostics_channel. Nobody listening, it costs one look at a property.

import { channel } from 'node:diagnostics_channel';
import type { DeadlockMember } from './deadlock.ts';

/** What is published to `memspan:lock:request`, `grant`, `release`, `abandoned` and `deadlock`. */
export interface LockEvent {
  readonly kind: string;
  readonly name: string;
  /** `span/name`. */
  readonly fullName: string;
  /** grant: how long it took, in milliseconds. */
  readonly waitedMs?: number;
  /** deadlock: who waits for whom; absent when a thread would have waited for itself. */
  readonly details?: readonly DeadlockMember[];
}

interface LockChannel {
  readonly hasSubscribers: boolean;
  publish(event: LockEvent): void;
}

export const lockEvents: Readonly<
  Record<'request' | 'grant' | 'release' | 'abandoned' | 'deadlock', LockChannel>
> = {
  request: channel('memspan:lock:request'),
  grant: channel('memspan:lock:grant'),
  release: channel('memspan:lock:release'),
  abandoned: channel('memspan:lock:abandoned'),
  deadlock: channel('memspan:lock:deadlock'),
};
