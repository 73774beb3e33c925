// What takers note (test/fixtures/sync/taker.ts), in memory that all of them share.

/** Words. */
export const Control = {
  /** Ticks at every beginning and every end of an arrival. */
  clock: 0,
  /** How many were let through. */
  grants: 1,
  gaveUp: 2,
  over: 3,
  /** How many permits are in use. Those that the dead had stay counted. */
  inside: 4,
  /** How often there were more than there are. */
  broken: 5,
  words: 16,
} as const;

const GRANTS_MAX = 65_536;
/** Per grant: ticket, began, arrived, and 1 when these are written. */
export const LOG_WORDS = 4;
export const logSize: number = 4 * (Control.words + LOG_WORDS * GRANTS_MAX);

export interface Arrival {
  readonly ticket: number;
  readonly began: number;
  readonly arrived: number;
}

/** In the order in which they were let through, less those who did not have to wait. */
export function readLog(log: Int32Array): Arrival[] {
  const arrivals: Arrival[] = [];
  for (let at = Control.words; at < log.length; at += LOG_WORDS) {
    const [ticket = 0, began = 0, arrived = 0, written] = log.subarray(at, at + LOG_WORDS);
    if (written === 1) arrivals.push({ ticket, began, arrived });
  }
  return arrivals;
}

/** How often somebody was let through before one who was there before it came. */
export function countOvertaken(arrivals: readonly Arrival[]): number {
  let count = 0;
  let latest = Number.NEGATIVE_INFINITY;
  for (const { began, arrived } of arrivals) {
    if (arrived < latest) count++;
    latest = Math.max(latest, began);
  }
  return count;
}

/** How often a ticket came before a smaller one: of two who come at once, the later may be there to be seen first. */
export function countInversions(arrivals: readonly Arrival[]): number {
  let count = 0;
  let latest = Number.NEGATIVE_INFINITY;
  for (const { ticket } of arrivals) {
    if (ticket < latest) count++;
    latest = Math.max(latest, ticket);
  }
  return count;
}
