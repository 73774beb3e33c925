// The named objects of a span: the entries of its directory, also damaged ones, and what each of the objects is doing.

import { MemspanError } from '../../errors.ts';
import { layoutText } from '../../layout/canonical.ts';
import type { Layout } from '../../layout/layout.ts';
import { ENTRY_SIZE, Entry, NAME_SIZE, READY } from '../../span/directory.layout.ts';
import { layoutOf, storedLayout } from '../../span/stored-layout.ts';
import { load } from '../../word/atomics.ts';
import { readBytes } from '../../word/bytes.ts';
import type { Who } from './attendance.ts';
import { type Dissection, damaged as damagedState, type State, UNSEEN } from './dissection.ts';
import { decoderOf, embeddedState, type KindDecoder } from './kinds.ts';
import type { LockClaim } from './lock-space.ts';
import type { Extent, LatestState } from './streams.ts';
import { type Value, valuesAt } from './values.ts';

/** A named object. */
export interface ObjectAnatomy {
  readonly index: number;
  readonly name: string;
  /** `kind-77` for one of a later memspan. */
  readonly kind: string;
  readonly offset: number;
  readonly length: number;
  readonly options: number;
  /** The canonical text of its layout, or of its messages' layout. */
  readonly layout: string | undefined;
  /** What it is doing, for all but plain data. */
  readonly state: State | undefined;
  /** Of bytes and records with a layout, and of a newest value. */
  readonly value: Value;
  /** What of the value was left out. */
  readonly cut: readonly string[];
  /** What is wrong with it. */
  readonly damage: readonly string[];
  /** Of a lock space. */
  readonly claims: readonly LockClaim[];
}

/** An entry that somebody is filling. */
export interface Unfinished {
  readonly index: number;
  readonly maker: Who;
}

export interface Directory {
  readonly objects: readonly ObjectAnatomy[];
  readonly unfinished: Unfinished | undefined;
}

/** At most so many leaves are shown of each value. */
export function directoryOf(found: Dissection, leaves: number): Directory {
  const { view } = found;
  const { entries } = view.geometry;
  const stateOf = (index: number): number => found.word(4 * view.entryAt(index) + 4 * Entry.state);
  let last = -1;
  for (let index = 0; index < entries; index++) if (stateOf(index) !== 0) last = index;
  const objects: ObjectAnatomy[] = [];
  const seen = new Set<string>();
  let unfinished: Unfinished | undefined;
  for (let index = 0; index <= last; index++) {
    const state = stateOf(index);
    if (state !== READY && index === last) {
      // The next one to be filled; what the dead have left there counts for nothing.
      const maker = found.who(state);
      if (maker?.alive) unfinished = { index, maker };
      else if (maker?.name === undefined && !isEmpty(found, index)) {
        found.label(
          `entry ${index}`,
          `its state is 0x${(state >>> 0).toString(16)}: nobody fills it`,
        );
      }
      continue;
    }
    const damage: string[] = [];
    if (state !== READY)
      damage.push(`its state is 0x${(state >>> 0).toString(16)}, though others follow`);
    const object = entryOf(found, index, damage, leaves);
    if (seen.has(object.name)) damage.push('another object has the same name');
    seen.add(object.name);
    for (const what of damage) found.label(object.name, what);
    objects.push(object);
  }
  return { objects, unfinished };
}

function isEmpty(found: Dissection, index: number): boolean {
  const at = found.view.entryAt(index);
  const bytes = readBytes(found.words, 4 * (at + Entry.kind), ENTRY_SIZE - 4 * Entry.kind);
  return bytes.every((byte) => byte === 0);
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function entryOf(
  found: Dissection,
  index: number,
  damage: string[],
  leaves: number,
): ObjectAnatomy {
  const { view, words } = found;
  const at = view.entryAt(index);
  const word = (field: number): number => load(words, at + field) >>> 0;
  const long = (field: number): number => word(field) + word(field + 1) * 2 ** 32;
  const extent: Extent = {
    offset: long(Entry.offset),
    length: long(Entry.length),
    options: load(words, at + Entry.options),
  };
  const name = nameIn(found, at, index, damage);
  const code = word(Entry.kind);
  const kind = decoderOf(code);
  if (kind === undefined) damage.push(`its kind is ${code}, which this memspan does not know`);
  const isThere = isInside(found, extent, damage);
  const layout = isThere ? layoutIn(found, name, at, extent, damage) : undefined;
  const isSound = isThere && kind !== undefined && fits(kind, extent, damage);
  const state = isSound ? kind.describe?.(found, extent) : undefined;
  if (state !== undefined) found.states.set(extent.offset, { name, state });
  if (state?.facts.damage !== undefined) damage.push(String(state.facts.damage));
  const place = isSound ? placeOf(kind, extent, state) : undefined;
  const shown =
    layout !== undefined && place !== undefined
      ? valueIn(found, name, layout, place, leaves, damage)
      : NOTHING;
  return {
    index,
    name,
    kind: kind?.name ?? `kind-${code}`,
    ...extent,
    layout: layout && layoutText(layout),
    state,
    ...shown,
    damage,
    claims: (state as { claims?: readonly LockClaim[] } | undefined)?.claims ?? [],
  };
}

function nameIn(found: Dissection, at: number, index: number, damage: string[]): string {
  const length = load(found.words, at + Entry.nameLength) >>> 0;
  const isPossible = length >= 1 && length <= NAME_SIZE;
  if (!isPossible) damage.push(`its name has ${length} bytes, not 1 to ${NAME_SIZE}`);
  const bytes = readBytes(found.words, 4 * (at + Entry.name), isPossible ? length : NAME_SIZE);
  const end = bytes.indexOf(0);
  if (isPossible && end >= 0) damage.push('its name has a zero in it');
  const name = decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
  if (name.includes('\ufffd')) damage.push('its name is no UTF-8');
  return name === '' ? `entry ${index}` : name;
}

function isInside(found: Dissection, { offset, length }: Extent, damage: string[]): boolean {
  const { objectsOffset, size } = found.view.geometry;
  if (offset < objectsOffset)
    damage.push(`it begins at ${offset}, before the objects do (${objectsOffset})`);
  else if (offset % 4 !== 0) damage.push(`it begins at ${offset}, which is no multiple of 4`);
  else if (offset + length > size) {
    damage.push(`it has ${length} bytes from ${offset} on, and the span ends at ${size}`);
  } else return true;
  return false;
}

function fits(kind: KindDecoder, { offset, length }: Extent, damage: string[]): boolean {
  const { name, least, align } = kind;
  if (length < least) damage.push(`${length} bytes are no ${name}: that has at least ${least}`);
  else if (offset % align !== 0)
    damage.push(`no ${name} begins at ${offset}, which is no multiple of ${align}`);
  else return true;
  return false;
}

function layoutIn(
  found: Dissection,
  name: string,
  at: number,
  extent: Extent,
  damage: string[],
): Layout | undefined {
  const { view, words } = found;
  const stored = storedLayout(words, at, extent, view.geometry.size);
  if (stored === undefined) return undefined;
  if (stored === null) {
    damage.push('the text of its layout is not where it has to be');
    return undefined;
  }
  if (!found.spend(TEXT_EFFORT * stored.length)) {
    damage.push(`its layout was not read: ${UNSEEN}`);
    return undefined;
  }
  try {
    return layoutOf(view, { name, layout: stored });
  } catch (error) {
    if (!(error instanceof MemspanError)) throw error;
    damage.push(`its layout is damaged: ${causeOf(error)}`);
    return undefined;
  }
}

/** To hash and parse a character takes as long as to look at so many words. */
const TEXT_EFFORT = 8;

/** The message without who asked and what to do. */
export function causeOf({ message }: MemspanError): string {
  return message.replace(/^.*its layout is damaged: /, '').replace(/\. Remove the span.*$/, '');
}

interface Place {
  readonly offset: number;
  readonly length: number;
}

/** Where the value is that the layout describes; messages of a channel are not looked at. */
function placeOf(
  { name }: KindDecoder,
  extent: Extent,
  state: State | undefined,
): Place | undefined {
  if (name === 'bytes' || name === 'record') return extent;
  return name === 'latest' ? (state as LatestState | undefined)?.value : undefined;
}

const NOTHING = { value: undefined, cut: [] };

function valueIn(
  found: Dissection,
  name: string,
  layout: Layout,
  { offset, length }: Place,
  leaves: number,
  damage: string[],
): Pick<ObjectAnatomy, 'value' | 'cut'> {
  if (layout.size > length) {
    damage.push(`its layout says ${layout.size} bytes, and it has ${length}`);
    return NOTHING;
  }
  const most = Math.min(leaves, found.left);
  if (most < 1) {
    damage.push(`its value was not read: ${UNSEEN}`);
    return NOTHING;
  }
  const shown = valuesAt(layout, found.words.buffer, offset, most, (shape, at, size, path) => {
    const state =
      at % 4 === 0
        ? embeddedState(found, shape, at, size)
        : damagedState(`it is at ${at}, no multiple of 4`);
    found.states.set(at, { name: `${name}.${path}`, state });
    if (state.facts.damage !== undefined) damage.push(`${path}: ${state.facts.damage}`);
    return state;
  });
  found.spend(Math.min(shown.leaves, found.left));
  return { value: shown.value, cut: shown.cut };
}
