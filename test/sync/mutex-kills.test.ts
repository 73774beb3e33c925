// Nobody's death, at any step of locking and unlocking, harms the others: the kill matrix in small. The whole of it
// is in test/stress.
import { runKills } from './mutex-matrix.ts';

runKills(10, 10);
