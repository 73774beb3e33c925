// How far apart the cores are, before and after what is measured. Virtual cores move, and everything moves with them by two or
// three times: what was measured while they did has nothing in common with its neighbours.

import { availableParallelism } from 'node:os';
import { runC } from './c.ts';

export interface Settled<T> {
  readonly result: T;
  /** Nanoseconds of a spinning round trip in C before it: about 100 when the cores share a cache, 400 and more when not. */
  readonly placementNs: number;
}

/** Does the work, and once more when the cores have moved meanwhile, `triesMax` times at most: then it counts as it is. */
export async function settled<T>(
  work: () => Promise<T>,
  { isWithC, triesMax }: { isWithC: boolean; triesMax: number },
): Promise<Settled<T>> {
  for (let tries = 1; ; tries++) {
    const before = placement(isWithC);
    const result = await work();
    const after = placement(isWithC);
    const hasMoved = before > after * 2 || after > before * 2;
    if (!hasMoved || tries >= triesMax) return { result, placementNs: before };
  }
}

/** 1 where nothing can be told: one core, or no compiler. */
function placement(isWithC: boolean): number {
  if (!isWithC || availableParallelism() < 2) return 1;
  return runC('roundtrip', ['spin-calibrate', '--cpus', '0,1']).nsPerOp;
}
