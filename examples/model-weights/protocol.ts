// What main and its workers say to each other over the channel of fork().

import type { SegmentHandle } from 'memspan';

/** Where the weights are: in a file, to be read, or in memory that is shared, to be opened. */
export type Source = { readonly file: string } | { readonly segment: SegmentHandle };

export type Order =
  | { readonly load: Source }
  /** The numbers of the digits. */
  | { readonly predict: readonly number[] };

export interface Prediction {
  readonly digit: number;
  readonly guess: number;
  readonly scores: readonly number[];
}

/** To `load`, nothing. */
export type Answer = readonly Prediction[];
