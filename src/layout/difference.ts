// Where two layouts differ, member by member, and whether programs that use the one can work with bytes of the other.

import { layoutText } from './canonical.ts';
import type { Field, Layout, ShapeOf } from './layout.ts';

/** Where a member is, and what. */
export interface Member {
  /** The canonical text of its layout. */
  readonly type: string;
  /** Bytes from the beginning of the whole, or of what the last relative pointer of the path points to. */
  readonly offset: number;
}

/** A member that is not the same in both layouts. */
export interface LayoutDifference {
  /** `pos[].x`, `next->value`; empty for the whole. */
  readonly path: string;
  /** What it is in the first layout; undefined if that does not have it. */
  readonly expected: Member | undefined;
  /** What it is in the second layout. */
  readonly found: Member | undefined;
  /** Whether it lies behind everything that its struct has in both layouts, so that who does not know it is not disturbed. */
  readonly compatible: boolean;
  /** `hp: expected u32 at 4, found f64 at 8`. */
  readonly message: string;
}

/**
 * All members that differ, in the order of their places; what several relative pointers lead to is compared once. Empty if the layouts are the same. If all are `compatible`, members
 * have been appended to the one or the other, and everything else is where it was; whoever has more of them must see
 * whether the bytes are there.
 */
export function layoutDifferences(expected: Layout, found: Layout): LayoutDifference[] {
  return compare({ layout: expected, offset: 0 }, { layout: found, offset: 0 }, '', new Map());
}

interface Placed {
  readonly layout: Layout;
  readonly offset: number;
}

/** The pairs of structs that have been compared, or are being: a relative pointer to one leads nowhere new. */
type Seen = Map<Layout, Set<Layout>>;

function compare(expected: Placed, found: Placed, path: string, seen: Seen): LayoutDifference[] {
  const [a, b] = [expected.layout.shape, found.layout.shape];
  const moved = expected.offset === found.offset ? [] : [difference(path, expected, found, false)];
  if (layoutText(expected.layout) === layoutText(found.layout)) return moved;
  if (a.kind === 'struct' && b.kind === 'struct') {
    isNew(seen, expected.layout, found.layout);
    return [...moved, ...structs(a, b, expected.offset, found.offset, path, seen)];
  }
  if (a.kind === 'offset' && b.kind === 'offset') {
    const [targetA, targetB] = [a.target(), b.target()];
    const into = `${path}->`;
    if (!isNew(seen, targetA, targetB)) return moved;
    return [
      ...moved,
      ...compare({ layout: targetA, offset: 0 }, { layout: targetB, offset: 0 }, into, seen),
    ];
  }
  if (a.kind === 'array' && b.kind === 'array' && a.length === b.length) {
    const elements = compare(
      { layout: a.element, offset: expected.offset },
      { layout: b.element, offset: found.offset },
      `${path}[]`,
      seen,
    );
    // Elements of another size: the second one is elsewhere, whatever it consists of.
    const stretched = a.element.size !== b.element.size && a.length > 1;
    return [...moved, ...elements.map((one) => (stretched ? { ...one, compatible: false } : one))];
  }
  return [difference(path, expected, found, false)];
}

/** Whether that pair has not been seen before; it has from then on. */
function isNew(seen: Seen, a: Layout, b: Layout): boolean {
  const others = seen.get(a);
  if (others === undefined) seen.set(a, new Set([b]));
  else if (others.has(b)) return false;
  else others.add(b);
  return true;
}

function structs(
  a: ShapeOf<'struct' | 'union'>,
  b: ShapeOf<'struct' | 'union'>,
  atA: number,
  atB: number,
  path: string,
  seen: Seen,
): LayoutDifference[] {
  const inA = new Map(a.fields.map((field) => [field.name, field]));
  const inB = new Map(b.fields.map((field) => [field.name, field]));
  // Members at the end that only one of the two has. If both have some, those lie upon one another.
  const commonA = lastCommon(a.fields, inB);
  const commonB = lastCommon(b.fields, inA);
  const oneSided = commonA === a.fields.length - 1 || commonB === b.fields.length - 1;
  const differences = a.fields.flatMap((field, k) => {
    const name = /^$|->$/.test(path) ? path + field.name : `${path}.${field.name}`;
    const mine = placed(field, atA);
    const theirs = inB.get(field.name);
    if (theirs !== undefined) return compare(mine, placed(theirs, atB), name, seen);
    return [difference(name, mine, undefined, oneSided && k > commonA)];
  });
  const further = b.fields.flatMap((field, k) => {
    if (inA.has(field.name)) return [];
    const name = /^$|->$/.test(path) ? path + field.name : `${path}.${field.name}`;
    return [difference(name, undefined, placed(field, atB), oneSided && k > commonB)];
  });
  return [...differences, ...further];
}

/** The index of the last member that the other struct has as well; −1 if there is none. */
function lastCommon(fields: readonly Field[], other: ReadonlyMap<string, Field>): number {
  return fields.findLastIndex(({ name }) => other.has(name));
}

function placed({ layout, offset }: Field, base: number): Placed {
  return { layout, offset: base + offset };
}

function difference(
  path: string,
  expected: Placed | undefined,
  found: Placed | undefined,
  compatible: boolean,
): LayoutDifference {
  const [a, b] = [expected, found].map((one) =>
    one === undefined ? undefined : { type: layoutText(one.layout), offset: one.offset },
  );
  const message = `${path === '' ? 'the whole' : path}: expected ${shown(a)}, found ${shown(b)}`;
  return { path, expected: a, found: b, compatible, message };
}

function shown(member: Member | undefined): string {
  return member === undefined ? 'nothing' : `${member.type} at ${member.offset}`;
}
