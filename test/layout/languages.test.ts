// The same bytes in C, Python and Rust: generated structs, compared with what a compiler makes of toC, toPython and toRust.
import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import {
  array,
  bitfield,
  bool,
  bytes,
  enumeration,
  f64,
  i32,
  type Layout,
  offset,
  read,
  struct,
  toC,
  toPython,
  toRust,
  u8,
  u16,
  u32,
  union,
  utf8,
  write,
} from '../../src/index.ts';
import { needs } from '../support/extras.ts';
import { seededRandom } from '../support/segments.ts';
import { anyStruct, anyValue, assertRead } from './generated.ts';
import { cProgram, outputOf, pythonProgram, rustProgram, type Sample } from './programs.ts';

const GCC = ['gcc', '-std=gnu11', '-O0', '-Wall', '-Wextra', '-Werror'] as const;
const RUSTC = ['rustc', '--edition=2021', '-Dwarnings'] as const;

function generated(t: TestContext, count: number): Sample[] {
  const random = seededRandom(t);
  return Array.from({ length: count }, (_, k) => {
    const layout = anyStruct(random, 2, true);
    return { name: `T${k}`, layout, value: anyValue(layout, random, 0, layout.size) };
  });
}

/** The line that a program is to print. */
function expected({ name, layout, value }: Sample): string {
  const buffer = new ArrayBuffer(layout.size);
  write(layout, buffer, 0, value);
  assertRead(layout, read(layout, buffer), value);
  const fields = layout.shape.kind === 'struct' ? layout.shape.fields : [];
  const places = fields.map((field) => field.offset);
  return [name, layout.size, layout.align, ...places, Buffer.from(buffer).toString('hex')].join(
    ' ',
  );
}

function compare(printed: string, samples: readonly Sample[]): void {
  const lines = printed.trimEnd().split('\n');
  assert.equal(lines.length, samples.length);
  for (const [k, sample] of samples.entries()) assert.equal(lines[k], expected(sample));
}

function compileC(source: string): string {
  return outputOf('structs.c', source, (from, to) => [[...GCC, from, '-o', to], [to]]);
}

function compileRust(source: string): string {
  return outputOf('structs.rs', source, (from, to) => [[...RUSTC, from, '-o', to], [to]]);
}

test('300 structs as gcc places them', { skip: needs('gcc') }, (t) => {
  const samples = generated(t, 300);
  compare(compileC(cProgram(samples)), samples);
});

test('300 structs as ctypes places them', { skip: needs('python3') }, (t) => {
  const samples = generated(t, 300);
  const printed = outputOf('structs.py', pythonProgram(samples), (from) => [['python3', from]]);
  compare(printed, samples);
});

test('60 structs as rustc places them', { skip: needs('rustc') }, (t) => {
  const samples = generated(t, 60);
  compare(compileRust(rustProgram(samples)), samples);
});

const Node = struct({ value: u32, next: offset((): Layout => Node) });
/** Names that are reserved somewhere, names that meet, and layouts that are no structs. */
const odd: Record<string, Layout> = {
  Reserved: struct({ int: u8, int_: u8, class: u8, self: u8, type: u8, None: u8, async: u8 }),
  Ctypes: struct({ _fields_: u8, _pack_: u16 }),
  Meeting: struct({ a: struct({ b: struct({ c: u8 }) }), a_b: struct({ c: u16 }) }),
  Pixels: array(array(u8, 3), 2),
  Text: utf8(4),
  Truth: bool,
  Flags: bitfield(u32, { get_a: 1, a: 2, while: 29 }),
  Level: enumeration(i32, { low: -(2 ** 31), high: 2 ** 31 - 1 }),
  Wide: enumeration(u32, { none: 0, all: 2 ** 32 - 1 }),
  Either: union({ f: f64, raw: bytes(3), states: array(enumeration(u8, { on: 1 }), 2) }),
  Node,
};

suite('what no generator thinks of compiles', () => {
  test('C', { skip: needs('gcc') }, () => {
    const types = Object.entries(odd).map(([name, layout]) => toC(layout, name));
    compileC(`${types.join('\n')}
_Static_assert(Wide_all == UINT32_MAX && Level_low == INT32_MIN && Level_high == INT32_MAX, "");
int main(void) { Node n = {0}; Flags f = {0}; Pixels p = {{0}};
  return (int)(n.next + f.while_) + p[1][2]; }`);
  });

  test('C++', { skip: needs('g++') }, () => {
    const types = Object.entries(odd).map(([name, layout]) => toC(layout, name));
    outputOf('odd.cc', `${types.join('\n')}\nint main() { return 0; }`, (from, to) => [
      ['g++', '-std=c++11', '-Wall', '-Wextra', '-Werror', from, '-o', to],
    ]);
  });

  test('Python', { skip: needs('python3') }, () => {
    const types = Object.entries(odd).map(([name, layout]) => toPython(layout, name));
    const source = `${types.join('\n')}\nprint(Wide_all, Level_low, ctypes.sizeof(Node))`;
    const printed = outputOf('odd.py', source, (from) => [['python3', from]]);
    assert.equal(printed, '4294967295 -2147483648 16\n');
  });

  test('Rust', { skip: needs('rustc') }, () => {
    const types = Object.entries(odd).map(([name, layout]) => toRust(layout, name));
    const printed = compileRust(`${types.join('\n')}
fn main() { let mut f = Flags(0); f.set_a(3); f.set_get_a(5); f.set_while(1 << 28);
  println!("{} {} {} {} {}", f.get_a(), f.get_get_a(), f.0, Wide_all, Level_low); }`);
    assert.equal(printed, `3 1 ${2 ** 31 + 7} 4294967295 -2147483648\n`);
  });
});

test('a type needs a name', () => {
  for (const to of [toC, toPython, toRust])
    assert.throws(() => to(Node, 'a b'), { code: 'ERR_MEMSPAN_INVALID_ARGUMENT' });
});
