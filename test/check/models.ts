// All models, in the order in which they are shown.
import type { Model } from './model.ts';
import { barrier } from './models/barrier.ts';
import { broadcast } from './models/broadcast.ts';
import { condition } from './models/condition.ts';
import { directory } from './models/directory.ts';
import { event } from './models/event.ts';
import { latest } from './models/latest.ts';
import { line } from './models/line.ts';
import { mutex } from './models/mutex.ts';
import { once } from './models/once.ts';
import { pool } from './models/pool.ts';
import { queue } from './models/queue.ts';
import { ring } from './models/ring.ts';
import { ringInSpan } from './models/ring-in-span.ts';
import { rwlock } from './models/rwlock.ts';
import { semaphore } from './models/semaphore.ts';
import { span } from './models/span.ts';

export const models: readonly Model[] = [
  ...mutex,
  ...semaphore,
  ...rwlock,
  ...condition,
  ...event,
  ...barrier,
  ...once,
  ...span,
  ...line,
  ...queue,
  ...broadcast,
  ...ring,
  ...latest,
  ...ringInSpan,
  ...directory,
  ...pool,
];
