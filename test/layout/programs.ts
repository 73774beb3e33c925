// Writes programs in C, Python and Rust that fill generated structs with generated values, and say where everything is.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Layout, toC, toPython, toRust } from '../../src/index.ts';

/** A struct by that name, the value that it is to have, and what a pointer in it is relative to. */
export interface Sample {
  readonly name: string;
  readonly layout: Layout;
  readonly value: unknown;
}

interface Language {
  number(place: string, type: string, value: string): string;
  bytes(place: string, bytes: readonly number[], text: boolean): string;
  bits(place: string, name: string, value: number): string;
  truth(value: boolean): string;
}

/** `T.m0[1].x = 5` for each single value, in that language. */
function assignments(
  language: Language,
  layout: Layout,
  value: unknown,
  place: string,
  at = 0,
): string[] {
  const { shape } = layout;
  const member = (name: string): unknown => (value as Record<string, unknown>)[name];
  switch (shape.kind) {
    case 'number':
    case 'atomic':
      return [language.number(place, shape.name, String(value))];
    case 'bool':
      return [`${place} = ${language.truth(value as boolean)}`];
    case 'utf8':
      return [language.bytes(place, [...Buffer.from(value as string)], true)];
    case 'bytes':
      return [language.bytes(place, [...(value as Uint8Array)], false)];
    case 'array':
      return (value as unknown[]).flatMap((element, i) =>
        assignments(
          language,
          shape.element,
          element,
          `${place}[${i}]`,
          at + i * shape.element.size,
        ),
      );
    case 'struct':
    case 'union':
      return shape.fields
        .filter(({ name }) => member(name) !== undefined)
        .flatMap(({ name, layout: inner, offset }) =>
          assignments(language, inner, member(name), `${place}.${name}`, at + offset),
        );
    case 'embedded':
      return [];
    case 'bitfield':
      return shape.fields.map(({ name }) => language.bits(place, name, member(name) as number));
    case 'enumeration':
      return [language.number(place, shape.base, String(shape.values.get(value as string)))];
    case 'offset':
      return [language.number(place, 'i64', String(value === null ? 0 : (value as number) - at))];
  }
}

/** A floating-point literal; 1e21 already is one. */
function real(value: string): string {
  return /[.e]/.test(value) ? value : `${value}.0`;
}

const members = ({ layout }: Sample): string[] =>
  layout.shape.kind === 'struct' ? layout.shape.fields.map(({ name }) => name) : [];

/** Each program prints a line for each sample: name, size, alignment, offsets, bytes. */
export function cProgram(samples: readonly Sample[]): string {
  const language: Language = {
    number: (place, type, value) => {
      if (type.startsWith('f'))
        return `${place} = (${type === 'f32' ? 'float' : 'double'})${real(value)}`;
      const bits = BigInt.asUintN(64, BigInt(value));
      return `${place} = (${type.startsWith('u') ? 'u' : ''}int${type.slice(1)}_t)UINT64_C(${bits})`;
    },
    bytes: (place, list) =>
      list.length === 0 ? '(void)0' : `memcpy(${place}, (uint8_t[]){${list}}, ${list.length})`,
    bits: (place, name, value) => `${place}.${name} = UINT32_C(${value})`,
    truth: String,
  };
  const functions = samples.map((sample) => {
    const { name, layout, value } = sample;
    const offsets = members(sample).map((one) => `printf(" %zu", offsetof(${name}, ${one}));`);
    return `${toC(layout, name)}
static void do_${name}(void) {
  ${name} t;
  memset(&t, 0, sizeof t);
  ${assignments(language, layout, value, 't').join(';\n  ')};
  printf("${name} %zu %zu", sizeof t, _Alignof(${name}));
  ${offsets.join(' ')}
  hex(&t, sizeof t);
}`;
  });
  return `#include <stdio.h>
#include <string.h>
#include <stdint.h>
static void hex(const void *at, size_t size) {
  printf(" ");
  for (size_t i = 0; i < size; i++) printf("%02x", ((const uint8_t *)at)[i]);
  printf("\\n");
}
${functions.join('\n')}
int main(void) { ${samples.map(({ name }) => `do_${name}();`).join(' ')} return 0; }
`;
}

export function pythonProgram(samples: readonly Sample[]): string {
  const language: Language = {
    number: (place, _type, value) => `${place} = ${value}`,
    bytes: (place, list, text) =>
      text
        ? // A field of characters is assigned, an element that is one has a value.
          `${place}${place.endsWith(']') ? '.value' : ''} = bytes([${list}])`
        : `${place}[:] = bytes([${list}])`,
    bits: (place, name, value) => `${place}.${name} = ${value}`,
    truth: (value) => (value ? 'True' : 'False'),
  };
  return samples
    .map((sample) => {
      const { name, layout, value } = sample;
      const offsets = members(sample).map((one) => `${name}.${one}.offset`);
      return `${toPython(layout, name)}
t = ${name}()
${assignments(language, layout, value, 't').join('\n')}
print("${name}", ctypes.sizeof(t), ctypes.alignment(t), ${offsets.join(', ')}, bytes(t).hex())
`;
    })
    .join('\n');
}

export function rustProgram(samples: readonly Sample[]): string {
  const language: Language = {
    number: (place, type, value) =>
      `${place} = ${type.startsWith('f') ? real(value) : value}${type}`,
    bytes: (place, list) => `${place}[..${list.length}].copy_from_slice(&[${list}])`,
    bits: (place, name, value) => `${place}.set_${name}(${value})`,
    truth: String,
  };
  const functions = samples.map((sample) => {
    const { name, layout, value } = sample;
    const offsets = members(sample).map(
      (one) => `print!(" {}", std::ptr::addr_of!(t.${one}) as usize - t as *const _ as usize);`,
    );
    return `${toRust(layout, name)}
fn do_${name.toLowerCase()}() {
    let mut memory = [0u64; ${Math.ceil(layout.size / 8)}];
    // Not a value of its own: those are moved without their padding.
    let t = unsafe { &mut *(memory.as_mut_ptr() as *mut ${name}) };
    unsafe { ${assignments(language, layout, value, 't').join('; ')}; }
    print!("${name} {} {}", std::mem::size_of::<${name}>(), std::mem::align_of::<${name}>());
    ${offsets.join(' ')}
    hex(t as *const _ as *const u8, std::mem::size_of::<${name}>());
}`;
  });
  return `#![allow(unused_unsafe, redundant_semicolons)]
fn hex(at: *const u8, size: usize) {
    print!(" ");
    for i in 0..size { print!("{:02x}", unsafe { *at.add(i) }); }
    println!();
}
${functions.join('\n')}
fn main() { ${samples.map(({ name }) => `do_${name.toLowerCase()}();`).join(' ')} }
`;
}

/** What the program prints. `command` gets the source's path and where to put what it compiles, if it does. */
export function outputOf(
  file: string,
  source: string,
  command: (source: string, program: string) => readonly (readonly [string, ...string[]])[],
): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'memspan-test-layout-'));
  try {
    writeFileSync(path.join(folder, file), source);
    let printed = '';
    for (const [program, ...args] of command(path.join(folder, file), path.join(folder, 'program')))
      printed = execFileSync(program, args, {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    return printed;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
