// A model: small threads over production code, and how far they are explored.
import type { Exploration, Report } from '../../src/check/explore.ts';
import { explore } from '../../src/check/explore.ts';

/** `quick`: a part of npm test, seconds for all models. `full`: npm run check. */
export type Effort = 'quick' | 'full';

interface Extent {
  /** Preemptions; Infinity for every schedule there is. All up to it are explored, or the model fails. */
  readonly bound: number;
}

export interface Model {
  readonly name: string;
  /** How many are killed at most. */
  readonly crashes: number;
  readonly threads: number;
  run(effort: Effort, options?: { onProgress?: (schedules: number) => void }): Promise<Report>;
}

type Given<S, R> = Omit<Exploration<S, R>, 'bound' | 'timeMs' | 'signal' | 'onProgress'>;

/** Nothing is left to chance: a machine that is so slow that this is too short would say so. */
const TIME_MS = 600_000;

export function model<S, R>(
  name: string,
  given: Given<S, R> & Readonly<Record<Effort, Extent>>,
): Model {
  const { quick, full, ...exploration } = given;
  const extents: Record<Effort, Extent> = { quick, full };
  return {
    name,
    crashes: exploration.crashes ?? 0,
    threads: exploration.threads.length,
    run: (effort, { onProgress } = {}) =>
      explore({
        ...exploration,
        ...extents[effort],
        timeMs: TIME_MS,
        onProgress: ({ schedules }) => onProgress?.(schedules),
      }),
  };
}
