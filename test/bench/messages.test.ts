// The benchmarks of what carries messages run.

import { testGroups } from './smoke.ts';

testGroups('roundtrip', 'ring', 'stream', 'queue', 'latest', 'pool', 'broadcast');
