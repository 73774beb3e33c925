// The kinds of named objects: their code in the directory, their name, and how the rooms above make one.
//
// span/ does not know what a mutex is; sync/ and channel/ tell it here when they are loaded: for objects of their own, and
// for those in the records of others.

import { MemspanError } from '../errors.ts';
import type { EmbeddedName, ShapeOf } from '../layout/layout.ts';
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

/** The object of that entry. */
export function openEntry(span: Span, entry: ObjectEntry): unknown {
  const kind = kindOf(entry.kind);
  if (kind !== undefined) return kind.open(span, entry);
  throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
    operation: 'open',
    object: entry.name,
    cause: `this memspan knows no objects of kind ${entry.kind}`,
    remedy: 'Use the version of memspan that made it',
  });
}

/** The object of that layout at an offset of the span. */
export type Embodiment = (span: Span, offset: number, shape: ShapeOf<'embedded'>) => object;

const byName = new Map<EmbeddedName, Embodiment>();

export function defineEmbedded(name: EmbeddedName, embody: Embodiment): void {
  byName.set(name, embody);
}

export function embody(span: Span, offset: number, shape: ShapeOf<'embedded'>): object {
  const known = byName.get(shape.name);
  if (known !== undefined) return known(span, offset, shape);
  throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
    operation: 'view',
    object: span.name,
    cause: `what a ${shape.name} is has not been loaded`,
    remedy: "Import 'memspan'",
  });
}
