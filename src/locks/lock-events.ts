// What a lock space tells to node:diagnostics_channel: the same channels as every other lock, `kind: 'lock'`.

import { lockEvents } from '../sync/events.ts';

export function tell(
  what: 'request' | 'grant' | 'release' | 'abandoned',
  space: string,
  name: string,
  since?: number,
): void {
  const channel = lockEvents[what];
  if (!channel.hasSubscribers) return;
  const event = { kind: 'lock', name, fullName: `${space}/${name}` };
  channel.publish(since === undefined ? event : { ...event, waitedMs: performance.now() - since });
}

/** Whether anybody wants to hear of locks whose holders have died. */
export function isAbandonedWanted(): boolean {
  return lockEvents.abandoned.hasSubscribers;
}
