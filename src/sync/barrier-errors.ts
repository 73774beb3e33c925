// What can be wrong with a barrier.

import { MemspanError } from '../errors.ts';

interface Subject {
  readonly operation: string;
  /** `span/name`. */
  readonly object: string;
}

/** So many parties are named in a message. */
const NAMED_MAX = 8;

/** `dead`: the parties who are, described; none where those who came after have begun anew. */
export function broken(subject: Subject, dead: readonly string[]): MemspanError {
  const cause =
    dead.length > 0
      ? `a party has died or left without leave(): ${list(dead)}`
      : 'a party has died, or it was reset while this thread waited';
  return new MemspanError('ERR_MEMSPAN_BROKEN', {
    ...subject,
    cause,
    remedy: 'Put in order what the phase was about, and call reset() in one of the parties',
    found: dead,
  });
}

export function full(subject: Subject, parties: number, there: readonly string[]): MemspanError {
  return new MemspanError('ERR_MEMSPAN_LIMIT', {
    ...subject,
    cause: `it has its ${parties} parties already: ${list(there)}`,
    remedy: 'Make it for more parties, or have one of them call leave()',
    expected: parties,
    found: there,
  });
}

export function corrupt(subject: Subject, parties: number, found: number): MemspanError {
  return new MemspanError('ERR_MEMSPAN_CORRUPT', {
    ...subject,
    cause: `its word says that ${found} of ${parties} parties wait: somebody has written over it`,
    remedy: 'Look for who writes to the span without knowing its format, and call reset()',
    expected: parties,
    found,
  });
}

export function mismatch(object: string, expected: number, found: number): MemspanError {
  return new MemspanError('ERR_MEMSPAN_OPTIONS_MISMATCH', {
    operation: 'Barrier.at',
    object,
    cause: `this thread uses it for ${found} parties, not ${expected}`,
    remedy: 'Give the same options wherever it is used',
    expected,
    found,
  });
}

function list(names: readonly string[]): string {
  const rest = names.length - NAMED_MAX;
  const some = names.slice(0, NAMED_MAX).join(', ');
  return rest > 0 ? `${some} and ${rest} more` : some;
}
