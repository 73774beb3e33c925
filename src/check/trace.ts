// What is written down of a schedule that somebody wants to see.

/** A step as it was taken, for people. */
export interface Step {
  readonly thread: number;
  readonly kind: string;
  readonly at: number;
  readonly before: unknown;
  readonly after: unknown;
  readonly answer: unknown;
  /** Who was woken by it. */
  readonly woken: readonly number[];
  /** Which operation of its thread it was. */
  readonly nth: number;
}
