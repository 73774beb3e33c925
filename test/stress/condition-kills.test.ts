// The whole kill matrix of conditions.
import { runKills } from '../sync/condition-matrix.ts';

runKills(200, 30);
