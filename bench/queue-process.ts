// One more writer or reader of the queue that is measured, started by one of the two sides (transports/queue.ts).

import { follow, type Orders } from './transports/queue.ts';

await follow(JSON.parse(process.argv[2] as string) as Orders);
