// The benchmark of layouts runs.

import { testGroups } from './smoke.ts';

testGroups('layouts');
