// The whole kill matrix of barriers: 200 deaths at each step.
import { runKills } from '../sync/barrier-matrix.ts';

runKills(200, 60);
