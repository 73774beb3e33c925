// Whoever dies at whatever step: the next one initialises, and is told, or it is done. In small.
import { runKills } from './once-matrix.ts';

runKills(1, 1);
