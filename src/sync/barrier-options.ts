// What must be said about a barrier, and how the directory remembers it.

import { invalidArgument, outOfRange } from '../errors.ts';
import { PARTIES_MAX } from './barrier.layout.ts';

export interface BarrierOptions {
  /** How many must arrive to complete a phase: 1 to 4094. */
  parties: number;
}

/** Its number of parties. */
export function partiesOf(options: unknown, operation: string): number {
  if (typeof options !== 'object' || options === null || !('parties' in options)) {
    throw invalidArgument(`${operation}: options are an object such as {parties: 4}`);
  }
  const { parties } = options as BarrierOptions;
  if (typeof parties !== 'number') {
    throw invalidArgument(`${operation}: parties is a number, not ${typeof parties}`);
  }
  if (!Number.isInteger(parties) || parties < 1 || parties > PARTIES_MAX) {
    throw outOfRange(
      `${operation}: parties is a whole number from 1 to ${PARTIES_MAX}, not ${parties}`,
    );
  }
  return parties;
}
