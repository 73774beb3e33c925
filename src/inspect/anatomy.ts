// Anatomy: all that can be said about a segment by looking at it. Attaches to nothing, writes nothing, and believes no
// byte: what cannot be is labelled, and the rest is there.

import { lstatSync } from 'node:fs';
import { MemspanError } from '../errors.ts';
import { statOfDescriptor } from '../segment/descriptor.ts';
import { pathOf } from '../segment/name.ts';
import { Segment } from '../segment/segment.ts';
import { SpanView } from '../span/view.ts';
import { Attendance, type Attendant, type Who } from './anatomy/attendance.ts';
import { Dissection, EFFORT_MAX } from './anatomy/dissection.ts';
import {
  cyclesIn,
  edgesOf,
  type GraphSource,
  type WaitCycle,
  type WaitEdge,
} from './anatomy/graph.ts';
import { type Damage, type HeaderAnatomy, readHeader } from './anatomy/header.ts';
import { directoryOf, type ObjectAnatomy, type Unfinished } from './anatomy/objects.ts';
import { type RingFacts, ringFacts } from './anatomy/streams.ts';

export type { Attendant, Waiting, WaitMode, Who } from './anatomy/attendance.ts';
export { nameOf, type State, UNSEEN } from './anatomy/dissection.ts';
export type { WaitCycle, WaitEdge } from './anatomy/graph.ts';
export type { Damage, HeaderAnatomy } from './anatomy/header.ts';
export type { ObjectAnatomy, Unfinished } from './anatomy/objects.ts';
export type { RingFacts } from './anatomy/streams.ts';
export {
  DamagedValue,
  EmbeddedValue,
  type Value,
  type Values,
  valuesAt,
} from './anatomy/values.ts';

/** What was found. */
export interface Anatomy {
  /** 'segment': raw bytes, or none that can be read as a span's. */
  readonly kind: 'span' | 'segment';
  readonly name: string | undefined;
  /** Bytes of the file. */
  readonly size: number;
  /** Permission bits and owner of the file. */
  readonly mode: number;
  readonly uid: number;
  readonly header: HeaderAnatomy | undefined;
  /** In the order of their slots; those who died attached are among them, until their slot is reused. */
  readonly participants: readonly Participant[];
  readonly objects: readonly ObjectAnatomy[];
  /** An object that somebody is making. */
  readonly unfinished: Unfinished | undefined;
  /** The wait-for graph. */
  readonly waits: readonly WaitEdge[];
  readonly cycles: readonly WaitCycle[];
  /** A raw segment that is a ring of memspan's, whole. */
  readonly ring: RingFacts | undefined;
  readonly damage: readonly Damage[];
}

/** An attached thread, with names in the place of offsets. */
export interface Participant extends Omit<Attendant, 'waits' | 'reads'> {
  readonly waits: readonly ParticipantWait[];
  /** Names of what it holds: mutexes, locks that it reads or writes, permits. */
  readonly holds: readonly string[];
}

export interface ParticipantWait {
  readonly object: string;
  readonly mode: Attendant['waits'][number]['mode'];
  readonly blocking: boolean;
  /** Undefined when the bytes say nothing that could be true. */
  readonly since: Date | undefined;
}

export interface DissectOptions {
  /** How many leaves (numbers, texts) of each value are read at most. Default 1000. */
  readonly leaves?: number;
  /** How many words, values and cells are read at most: what is beyond that is left out. Default 4 million. */
  readonly effort?: number;
}

/**
 * Looks at the segment, or opens the one of that name read-only to look at it, whoever owns it. However damaged, it is
 * described; throws only what Segment.open throws: `ERR_MEMSPAN_NOT_FOUND`, `ERR_MEMSPAN_PERMISSION`, …; and for a span
 * `ERR_MEMSPAN_UNSUPPORTED` where there are no lifelines.
 */
export function dissect(
  of: Segment | string,
  { leaves = 1000, effort = EFFORT_MAX }: DissectOptions = {},
): Anatomy {
  const limits = { leaves, effort };
  if (of instanceof Segment) return anatomyOf(of, limits);
  let segment: Segment;
  try {
    segment = Segment.open(of, { readOnly: true, allowOwner: 'any' });
  } catch (error) {
    if ((error as MemspanError).code === 'ERR_MEMSPAN_EMPTY') return nothingOf(of);
    throw error;
  }
  try {
    return anatomyOf(segment, limits);
  } finally {
    segment.close();
  }
}

/** Of a file without bytes. */
function nothingOf(name: string): Anatomy {
  const { mode = 0, uid = 0 } = lstatSync(pathOf(name), { throwIfNoEntry: false }) ?? {};
  const what = 'it has no bytes: whoever made it has not sized it, or somebody has cut them off';
  return { ...draftOf(name, 0, [{ where: 'segment', what }]), mode: mode & 0o777, uid };
}

type Draft = { -readonly [Key in keyof Anatomy]: Anatomy[Key] };

type Limits = Required<DissectOptions>;

function anatomyOf(segment: Segment, limits: Limits): Anatomy {
  const damage: Damage[] = [];
  const draft = draftOf(segment.name, segment.size, damage);
  try {
    fill(draft, segment, damage, limits);
  } catch (error) {
    // Nobody can tell who of a span is alive: to say "nobody is attached" would be wrong.
    const isBlind = (error as MemspanError).code === 'ERR_MEMSPAN_UNSUPPORTED';
    // Else the file was cut off, or the segment closed, while it was looked at.
    if (!(error instanceof MemspanError) || (isBlind && draft.kind === 'span')) throw error;
    damage.push({ where: 'segment', what: `the look at it ended early: ${error.message}` });
  }
  if (segment.status[0] !== 0)
    damage.push({ where: 'segment', what: 'it was cut off while it was looked at' });
  return draft;
}

function draftOf(name: string | undefined, size: number, damage: readonly Damage[]): Draft {
  return {
    kind: 'segment',
    name,
    size,
    mode: 0,
    uid: 0,
    header: undefined,
    participants: [],
    objects: [],
    unfinished: undefined,
    waits: [],
    cycles: [],
    ring: undefined,
    damage,
  };
}

function fill(draft: Draft, segment: Segment, damage: Damage[], limits: Limits): void {
  const { mode, uid } = statOfDescriptor(segment.handle.fd);
  draft.mode = Number(mode) & 0o777;
  draft.uid = Number(uid);
  const { size } = segment;
  const words = new Int32Array(segment.buffer, 0, Math.floor(size / 4));
  const read = readHeader(words, size, damage);
  if (read === undefined) {
    const ring = ringFacts(words, size);
    if (typeof ring !== 'string' && ring.capacity > 0) draft.ring = ring;
    return;
  }
  draft.kind = 'span';
  draft.header = read.header;
  const view = new SpanView(segment, 'inspect', read.described);
  const attendance = new Attendance(view, damage);
  const found = new Dissection(view, attendance, damage, limits.effort);
  const { objects, unfinished } = directoryOf(found, limits.leaves);
  draft.objects = objects;
  draft.unfinished = unfinished;
  const source = graphSource(found, objects);
  const edges = edgesOf(found, attendance, source);
  draft.waits = edges.map(({ key, ...edge }) => edge);
  const held = holdingsOf(found, objects);
  draft.participants = attendance.attendants.map((one) => participant(one, held, source));
  if (edges.length === 0) return;
  const again = edgesOf(found, new Attendance(view, []), source);
  draft.cycles = cyclesIn(edges, again);
}

function graphSource(found: Dissection, objects: readonly ObjectAnatomy[]): GraphSource {
  const soleHolders = new Map<number, Who>();
  for (const [offset, { state }] of found.states) {
    const { facts, holders = [] } = state;
    const sole = facts.undo === true && facts.free === 0 && holders.length === 1 && holders[0];
    if (sole) soleHolders.set(offset, sole);
  }
  const inOrder = [...objects].sort((a, b) => a.offset - b.offset);
  const nameAt = (offset: number): string => {
    const exact = found.states.get(offset)?.name;
    if (exact !== undefined) return exact;
    const object = objectAt(inOrder, offset);
    if (object === undefined) return `@${offset}`;
    const isPlain = object.state === undefined && offset !== object.offset;
    return isPlain ? `${object.name}+${offset - object.offset}` : object.name;
  };
  return { soleHolders, claims: objects.flatMap(({ claims }) => claims), nameAt };
}

/** The last one that begins at or before the offset, if it reaches that far. */
function objectAt(inOrder: readonly ObjectAnatomy[], offset: number): ObjectAnatomy | undefined {
  let [low, high] = [0, inOrder.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((inOrder[middle] as ObjectAnatomy).offset <= offset) low = middle + 1;
    else high = middle;
  }
  const object = inOrder[low - 1];
  return object !== undefined && offset < object.offset + object.length ? object : undefined;
}

function participant(
  { waits, reads, ...attendant }: Attendant,
  held: ReadonlyMap<number, readonly string[]>,
  { nameAt }: GraphSource,
): Participant {
  return {
    ...attendant,
    waits: waits.map(({ offset, mode, blocking, since }) => {
      return { object: nameAt(offset), mode, blocking, since };
    }),
    holds: held.get(attendant.who.id) ?? [],
  };
}

/** What each has, by its id; of the dead, what nobody has taken over yet. */
function holdingsOf(
  { states }: Dissection,
  objects: readonly ObjectAnatomy[],
): Map<number, string[]> {
  const held = new Map<number, string[]>();
  const add = (id: number, name: string): void => {
    const names = held.get(id);
    if (names === undefined) held.set(id, [name]);
    else names.push(name);
  };
  for (const { name, state } of states.values()) {
    const { facts, holders = [] } = state;
    for (const { id } of holders) add(id, name);
    const left = facts.state === 'abandoned' && ((facts.owner ?? facts.writer) as Who | undefined);
    if (left) add(left.id, name);
  }
  for (const { claims } of objects) {
    for (const { name, who, phase } of claims) if (phase === 'held') add(who.id, `locks/${name}`);
  }
  return held;
}
