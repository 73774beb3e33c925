// A layout as the declarations that other languages need: every struct, union and bitfield has a name, and what is inside
// comes before what it is in.

import { layoutText } from './canonical.ts';
import type { BitField, IntegerName, Layout, NumberName, UnsignedName } from './layout.ts';
import { checkName } from './names.ts';
import { checkLayout } from './sequences.ts';

/** How a declaration refers to a type. */
export type Reference =
  | { readonly kind: 'number'; readonly name: NumberName; readonly says?: string }
  | { readonly kind: 'bool' }
  | { readonly kind: 'utf8' | 'bytes'; readonly length: number }
  | {
      readonly kind: 'array';
      readonly element: Reference;
      readonly length: number;
      readonly says?: string;
    }
  | { readonly kind: 'named'; readonly name: string };

/** What is to be said about a member beside its type. */
export function remarkOn(type: Reference): string | undefined {
  return 'says' in type ? type.says : undefined;
}

export interface Declaration {
  readonly name: string;
  readonly layout: Layout;
  readonly content:
    | {
        readonly kind: 'struct' | 'union';
        readonly members: readonly { readonly name: string; readonly type: Reference }[];
      }
    | { readonly kind: 'bitfield'; readonly base: UnsignedName; readonly bits: readonly BitField[] }
    | { readonly kind: 'alias'; readonly type: Reference };
  /** The constants of the enumerations in it. */
  readonly constants: readonly Constant[];
}

/** An enumerator: `Monster_state_idle`. */
export interface Constant {
  readonly name: string;
  readonly base: IntegerName;
  readonly value: number;
}

/** Everything that has to be declared, in order; the last is the layout itself, by that name. */
export function declarationsOf(layout: Layout, name: string): readonly Declaration[] {
  checkLayout(layout, 'layout');
  checkName(name, 'type');
  const namer = new Namer(name);
  namer.top(layout);
  return namer.declarations;
}

class Namer {
  readonly declarations: Declaration[] = [];
  readonly #name: string;
  readonly #taken: Set<string>;
  #constants: Constant[] = [];

  constructor(name: string) {
    this.#name = name;
    this.#taken = new Set([name]);
  }

  top(layout: Layout): void {
    const type = this.#reference(layout, this.#name, true);
    if (type.kind !== 'named') this.#declare(this.#name, layout, { kind: 'alias', type });
  }

  #reference(layout: Layout, path: string, top = false): Reference {
    const { shape } = layout;
    switch (shape.kind) {
      case 'number':
      case 'bool':
      case 'utf8':
      case 'bytes':
        return shape;
      case 'atomic':
        return { kind: 'number', name: shape.name, says: 'atomic' };
      case 'offset':
        return { kind: 'number', name: 'i64', says: 'distance from itself in bytes; 0: none' };
      case 'array':
        return { ...shape, element: this.#reference(shape.element, path) };
      case 'enumeration':
        for (const [value, number] of shape.values)
          this.#constants.push({
            name: this.#free(`${path}_${value}`),
            base: shape.base,
            value: number,
          });
        return { kind: 'number', name: shape.base };
      case 'embedded':
        // Its words are memspan's: another language keeps the place.
        return {
          kind: 'array',
          element: { kind: 'number', name: 'u32' },
          length: layout.size / 4,
          says: `memspan's ${layoutText(layout)}: not to be touched`,
        };
      default: {
        const name = top ? path : this.#free(path);
        if (shape.kind === 'bitfield') {
          this.#declare(name, layout, { kind: 'bitfield', base: shape.base, bits: shape.fields });
        } else {
          const members = shape.fields.map((field) => ({
            name: field.name,
            type: this.#reference(field.layout, `${name}_${field.name}`),
          }));
          this.#declare(name, layout, { kind: shape.kind, members });
        }
        return { kind: 'named', name };
      }
    }
  }

  #declare(name: string, layout: Layout, content: Declaration['content']): void {
    this.declarations.push({ name, layout, content, constants: this.#constants });
    this.#constants = [];
  }

  /** `a.b_c` and `a_b.c` would be the same name. */
  #free(name: string): string {
    let free = name;
    for (let k = 2; this.#taken.has(free); k++) free = `${name}_${k}`;
    this.#taken.add(free);
    return free;
  }
}

/**
 * The name, with an underscore behind it if the language has another use for it; names that end so already get one more, so
 * that no two become the same.
 */
export function unreserved(name: string, reserved: ReadonlySet<string>): string {
  return reserved.has(name.replace(/_+$/, '')) ? `${name}_` : name;
}
