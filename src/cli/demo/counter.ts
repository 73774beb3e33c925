// The demo's first part: two processes count in the same four bytes, plainly and then atomically.

import { program } from '../../root.ts';
import type { Actor, Stage } from './stage.ts';

/** Words of the segment. */
export const PLAIN = 0;
export const ATOMIC = 16;
export const READY = 32;
const WORDS = 48;

export const TIMES = 1_000_000;
export const SEGMENT = 'counter';

export type Way = 'plain' | 'atomic';

/** On a busy machine two processes may happen not to meet: then they try again. */
const ROUNDS_MAX = 20;

export interface CounterResult {
  readonly expected: number;
  readonly plain: number;
  readonly atomic: number;
  /** Rounds of plain counting until an update was lost; what is shown is the last one. */
  readonly rounds: number;
}

export async function raceCounters(stage: Stage): Promise<CounterResult> {
  const words = new Int32Array(stage.segment(SEGMENT, WORDS * 4).buffer);
  const actors = ['first counting process', 'second counting process'].map((role) =>
    stage.start(role, program('cli/demo/counting'), [stage.prefix]),
  );
  await Promise.all(actors.map((actor) => stage.answer(actor)));
  const count = async (way: Way, index: number): Promise<number> => {
    words[index] = 0;
    await Promise.all(actors.map((actor: Actor) => stage.ask(actor, { way })));
    return words[index] as number;
  };
  const expected = actors.length * TIMES;
  let plain = expected;
  let rounds = 0;
  while (plain === expected && rounds < ROUNDS_MAX) {
    plain = await count('plain', PLAIN);
    rounds++;
  }
  const atomic = await count('atomic', ATOMIC);
  for (const actor of actors) stage.dismiss(actor);
  return { expected, plain, atomic, rounds };
}
