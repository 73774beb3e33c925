// The whole kill matrix of events.
import { runKills } from '../sync/event-matrix.ts';

runKills(200, 30);
