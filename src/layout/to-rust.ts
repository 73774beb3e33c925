// A layout in Rust: repr(C) types that assert their own sizes when they are compiled.

import {
  type Declaration,
  declarationsOf,
  type Reference,
  remarkOn,
  unreserved,
} from './declarations.ts';
import type { Layout } from './layout.ts';

const RESERVED: ReadonlySet<string> = new Set(
  `abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen if impl in let
  loop macro match mod move mut override priv pub ref return self Self static struct super trait true try type typeof unsafe
  unsized use virtual where while yield`.split(/\s+/),
);

/**
 * The layout as Rust 2021, without crates: a `repr(C)` type of that name, one for each struct inside, constants for
 * enumerations (a Rust enum with a number that it does not have is undefined behaviour, and shared memory can have any), a
 * getter and a setter for each member of a bitfield. Members whose names Rust reserves get an underscore.
 *
 * @throws TypeError if the name is no identifier.
 */
export function toRust(layout: Layout, name: string): string {
  return declarationsOf(layout, name).map(declaration).join('\n');
}

function declaration({ name, layout, content, constants }: Declaration): string {
  const type = unreserved(name, RESERVED);
  const lines = constants.map(
    ({ name, base, value }) =>
      `#[allow(dead_code, non_upper_case_globals)]\npub const ${name}: ${base} = ${value};`,
  );
  if (content.kind === 'alias') {
    lines.push('#[allow(non_camel_case_types)]', `pub type ${type} = ${typeOf(content.type)};`);
  } else {
    lines.push(
      `#[repr(C)]\n#[derive(Clone, Copy)]\n#[allow(dead_code, non_camel_case_types, non_snake_case)]`,
    );
    if (content.kind === 'bitfield') {
      lines.push(`pub struct ${type}(pub ${content.base});`, ...accessors(type, content));
    } else {
      const members = content.members.map(
        ({ name, type }) =>
          `    pub ${unreserved(name, RESERVED)}: ${typeOf(type)},${comment(type)}`,
      );
      lines.push(`pub ${content.kind} ${type} {`, ...members, '}');
    }
  }
  lines.push(
    `const _: () = assert!(std::mem::size_of::<${type}>() == ${layout.size});`,
    `const _: () = assert!(std::mem::align_of::<${type}>() == ${layout.align});`,
  );
  return `${lines.join('\n')}\n`;
}

function accessors(
  type: string,
  { base, bits }: Extract<Declaration['content'], { kind: 'bitfield' }>,
): string[] {
  const functions = bits.flatMap(({ name, width, shift }) => {
    const mask = `0x${(2 ** width - 1).toString(16)}`;
    return [
      `    pub fn get_${name}(&self) -> ${base} {`,
      `        (self.0 >> ${shift}) & ${mask}`,
      '    }',
      `    pub fn set_${name}(&mut self, value: ${base}) {`,
      `        self.0 = (self.0 & !(${mask} << ${shift})) | ((value & ${mask}) << ${shift});`,
      '    }',
    ];
  });
  return ['#[allow(dead_code, non_snake_case)]', `impl ${type} {`, ...functions, '}'];
}

function typeOf(type: Reference): string {
  switch (type.kind) {
    case 'number':
      return type.name;
    case 'bool':
      return 'bool';
    case 'utf8':
    case 'bytes':
      return `[u8; ${type.length}]`;
    case 'array':
      return `[${typeOf(type.element)}; ${type.length}]`;
    case 'named':
      return unreserved(type.name, RESERVED);
  }
}

function comment(type: Reference): string {
  const remark = remarkOn(type);
  return remark === undefined ? '' : ` // ${remark}`;
}
