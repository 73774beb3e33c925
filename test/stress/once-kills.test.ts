// The whole kill matrix of Once: a hundred deaths at each step.
import { runKills } from '../sync/once-matrix.ts';

runKills(100, 30);
