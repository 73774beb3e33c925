// The lab's other exercises, on waiting, locks and judgement, twenty times in a row.
import { exercises } from '../../src/lab/index.ts';
import { MEMORY } from '../lab/memory.ts';
import { happensTwentyTimes } from '../lab/twenty.ts';

const names: readonly string[] = MEMORY;
for (const name of exercises.keys()) if (!names.includes(name)) happensTwentyTimes(name);
