// Whoever dies at whatever step of a barrier: the others are told, or it is as if the dead one had never come. In small.
import { runKills } from './barrier-matrix.ts';

runKills(1, 1);
