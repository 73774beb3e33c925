// A layout in Python: classes of ctypes, which place their members as C does.

import {
  type Declaration,
  declarationsOf,
  type Reference,
  remarkOn,
  unreserved,
} from './declarations.ts';
import type { Layout, NumberName } from './layout.ts';

const RESERVED: ReadonlySet<string> = new Set(
  `False None True and as assert async await break class continue def del elif else except finally for from global if import
  in is lambda nonlocal not or pass raise return try while with yield ctypes
  _fields _pack _anonymous _align _layout _swappedbytes`.split(/\s+/),
);

const TYPES: Readonly<Record<NumberName, string>> = {
  u8: 'ctypes.c_uint8',
  i8: 'ctypes.c_int8',
  u16: 'ctypes.c_uint16',
  i16: 'ctypes.c_int16',
  u32: 'ctypes.c_uint32',
  i32: 'ctypes.c_int32',
  u64: 'ctypes.c_uint64',
  i64: 'ctypes.c_int64',
  f32: 'ctypes.c_float',
  f64: 'ctypes.c_double',
};

/**
 * The layout as a Python module that needs only ctypes: a class of that name for `from_buffer`, one for each struct inside,
 * constants for enumerations, and assertions of the sizes. Members whose names Python reserves get an underscore.
 *
 * @throws TypeError if the name is no identifier.
 */
export function toPython(layout: Layout, name: string): string {
  return ['import ctypes\n', ...declarationsOf(layout, name).map(declaration)].join('\n');
}

function declaration({ name, layout, content, constants }: Declaration): string {
  const type = unreserved(name, RESERVED);
  const lines = constants.map(({ name, value }) => `${name} = ${value}`);
  if (content.kind === 'alias') {
    lines.push(`${type} = ${typeOf(content.type)}`);
  } else {
    const members =
      content.kind === 'bitfield'
        ? content.bits.map(({ name, width }) => member(name, TYPES[content.base], `, ${width}`))
        : content.members.map(({ name, type }) => member(name, typeOf(type), '', comment(type)));
    lines.push(
      '',
      `class ${type}(ctypes.${content.kind === 'union' ? 'Union' : 'Structure'}):`,
      '    _fields_ = [',
      ...members,
      '    ]',
      '',
    );
  }
  lines.push(`assert ctypes.sizeof(${type}) == ${layout.size}`);
  return `${lines.join('\n')}\n`;
}

function member(name: string, type: string, width: string, behind = ''): string {
  return `        ("${unreserved(name, RESERVED)}", ${type}${width}),${behind}`;
}

function typeOf(type: Reference): string {
  switch (type.kind) {
    case 'number':
      return TYPES[type.name];
    case 'bool':
      return 'ctypes.c_bool';
    case 'utf8':
      return `ctypes.c_char * ${type.length}`;
    case 'bytes':
      return `ctypes.c_uint8 * ${type.length}`;
    case 'array':
      return `(${typeOf(type.element)}) * ${type.length}`;
    case 'named':
      return unreserved(type.name, RESERVED);
  }
}

function comment(type: Reference): string {
  const remark = remarkOn(type);
  return remark === undefined ? '' : `  # ${remark}`;
}
