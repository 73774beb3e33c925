// `memspan inspect`: a span taken apart, one of its objects, or raw bytes. Only reads.

import { type MemspanError, parseLayout, Segment } from '../index.ts';
import { type Anatomy, dissect, valuesAt } from '../inspect/anatomy.ts';
import { hexLines } from './inspect/hex.ts';
import { plain } from './inspect/plain.ts';
import { objectReport, segmentHead, spanReport } from './inspect/span-report.ts';
import { valueLines } from './inspect/value-lines.ts';
import { CommandError } from './report.ts';

export interface InspectOptions {
  layout?: string;
  offset?: string;
  length?: string;
  json?: boolean;
}

const LENGTH = 256;
/** What is printed of raw bytes at a time is enough for anybody's eyes. */
const LENGTH_MAX = 16 * 2 ** 20;
/** Of each value, and of the one object that was asked for. */
const LEAVES = 1000;
const LEAVES_OF_ONE = 20_000;

export function inspect(target: string, options: InspectOptions): void {
  const { name, object } = partsOf(target);
  const segment = opened(name);
  if (segment === undefined) {
    const nothing = dissect(name);
    print(options.json === true, brief(nothing), () => segmentHead(nothing));
    return;
  }
  try {
    const leaves = object === undefined && options.json !== true ? LEAVES : LEAVES_OF_ONE;
    const anatomy = dissect(segment, { leaves });
    const { layout, offset, length, json = false } = options;
    const wantsRaw = layout !== undefined || offset !== undefined || length !== undefined;
    if (wantsRaw || (anatomy.kind === 'segment' && object === undefined)) {
      raw(segment, anatomy, object, options);
    } else if (object !== undefined) {
      const found = objectIn(anatomy, object);
      print(json, { span: name, ...found }, () => objectReport(anatomy, found));
    } else print(json, anatomy, () => spanReport(anatomy));
  } finally {
    segment.close();
  }
}

/** `NAME` or `SPAN/OBJECT`; a slash in front is the one of shm_open. */
function partsOf(target: string): { name: string; object: string | undefined } {
  const path = target.replace(/^\//, '');
  const slash = path.indexOf('/');
  if (slash < 0) return { name: path, object: undefined };
  return { name: path.slice(0, slash), object: path.slice(slash + 1) };
}

/** Undefined for one without bytes. */
function opened(name: string): Segment | undefined {
  try {
    return Segment.open(name, { readOnly: true, allowOwner: 'any' });
  } catch (error) {
    const { code } = error as MemspanError;
    if (code === 'ERR_MEMSPAN_EMPTY') return undefined;
    if (code !== 'ERR_MEMSPAN_NOT_FOUND') throw error;
    throw new CommandError(
      code,
      `inspect: there is no segment '${name}'`,
      'See what there is with `memspan ls`',
    );
  }
}

function objectIn(anatomy: Anatomy, name: string): Anatomy['objects'][number] {
  const found = anatomy.objects.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new CommandError(
    'ERR_MEMSPAN_NOT_FOUND',
    anatomy.kind === 'span'
      ? `inspect: the span '${anatomy.name}' has no object '${name}'`
      : `inspect: '${anatomy.name}' is no span, so it has no object '${name}'`,
    `See what it has with \`memspan inspect ${anatomy.name}\``,
  );
}

/** Bytes as hexadecimal numbers, or as the values of a layout. */
function raw(
  segment: Segment,
  anatomy: Anatomy,
  object: string | undefined,
  { layout: text, offset, length, json = false }: InspectOptions,
): void {
  const around = object === undefined ? undefined : objectIn(anatomy, object);
  const start = (around?.offset ?? 0) + (sizeOf(offset, '--offset') ?? 0);
  const room =
    Math.min(segment.size, around ? around.offset + around.length : segment.size) - start;
  if (room <= 0) {
    throw new CommandError(
      'ERR_MEMSPAN_OUT_OF_RANGE',
      `inspect: there is nothing at byte ${start}: '${segment.name}' has ${segment.size}`,
      'Choose a smaller --offset',
    );
  }
  if (text !== undefined) {
    const layout = layoutOf(text);
    if (layout.size > room) {
      throw new CommandError(
        'ERR_MEMSPAN_OUT_OF_RANGE',
        `inspect: the layout has ${layout.size} bytes, and there are ${room} from byte ${start} on`,
        'Choose a smaller --offset, or a shorter layout',
      );
    }
    const values = valuesAt(layout, segment.buffer, start, LEAVES_OF_ONE);
    const found = { ...brief(anatomy), offset: start, length: layout.size, ...values };
    print(json, found, () => [...segmentHead(anatomy), '', ...valueLines(values, 78)]);
    return;
  }
  const shown = Math.min(sizeOf(length, '--length') ?? LENGTH, room, LENGTH_MAX);
  const bytes = new Uint8Array(shown);
  bytes.set(new Uint8Array(segment.buffer, start, shown));
  const hex = (): string => Buffer.from(bytes).toString('hex');
  if (json) print(true, { ...brief(anatomy), offset: start, length: shown, hex: hex() }, () => []);
  else printRaw(anatomy, bytes, start, room - shown);
}

function printRaw(anatomy: Anatomy, bytes: Uint8Array, start: number, more: number): void {
  console.log([...segmentHead(anatomy), ''].join('\n'));
  for (const line of hexLines(bytes, start)) console.log(line);
  if (more > 0) console.log(`… ${more.toLocaleString('en-US')} bytes more (--length, --offset)`);
}

/** What there is to say of raw bytes as a whole. */
function brief({ kind, name, size, mode, uid, ring, damage }: Anatomy): object {
  return { kind, name, size, mode, uid, ring, damage };
}

function layoutOf(text: string): ReturnType<typeof parseLayout> {
  try {
    return parseLayout(text.replace(/\s+/g, ''));
  } catch (error) {
    const cause = (error as Error).message.replace(/^parseLayout: /, '').replace(/\.$/, '');
    throw new CommandError(
      'ERR_MEMSPAN_USAGE',
      `inspect: --layout: ${cause}`,
      "Write it as in 'struct{hp:u32,pos:array(f64,3)}'; docs/layouts.md has the grammar",
    );
  }
}

function sizeOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const value = /^(\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new CommandError(
    'ERR_MEMSPAN_USAGE',
    `inspect: ${option} is a number of bytes, not '${text}'`,
    'Write it as 4096 or 0x1000',
  );
}

function print(json: boolean, found: object, lines: () => readonly string[]): void {
  if (json) console.log(JSON.stringify(plain(found), null, 2));
  else console.log(lines().join('\n'));
}
