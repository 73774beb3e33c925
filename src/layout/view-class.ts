// Writes the accessors of a layout as JavaScript, once for each layout; runs that code once for each buffer.
//
// What is inserted into the code: numbers that the layout has computed, and names that checkName has passed, quoted.
//
// `this.$i` is where the value begins, in units of its alignment A: a member of w ≤ A bytes at offset o is element
// $i × A/w + o/w of the typed array for w. So no byte offset has to be shifted, and memory may have any size.

import { Elements } from './elements.ts';
import type { Layout, ShapeOf } from './layout.ts';
import type { Lens, ViewClass } from './lens.ts';

/** Given a lens, the layouts and the classes that the code refers to as L[k] and C[k]. */
type Factory = (
  lens: Lens,
  layouts: readonly Layout[],
  classes: readonly (ViewClass | undefined)[],
  base: typeof Elements,
) => ViewClass;

const factories = new WeakMap<Layout, Factory>();
/** For memory that cannot be written. */
const readOnlyFactories = new WeakMap<Layout, Factory>();

/** The class of the views of that layout in the lens's buffer. */
export function viewClass(layout: Layout, lens: Lens): ViewClass {
  const known = lens.classes.get(layout);
  if (known !== undefined) return known;
  const parts = partsOf(layout);
  const classes = parts.map((part) => (isComposite(part) ? viewClass(part, lens) : undefined));
  const made = factoryOf(layout, lens.readOnly)(lens, parts, classes, Elements);
  lens.classes.set(layout, made);
  return made;
}

function factoryOf(layout: Layout, readOnly: boolean): Factory {
  const made = readOnly ? readOnlyFactories : factories;
  const known = made.get(layout);
  if (known !== undefined) return known;
  const { shape, align } = layout;
  const body =
    shape.kind === 'array'
      ? arrayCode(shape, readOnly)
      : shape.kind === 'bitfield'
        ? bitfieldCode(shape, readOnly)
        : membersCode(shape as ShapeOf<'struct' | 'union'>, align, readOnly);
  const factory = new Function(
    'lens, L, C, Elements',
    `'use strict'; const {u8, i8, u16, i16, u32, i32, u64, i64, f32, f64} = lens.arrays;
    ${constantsCode(partsOf(layout))}
    return ${body};`,
  ) as Factory;
  made.set(layout, factory);
  return factory;
}

/** Constants of their own: an element of an array would be looked up each time. */
function constantsCode(parts: readonly Layout[]): string {
  return parts
    .map((part, k) => (isComposite(part) ? `const C${k} = C[${k}];` : `const L${k} = L[${k}];`))
    .join(' ');
}

/** The layouts directly inside. */
function partsOf({ shape }: Layout): readonly Layout[] {
  if (shape.kind === 'array') return [shape.element];
  if (shape.kind === 'struct' || shape.kind === 'union')
    return shape.fields.map(({ layout }) => layout);
  return [];
}

/** Whether its view is an object of a class made here. */
function isComposite({ shape }: Layout): boolean {
  return shape.kind === 'array' || 'fields' in shape;
}

const CONSTRUCTOR = 'constructor(i) { this.$i = i; }';
const REFUSE = 'lens.refuse();';

function membersCode(
  { fields }: ShapeOf<'struct' | 'union'>,
  align: number,
  readOnly: boolean,
): string {
  const members = fields.map(({ name, layout, offset }, k) => {
    const at = (width: number): string => index('this.$i', align / width, offset / width);
    const key = JSON.stringify(name);
    const setter = setCode(layout, k, at, 'v', key);
    // A lock is made once for each view that has it.
    const isLock = layout.shape.kind === 'embedded';
    const value = isLock
      ? `this.#live${k} ??= ${getCode(layout, k, at, key)}`
      : getCode(layout, k, at, key);
    return `${isLock ? `#live${k};` : ''} get [${key}]() { return ${value}; }
    ${setter === undefined ? '' : `set [${key}](v) { ${readOnly ? REFUSE : setter} }`}`;
  });
  return `class { ${CONSTRUCTOR} ${members.join('\n')} }`;
}

function arrayCode({ element, length }: ShapeOf<'array'>, readOnly: boolean): string {
  const { align, size, shape } = element;
  const stride = size / align;
  const unit = stride === 1 ? '(this.$i + k)' : `(this.$i + k * ${stride})`;
  const at = (width: number): string => index(unit, align / width, 0);
  const inside = `if (!(k >= 0 && k < ${length} && Number.isInteger(k))) this.refuse(k);`;
  const write = setCode(element, 0, at, 'v', 'k') ?? `lens.write(L[0], ${at(1)}, v, k);`;
  const isLock = shape.kind === 'embedded';
  const value = isLock
    ? `this.#live[k] ??= ${getCode(element, 0, at, 'k')}`
    : getCode(element, 0, at, 'k');
  const typed =
    shape.kind === 'number'
      ? `get typed() { return ${shape.name}.subarray(this.$i, this.$i + ${length}); }`
      : '';
  return `class extends Elements {
    ${isLock ? '#live = [];' : ''} constructor(i) { super(); this.$i = i; }
    get length() { return ${length}; }
    get(k) { ${inside} return ${value}; }
    set(k, v) { ${inside} ${readOnly ? REFUSE : write} }
    ${typed} }`;
}

function bitfieldCode({ base, fields }: ShapeOf<'bitfield'>, readOnly: boolean): string {
  const whole = `${base}[this.$i]`;
  const members = fields.map(({ name, width, shift }) => {
    const mask = 2 ** width - 1;
    const read = width === 32 ? whole : `(${whole} >>> ${shift}) & ${mask}`;
    const write =
      width === 32
        ? `${whole} = v`
        : `${whole} = (${whole} & ${~(mask << shift)}) | ((v & ${mask}) << ${shift})`;
    return `get [${JSON.stringify(name)}]() { return ${read}; }
    set [${JSON.stringify(name)}](v) { ${readOnly ? REFUSE : write}; }`;
  });
  return `class { ${CONSTRUCTOR} ${members.join('\n')} }`;
}

type At = (width: number) => string;

function getCode(layout: Layout, k: number, at: At, name: string): string {
  const { shape } = layout;
  if (isComposite(layout)) return `new C${k}(${at(layout.align)})`;
  if (shape.kind === 'number') return `${shape.name}[${at(layout.size)}]`;
  if (shape.kind === 'bool') return `u8[${at(1)}] !== 0`;
  if (shape.kind === 'atomic')
    return `${shape.name}.subarray(${at(layout.size)}, ${at(layout.size)} + 1)`;
  if (shape.kind === 'bytes') return `u8.subarray(${at(1)}, ${at(1)} + ${layout.size})`;
  if (shape.kind === 'embedded') return `lens.live(L${k}, ${at(1)}, ${name})`;
  return `lens.read(L${k}, ${at(1)}, ${name})`;
}

/** Undefined for what cannot be assigned, but is changed through its own members. */
function setCode(
  layout: Layout,
  k: number,
  at: At,
  value: string,
  name: string,
): string | undefined {
  const { shape } = layout;
  if (isComposite(layout) || ['bytes', 'atomic', 'embedded'].includes(shape.kind)) return undefined;
  if (shape.kind === 'number') return `${shape.name}[${at(layout.size)}] = ${value};`;
  if (shape.kind === 'bool') return `u8[${at(1)}] = ${value} ? 1 : 0;`;
  return `lens.write(L${k}, ${at(1)}, ${value}, ${name});`;
}

function index(unit: string, times: number, plus: number): string {
  const product = times === 1 ? unit : `${unit} * ${times}`;
  return plus === 0 ? product : `${product} + ${plus}`;
}
