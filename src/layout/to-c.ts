// A layout in C: a header that asserts its own sizes and offsets when it is compiled.

import {
  type Declaration,
  declarationsOf,
  type Reference,
  remarkOn,
  unreserved,
} from './declarations.ts';
import type { Layout, NumberName } from './layout.ts';

/** C11's keywords, C++'s, and what the headers below define as macros. */
const RESERVED: ReadonlySet<string> = new Set(
  `alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl concept const consteval constexpr
  constinit const_cast continue co_await co_return co_yield decltype default delete do double dynamic_cast else enum explicit
  export extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or
  or_eq private protected public register reinterpret_cast requires restrict return short signed sizeof static static_assert
  static_cast struct switch template this thread_local throw true try typedef typeid typename typeof typeof_unqual union
  unsigned using virtual void volatile wchar_t while xor xor_eq linux unix offsetof NULL`.split(
    /\s+/,
  ),
);

const TYPES: Readonly<Record<NumberName, string>> = {
  u8: 'uint8_t',
  i8: 'int8_t',
  u16: 'uint16_t',
  i16: 'int16_t',
  u32: 'uint32_t',
  i32: 'int32_t',
  u64: 'uint64_t',
  i64: 'int64_t',
  f32: 'float',
  f64: 'double',
};

/**
 * The layout as C11 (and C++11): a typedef of that name, one for each struct inside, constants for enumerations, and
 * assertions that the compiler places everything where memspan does. Members whose names C reserves get an underscore.
 *
 * @throws TypeError if the name is no identifier.
 */
export function toC(layout: Layout, name: string): string {
  const declarations = declarationsOf(layout, name);
  const headers = ['stdbool', 'stddef', 'stdint'].map((header) => `#include <${header}.h>\n`);
  return [`${headers.join('')}#ifndef __cplusplus\n#include <assert.h>\n#endif\n`]
    .concat(declarations.map(declaration))
    .join('\n');
}

function declaration({ name, layout, content, constants }: Declaration): string {
  const type = unreserved(name, RESERVED);
  const lines = constants.map(({ name, value }) =>
    // An enum's own type is the compiler's choice, so it only has the names. INT32_MIN has no literal.
    value > 0x7fffffff
      ? `#define ${name} UINT32_C(${value})`
      : `enum { ${name} = ${value === -(2 ** 31) ? '-2147483647 - 1' : value} };`,
  );
  if (content.kind === 'alias') {
    lines.push(`typedef ${declarator(content.type, type)};`);
  } else {
    const members =
      content.kind === 'bitfield'
        ? content.bits.map(
            (bits) => `${TYPES[content.base]} ${unreserved(bits.name, RESERVED)} : ${bits.width};`,
          )
        : content.members.map(
            (member) =>
              `${declarator(member.type, unreserved(member.name, RESERVED))};${comment(member.type)}`,
          );
    const keyword = content.kind === 'union' ? 'union' : 'struct';
    lines.push(`typedef ${keyword} {`, ...members.map((member) => `  ${member}`), `} ${type};`);
  }
  lines.push(`static_assert(sizeof(${type}) == ${layout.size}, "size of ${type}");`);
  if (layout.shape.kind === 'struct')
    for (const field of layout.shape.fields) {
      const member = unreserved(field.name, RESERVED);
      const place = `offsetof(${type}, ${member}) == ${field.offset}`;
      lines.push(`static_assert(${place}, "place of ${type}.${member}");`);
    }
  return `${lines.join('\n')}\n`;
}

/** `uint8_t pixels[3][4]`. */
function declarator(type: Reference, name: string): string {
  switch (type.kind) {
    case 'number':
      return `${TYPES[type.name]} ${name}`;
    case 'bool':
      return `bool ${name}`;
    case 'utf8':
      return `char ${name}[${type.length}]`;
    case 'bytes':
      return `uint8_t ${name}[${type.length}]`;
    case 'array':
      return declarator(type.element, `${name}[${type.length}]`);
    case 'named':
      return `${unreserved(type.name, RESERVED)} ${name}`;
  }
}

function comment(type: Reference): string {
  const remark = remarkOn(type);
  return remark === undefined ? '' : ` /* ${remark} */`;
}
