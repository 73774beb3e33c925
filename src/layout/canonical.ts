// The canonical text of a layout: what a span keeps so that whoever opens it can compare layouts, and decode without the
// source. Layouts with the same text describe the same bytes under the same names.
//
//   layout  u8 … f64 | atomic.u8 … atomic.i64 | bool | utf8(N) | bytes(N) | array(layout,N)
//           struct{name:layout,…} | union{name:layout,…}
//           bitfield(base){name:BITS,…} | enumeration(base){name=NUMBER,…}
//           offset(layout) | offset(^N)
//           mutex | rwlock | condition | event | once | semaphore(…) | barrier(…), with options as embedded.ts has them
//
// ASCII, without spaces; numbers are decimal. Sizes and offsets follow from C's rules of placement and are not in it. ^N is
// the array, struct, union or offset that is N further out than the one directly around this offset, which is ^0.

import { outOfRange } from '../errors.ts';
import { DEPTH_MAX, type Layout } from './layout.ts';
import { checkLayout } from './sequences.ts';

/** In characters, which are bytes. */
export const TEXT_MAX = 65_536;

const texts = new WeakMap<Layout, string>();

/**
 * The canonical text of a layout: `struct{hp:u32,pos:array(f64,3)}`. `parseLayout` makes the layout from it again.
 *
 * @throws RangeError if it were longer than 65,536 characters, or deeper than 32 with what relative pointers point to.
 */
export function layoutText(layout: Layout): string {
  checkLayout(layout, 'layoutText');
  const known = texts.get(layout);
  if (known !== undefined) return known;
  const text = new Writer().write(layout, []).text;
  texts.set(layout, text);
  return text;
}

class Writer {
  text = '';

  /** `around`: the arrays, structs, unions and offsets that it is in, outermost first. */
  write(layout: Layout, around: readonly Layout[]): this {
    if (around.length >= DEPTH_MAX) throw outOfRange(`layoutText: deeper than ${DEPTH_MAX}`);
    const { shape } = layout;
    const inside = [...around, layout];
    switch (shape.kind) {
      case 'number':
        return this.#add(shape.name);
      case 'atomic':
        return this.#add(`atomic.${shape.name}`);
      case 'bool':
        return this.#add('bool');
      case 'utf8':
      case 'bytes':
        return this.#add(`${shape.kind}(${shape.length})`);
      case 'array':
        return this.#add('array(').write(shape.element, inside).#add(`,${shape.length})`);
      case 'struct':
      case 'union':
        this.#add(`${shape.kind}{`);
        for (const [k, field] of shape.fields.entries())
          this.#add(`${k > 0 ? ',' : ''}${field.name}:`).write(field.layout, inside);
        return this.#add('}');
      case 'bitfield': {
        const bits = shape.fields.map(({ name, width }) => `${name}:${width}`);
        return this.#add(`bitfield(${shape.base}){${bits.join(',')}}`);
      }
      case 'enumeration': {
        const values = [...shape.values].map(([name, number]) => `${name}=${number}`);
        return this.#add(`enumeration(${shape.base}){${values.join(',')}}`);
      }
      case 'embedded': {
        const options = shape.options.length > 0 ? `(${shape.options.join(',')})` : '';
        return this.#add(`${shape.name}${options}`);
      }
      case 'offset': {
        const target = shape.target();
        const outwards = around.toReversed().indexOf(target);
        if (outwards >= 0) return this.#add(`offset(^${outwards})`);
        return this.#add('offset(').write(target, inside).#add(')');
      }
    }
  }

  #add(text: string): this {
    this.text += text;
    if (this.text.length > TEXT_MAX)
      throw outOfRange(`layoutText: longer than ${TEXT_MAX} characters`);
    return this;
  }
}
