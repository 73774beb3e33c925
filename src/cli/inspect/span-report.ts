// A span's anatomy as text: head, participants, objects, who waits for whom, and what is damaged. Fits 80 columns, but for
// names that are longer.

import { stripVTControlCharacters } from 'node:util';
import {
  type Anatomy,
  nameOf,
  type Participant,
  type WaitCycle,
  type WaitEdge,
} from '../../inspect/anatomy.ts';
import { age, count, cut, duration, memory, paint, printable } from '../format.ts';
import { GAP, tableOf } from '../table.ts';
import { octal } from './plain.ts';
import { valueLines } from './value-lines.ts';

const WIDTH = 80;

export function spanReport(anatomy: Anatomy): string[] {
  const { participants, objects, waits, damage } = spanSections(anatomy);
  return [...spanHead(anatomy), ...participants, ...objects, ...waits, ...damage];
}

/** What else there is to say of an object, in the line of its name. */
export type Aside = (object: Anatomy['objects'][number]) => string;

export interface SectionOptions {
  readonly aside?: Aside;
  /** Columns that lines are broken to. */
  readonly width?: number;
}

/** The report's parts: each begins with an empty line and its title, or is empty. */
export function spanSections(
  anatomy: Anatomy,
  { aside = () => '', width = WIDTH }: SectionOptions = {},
): Record<'participants' | 'objects' | 'waits' | 'damage', readonly string[]> {
  return {
    participants: section('PARTICIPANTS', participantLines(anatomy)),
    objects: section('OBJECTS', objectLines(anatomy, aside, width)),
    waits: section('WAITS', waitLines(anatomy, width)),
    damage: section('DAMAGE', damageLines(anatomy, width)),
  };
}

/** One object, with all of its value. */
export function objectReport(anatomy: Anatomy, object: Anatomy['objects'][number]): string[] {
  const { name, kind, offset, length, options, layout, state } = object;
  return [
    `${paint.bold(printable(`${anatomy.name}/${name}`))}  ${kind}, ${bytes(length)} at ${offset}`,
    ...(layout === undefined ? [] : wrapped(`layout ${printable(layout)}`, '  ')),
    ...(options === 0 ? [] : [`  options 0x${(options >>> 0).toString(16)}`]),
    ...(state === undefined ? [] : wrapped(marked(state.summary), '  ')),
    ...(object.value === undefined
      ? []
      : ['', ...valueLines(object, WIDTH - 4).flatMap((line) => wrapped(line, '  '))]),
    ...(state === undefined ? [] : factLines(state.facts)),
    ...section(
      'DAMAGE',
      object.damage.map((what) => `  ${paint.red(printable(what))}`),
    ),
  ];
}

/** Of a raw segment. */
export function segmentHead({ name, size, mode, kind, ring, damage }: Anatomy): string[] {
  const what = kind === 'span' ? 'span' : ring === undefined ? 'segment' : 'ring';
  const head = `${paint.bold(printable(name ?? ''))}  ${what}, ${bytes(size)}, mode ${octal(mode)}`;
  const more =
    ring === undefined
      ? []
      : [
          `  ${count(ring.depth)} ${ring.depth === 1 ? 'message' : 'messages'} (${ring.bytesUsed} of ${ring.capacity} bytes), ${count(ring.sent)} sent`,
        ];
  return [
    head,
    ...more,
    ...damage.map(({ where, what }) => paint.red(printable(`  ${where}: ${what}`))),
  ];
}

function bytes(size: number): string {
  return size < 1024 ? `${size} bytes` : `${memory(size)} (${count(size)} bytes)`;
}

export function spanHead({
  name,
  size,
  mode,
  uid,
  header,
  participants,
  objects,
}: Anatomy): string[] {
  const { createdAt, creatorPid, creatorUid, lifetime, recovering } = header ?? {};
  const made = createdAt === undefined ? 'at no known time' : `${age(Date.now() - +createdAt)} ago`;
  const user = creatorUid === uid ? '' : `, user ${creatorUid}`;
  const alive = participants.filter(({ who }) => who.alive).length;
  const dead = participants.length - alive;
  return [
    `${paint.bold(printable(name ?? ''))}  span, ${bytes(size)}, mode ${octal(mode)}`,
    `  made ${made} by pid ${creatorPid}${user}; ${lifetime === 'last-close' ? 'goes with the last one who closes it' : 'stays until it is unlinked'}`,
    `  ${alive} of ${header?.participants} participants attached${dead > 0 ? `, ${paint.red(`${dead} dead`)}` : ''}; ${objects.length} of ${header?.entries} objects`,
    ...(recovering === true
      ? [paint.yellow('  somebody was clearing away what the dead have left')]
      : []),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', paint.dim(title), ...lines];
}

function participantLines({ participants }: Anatomy): string[] {
  if (participants.length === 0) return ['  nobody is attached'];
  const rows = participants.map(({ who, tid, program, state, isElsewhere, attachedAt }) => [
    `  ${fitted(printable(who.name ?? ''), 30)}`,
    `${who.pid}${tid === who.pid || tid === 0 ? '' : `/${tid}`}${isElsewhere === true ? '*' : ''}`,
    who.alive ? (state === 'attached' ? paint.green('alive') : 'joining') : paint.red('dead'),
    attachedAt === undefined ? '?' : age(Date.now() - +attachedAt),
    fitted(printable(program), 18),
  ]);
  const head = [
    { title: '  THREAD' },
    { title: 'PID/TID' },
    { title: 'STATE' },
    { title: 'SINCE', align: 'right' as const },
    { title: 'PROGRAM' },
  ];
  const table = tableOf(head, rows).split('\n');
  const [title = '', ...lines] = table;
  const elsewhere = participants.some(({ isElsewhere }) => isElsewhere === true);
  return [
    title,
    ...lines.flatMap((line, i) => [line, ...doingsOf(participants[i] as Participant)]),
    ...(elsewhere ? [paint.dim('  * as it sees itself, in another pid namespace')] : []),
  ];
}

/** On a terminal a participant is one line. */
function fitted(text: string, width: number): string {
  return process.stdout.isTTY === true ? cut(text, width) : text;
}

function doingsOf({ who, holds, waits }: Participant): string[] {
  const held = holds.length === 0 ? [] : wrapped(`holds ${printable(holds.join(', '))}`, '    ');
  const waited = waits.map(({ object, mode, blocking, since }) => {
    const long =
      since === undefined ? '' : ` for ${duration(Math.max(0, Date.now() - +since) / 1000)}`;
    const verb = who.alive ? (blocking ? 'blocked' : 'waits') : 'waited';
    return `    ${paint.yellow(verb)}${who.alive ? long : ''}: ${printable(object)} (${MODES[mode]})`;
  });
  return [...held, ...waited];
}

const MODES: Readonly<Record<Participant['waits'][number]['mode'], string>> = {
  exclusive: 'to have it alone',
  shared: 'to read it',
  permit: 'for a permit',
  notification: 'to be notified',
  event: 'for it to be set',
  barrier: 'for the others',
  message: 'for a message',
  room: 'for room',
  unknown: 'for what is not known',
};

function objectLines({ objects, unfinished }: Anatomy, aside: Aside, width: number): string[] {
  const kinds = Math.max(0, ...objects.map(({ kind }) => kind.length)) + GAP;
  const lines = objects.flatMap((object) => {
    const { name, kind, length, state, layout } = object;
    const head = `  ${paint.dim(kind.padEnd(kinds))}${paint.bold(printable(name))}${aside(object)}`;
    const indent = ' '.repeat(2 + kinds);
    const said = state === undefined ? bytes(length) : marked(state.summary);
    const value = object.value === undefined ? [] : valueLines(object, width - indent.length - 2);
    const messages =
      layout !== undefined && object.value === undefined ? [`of ${printable(layout)}`] : [];
    const damage = state?.facts.damage === undefined ? object.damage : [];
    return [
      head,
      ...[said, ...messages].flatMap((text) => wrapped(text, indent, width)),
      ...shortened(value).flatMap((line) => wrapped(line, indent, width)),
      ...damage.map((what) => `${indent}${paint.red(printable(`damaged: ${what}`))}`),
    ];
  });
  if (unfinished !== undefined)
    lines.push(`  ${printable(nameOf(unfinished.maker))} is making another one`);
  return lines.length === 0 ? ['  none'] : lines;
}

/** Lines of a value in the overview. */
const LINES_MAX = 12;

function shortened(lines: readonly string[]): string[] {
  if (lines.length <= LINES_MAX) return [...lines];
  const more = `… ${lines.length - LINES_MAX} lines more: memspan inspect SPAN/OBJECT`;
  return [...lines.slice(0, LINES_MAX), paint.dim(more)];
}

function waitLines({ waits, cycles }: Anatomy, width: number): string[] {
  const lines = waits.flatMap((edge) => wrapped(arrow(edge), '  ', width));
  return [...lines, ...cycles.flatMap((cycle) => cycleLines(cycle, width))];
}

function arrow({ waiter, object, holder, blocking }: WaitEdge): string {
  const verb = blocking ? 'is blocked by' : 'waits for';
  return printable(`${nameOf(waiter)} ${verb} ${object}, which ${nameOf(holder)} has`);
}

function cycleLines({ edges, deadlock }: WaitCycle, width: number): string[] {
  const title = deadlock
    ? paint.red('  DEADLOCK')
    : paint.yellow('  CYCLE of which tasks are a part: their threads may let go yet');
  const way = edges.map(({ waiter, object }) => `${waiter.name ?? waiter.id} → ${object}`);
  const first = edges[0]?.waiter;
  return [
    title,
    ...wrapped(printable(`${way.join(' → ')} → ${first?.name ?? first?.id}`), '    ', width),
  ];
}

function damageLines({ damage }: Anatomy, width: number): string[] {
  return damage.flatMap(({ where, what }) =>
    wrapped(paint.red(printable(`${where}: ${what}`)), '  ', width),
  );
}

function factLines(facts: Readonly<Record<string, unknown>>): string[] {
  const lines = Object.entries(facts).flatMap(([name, value]) =>
    ['number', 'boolean', 'string'].includes(typeof value)
      ? [`  ${paint.dim(`${name} =`)} ${printable(String(value))}`]
      : [],
  );
  return lines.length === 0 ? [] : ['', ...lines];
}

/** In colour where it is bad. */
function marked(summary: string): string {
  const text = printable(summary);
  if (/^(damaged|abandoned|not recoverable|broken)/.test(text)) return paint.red(text);
  return text;
}

/** Broken between words; each line indented. Colours do not count. */
function wrapped(text: string, indent: string, columns: number = WIDTH): string[] {
  const lines: string[] = [];
  let line = '';
  let width = 0;
  for (const word of text.split(' ')) {
    const length = stripVTControlCharacters(word).length;
    if (line !== '' && indent.length + width + 1 + length > columns) {
      lines.push(`${indent}${line}`);
      line = '';
      width = 0;
    }
    line = line === '' ? word : `${line} ${word}`;
    width += (width === 0 ? 0 : 1) + length;
  }
  return [...lines, `${indent}${line}`];
}
