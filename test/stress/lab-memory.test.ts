// The lab's exercises on memory, twenty times in a row.
import { MEMORY } from '../lab/memory.ts';
import { happensTwentyTimes } from '../lab/twenty.ts';

for (const name of MEMORY) happensTwentyTimes(name);
