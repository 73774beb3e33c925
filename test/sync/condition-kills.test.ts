// Whoever dies at whatever step of a condition: nobody sleeps on who was notified, and nobody goes on who was not.
import { runKills } from './condition-matrix.ts';

runKills(1, 1);
