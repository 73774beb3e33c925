// Structs and unions: named members, one behind the other or all in one place.

import { invalidArgument } from '../errors.ts';
import { type Field, type Infer, type Layout, makeLayout, type ViewOf } from './layout.ts';
import { checkNames } from './names.ts';
import { checkLayout } from './sequences.ts';

/** Layouts by the names of the members. */
export type Members = Readonly<Record<string, Layout>>;

/** What `read` returns for a struct: the members that have a value. */
export type StructValue<M extends Members> = {
  -readonly [Name in keyof M as [Infer<M[Name]>] extends [never] ? never : Name]: Infer<M[Name]>;
};

/** What `read` returns for a union (all members that make sense), and `write` takes (exactly one). */
export type UnionValue<M extends Members> = { -readonly [Name in keyof M]?: Infer<M[Name]> };

/** The members of a struct or union in place. Single values can be assigned, the others have members themselves. */
export type MembersView<M extends Members> = {
  -readonly [Name in keyof M as ViewOf<M[Name]> extends object ? never : Name]: ViewOf<M[Name]>;
} & {
  readonly [Name in keyof M as ViewOf<M[Name]> extends object ? Name : never]: ViewOf<M[Name]>;
};

/**
 * Members one behind the other in the order in which they are written, each at the next multiple of its alignment, as C
 * places them. Names are identifiers.
 *
 * @throws TypeError for a name that is no identifier, or no members.
 */
export function struct<const M extends Members>(
  members: M,
): Layout<StructValue<M>, MembersView<M>> {
  return structOf(Object.entries(members));
}

/**
 * Members that share their bytes; what they mean must follow from something beside it. `read` returns what each member
 * makes of the bytes, less those for which they make no sense; `write` takes an object with exactly one member, and makes
 * the bytes behind it zero.
 *
 * @throws TypeError for a name that is no identifier, no members, or a lock among them, whose bytes are its own.
 */
export function union<const M extends Members>(members: M): Layout<UnionValue<M>, MembersView<M>> {
  return unionOf(Object.entries(members));
}

/** The distance of a member from the beginning of its struct or union in bytes, as C's `offsetof`. */
export function offsetOf<L extends Layout<object>>(
  layout: L,
  member: keyof Infer<L> & string,
): number {
  const { shape } = layout;
  const found =
    shape.kind === 'struct' || shape.kind === 'union'
      ? shape.fields.find(({ name }) => name === member)
      : undefined;
  if (found === undefined) throw invalidArgument(`offsetOf: there is no member "${member}"`);
  return found.offset;
}

type Entries = readonly (readonly [name: string, layout: Layout])[];

/** @internal */
export function structOf<Value, View>(members: Entries): Layout<Value, View> {
  check(members, 'struct');
  let end = 0;
  const fields = members.map(([name, layout]): Field => {
    const offset = roundUp(end, layout.align);
    end = offset + layout.size;
    return { name, layout, offset };
  });
  const align = mostOf(members, 'align');
  return makeLayout(
    { kind: 'struct', fields },
    roundUp(end, align),
    align,
    mostOf(members, 'depth'),
  );
}

/** @internal */
export function unionOf<Value, View>(members: Entries): Layout<Value, View> {
  check(members, 'union');
  const lock = members.find(([, layout]) => layout.embeds);
  if (lock !== undefined)
    throw invalidArgument(`union: member "${lock[0]}" has a lock in it, whose bytes are its own`);
  const fields = members.map(([name, layout]): Field => ({ name, layout, offset: 0 }));
  const align = mostOf(members, 'align');
  const size = roundUp(mostOf(members, 'size'), align);
  return makeLayout({ kind: 'union', fields }, size, align, mostOf(members, 'depth'));
}

function check(members: Entries, where: string): void {
  checkNames(
    members.map(([name]) => name),
    'member',
  );
  for (const [name, layout] of members) checkLayout(layout, `${where}: member "${name}"`);
}

function mostOf(members: Entries, property: 'size' | 'align' | 'depth'): number {
  // No spread into Math.max: a hostile text can have more members than arguments fit on the stack.
  return members.reduce((most, [, layout]) => Math.max(most, layout[property]), 0);
}

function roundUp(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}
