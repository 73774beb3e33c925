// All that is measured, in the order in which it is.

import { broadcast, latest, pools, queues } from './groups/channels.ts';
import { layouts } from './groups/layouts.ts';
import { locks } from './groups/locks.ts';
import { segments } from './groups/segments.ts';
import { startup } from './groups/startup.ts';
import { rings, ringWays, roundTrips, streams } from './groups/transports.ts';
import type { Row } from './row.ts';

export const rows: readonly Row[] = [
  ...roundTrips,
  ...rings,
  ...ringWays,
  ...streams,
  ...locks,
  ...layouts,
  ...queues,
  ...latest,
  ...pools,
  ...broadcast,
  ...segments,
  ...startup,
];
