// `tearing`: what all sides know of the text in shared memory.

/** As the textbook has it: a struct of an int and char text[1020]. */
export const TEXT_AT = 4;
export const TEXT_BYTES = 1020;
/** Words of the segment, behind the struct. */
export const STOP = 512;
export const WRITTEN = 576;
export const SIZE = 4096;

/** What a reader saw. */
export interface Seen {
  readonly looks: number;
  /** Texts of more than one letter. */
  readonly torn: number;
  /** A few of those. */
  readonly samples: readonly string[];
}
