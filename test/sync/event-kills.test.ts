// Whoever dies at whatever step of an event: who was let through goes through, and nobody else does.
import { runKills } from './event-matrix.ts';

runKills(1, 1);
