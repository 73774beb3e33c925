// The benchmarks of segments and of how a program begins run.

import { testGroups } from './smoke.ts';

testGroups('segments', 'startup');
