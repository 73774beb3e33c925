// The benchmark of locks runs.

import { testGroups } from './smoke.ts';

testGroups('locks');
