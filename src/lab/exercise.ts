// What an exercise of the lab is: a lesson of the textbook as an experiment that really happens, in child processes.

import type { Stage } from './stage.ts';

export type { Actor, End } from './actor.ts';
export type { Ink, Stage } from './stage.ts';

export interface Exercise {
  /** As in `memspan lab counter`. */
  readonly name: string;
  /** One line. */
  readonly title: string;
  /** The textbook's row. */
  readonly lesson: string;
  /** What will happen; paragraphs, which the lab wraps. */
  readonly before: readonly string[];
  /** What the textbook asks, and the answer. */
  readonly question: string;
  readonly answer: string;
  /** How it is done with memspan; paragraphs. */
  readonly way: readonly string[];
  /** Does it. What it starts and makes is the stage's, which ends with it. */
  run(stage: Stage): Promise<Result>;
}

export interface Result {
  /** Whether the phenomenon was really seen. */
  readonly observed: boolean;
  /** Lines for the terminal, of at most 76 columns, coloured by the stage's ink. */
  readonly picture: readonly string[];
  /** The same for --json. */
  readonly facts: unknown;
}
