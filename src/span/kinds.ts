// The kinds of named objects: their code in the directory, their name, and how the rooms above make one.
//
// span/ does not know what a mutex is; sync/ and channel/ tell it here when they are loaded.

import type { Span } from './span.ts';
import type { ObjectEntry } from './view.ts';

export interface Kind {
  /** In the directory; never used again for another kind. */
  readonly code: number;
  readonly name: string;
  /** The object of that entry, as the entry says it is. */
  open(span: Span, entry: ObjectEntry): unknown;
  /** For the wait-for graph: ids of the participants that hold it, so that others wait. */
  holders?(words: Int32Array, index: number): readonly number[];
}

const byCode = new Map<number, Kind>();

export function defineKind(kind: Kind): void {
  byCode.set(kind.code, kind);
}

export function kindOf(code: number): Kind | undefined {
  return byCode.get(code);
}

export function kindName(code: number): string {
  return byCode.get(code)?.name ?? `kind-${code}`;
}

export function kindNames(): string[] {
  return [...byCode.values()].map(({ name }) => name);
}
