// The layout of a canonical text. The text may come from anywhere: it is bounded in length and depth, what follows from it
// is checked by the constructors, and whatever is wrong with it is an error that says where.

import { MemspanError } from '../errors.ts';
import { layoutText, TEXT_MAX } from './canonical.ts';
import { bitfield, enumeration, offset } from './coded.ts';
import { embedded, isEmbeddedName } from './embedded.ts';
import { DEPTH_MAX, type EmbeddedOption, type Layout } from './layout.ts';
import { atomic, bool, numbers } from './scalars.ts';
import { array, bytes, utf8 } from './sequences.ts';
import { structOf, unionOf } from './struct.ts';

/**
 * Makes the layout that `layoutText` has described, in another program perhaps. Only the canonical form is taken.
 *
 * @throws MemspanError `ERR_MEMSPAN_CORRUPT`, with the place in the text, for anything else.
 */
export function parseLayout(text: string): Layout {
  if (typeof text !== 'string' || text.length > TEXT_MAX)
    throw corrupt(`it is no text of at most ${TEXT_MAX} characters`);
  const parser = new Parser(text);
  const layout = parser.whole();
  // The grammar is strict, but numbers such as 007 and relative pointers can be written in more than one way.
  if (layoutText(layout) !== text) throw corrupt('it is not in the canonical form');
  return layout;
}

/** A layout that is being made, for those inside that point to it. */
interface Surrounding {
  layout?: Layout;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Layout {
    const layout = this.#layout([]);
    if (this.#at < this.#text.length) throw this.#wrong('the end');
    return layout;
  }

  #layout(around: readonly Surrounding[]): Layout {
    if (around.length >= DEPTH_MAX)
      throw corrupt(`at character ${this.#at} it is deeper than ${DEPTH_MAX}`);
    const start = this.#at;
    const word = this.#match(/[a-z0-9]+/y, 'a layout');
    const self: Surrounding = {};
    try {
      self.layout = this.#rest(word, start, [...around, self]);
    } catch (error) {
      if (error instanceof MemspanError) throw error;
      // What the constructors say: a name twice, a number out of range.
      throw corrupt(`at character ${start}: ${(error as Error).message}`);
    }
    return self.layout;
  }

  #rest(word: string, start: number, inside: readonly Surrounding[]): Layout {
    if (Object.hasOwn(numbers, word)) return numbers[word as keyof typeof numbers];
    if (isEmbeddedName(word)) return embedded(word, this.#options());
    switch (word) {
      case 'atomic': {
        this.#expect('.');
        const name = this.#match(/[ui](?:8|16|32|64)/y, 'the name of an integer');
        return atomic[name as keyof typeof atomic];
      }
      case 'bool':
        return bool;
      case 'utf8':
        return utf8(this.#length());
      case 'bytes':
        return bytes(this.#length());
      case 'array': {
        this.#expect('(');
        const element = this.#layout(inside);
        this.#expect(',');
        const length = this.#number();
        this.#expect(')');
        return array(element, length);
      }
      case 'struct':
        return structOf(this.#list(':', () => this.#layout(inside)));
      case 'union':
        return unionOf(this.#list(':', () => this.#layout(inside)));
      case 'bitfield': {
        const base = this.#base();
        return bitfield(base, this.#record(':'));
      }
      case 'enumeration': {
        const base = this.#base();
        return enumeration(base, this.#record('='));
      }
      case 'offset':
        return this.#offset(inside);
      default:
        this.#at = start;
        throw this.#wrong('a layout');
    }
  }

  #offset(inside: readonly Surrounding[]): Layout {
    this.#expect('(');
    if (this.#text[this.#at] !== '^') {
      const target = this.#layout(inside);
      this.#expect(')');
      return offset(target);
    }
    this.#expect('^');
    // The last of `inside` is this offset itself.
    const outwards = this.#number();
    const target = inside[inside.length - 2 - outwards];
    if (target === undefined) throw this.#wrong('a layout around this one');
    this.#expect(')');
    return offset(() => target.layout as Layout);
  }

  #options(): EmbeddedOption[] {
    const options: EmbeddedOption[] = [];
    if (!this.#take('(')) return options;
    do {
      const option = this.#match(/[a-z]{1,16}|\d{1,16}/y, 'an option');
      options.push(/\d/.test(option) ? Number(option) : option);
    } while (this.#take(','));
    this.#expect(')');
    return options;
  }

  #base(): Layout<number, number> {
    this.#expect('(');
    const word = this.#match(/[ui](?:8|16|32)/y, 'u8, i8, u16, i16, u32 or i32');
    this.#expect(')');
    return numbers[word as keyof typeof numbers];
  }

  #length(): number {
    this.#expect('(');
    const length = this.#number();
    this.#expect(')');
    return length;
  }

  #list<T>(between: string, next: () => T): [name: string, value: T][] {
    const list: [string, T][] = [];
    this.#expect('{');
    do {
      const name = this.#match(/[A-Za-z0-9_]+/y, 'a name');
      this.#expect(between);
      list.push([name, next()]);
    } while (this.#take(','));
    this.#expect('}');
    return list;
  }

  #record(between: string): Record<string, number> {
    const list = this.#list(between, () => this.#number());
    const record = Object.fromEntries(list);
    if (Object.keys(record).length < list.length) throw corrupt('it has a name twice');
    return record;
  }

  #number(): number {
    return Number(this.#match(/-?\d{1,16}/y, 'a number'));
  }

  #match(pattern: RegExp, what: string): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) throw this.#wrong(what);
    this.#at += found.length;
    return found;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #expect(character: string): void {
    if (!this.#take(character)) throw this.#wrong(`"${character}"`);
  }

  #wrong(expected: string): MemspanError {
    const found = this.#text.slice(this.#at, this.#at + 16);
    return corrupt(
      `at character ${this.#at} there is ${found === '' ? 'its end' : JSON.stringify(found)} instead of ${expected}`,
    );
  }
}

function corrupt(cause: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_CORRUPT', { operation: 'parseLayout', cause });
}
