// Locks of a span whose holders have died: mutexes, reader-writer locks, initialisations; by name, and in records.

import { MemspanError } from '../../errors.ts';
import type { Layout } from '../../layout/layout.ts';
import { kindName } from '../../span/kinds.ts';
import { layoutOf } from '../../span/stored-layout.ts';
import type { ObjectEntry, SpanView } from '../../span/view.ts';
import '../../sync/embedded.ts';
import { load } from '../../word/atomics.ts';
import type { Finding } from '../diagnosis.ts';
import { type LockKind, ownerIn, readLockWord } from '../lock-word.ts';
import { removal } from './remedies.ts';

interface Lock {
  readonly kind: LockKind;
  readonly name: string;
  /** Bytes from the span's beginning. */
  readonly offset: number;
}

const KINDS = new Set<string>(['mutex', 'rwlock', 'once'] satisfies LockKind[]);
/** So many members of one record are looked at: a text of a few bytes may describe billions. */
const RECORD_MAX = 10_000;

export function lockFindings(view: SpanView): Finding[] {
  return [...view.entries('skip')].flatMap((entry) =>
    [...locksOf(view, entry)].flatMap((lock) => findingsOf(view, lock)),
  );
}

function* locksOf(view: SpanView, entry: ObjectEntry): IterableIterator<Lock> {
  const { name, offset, length } = entry;
  const kind = kindName(entry.kind);
  if (KINDS.has(kind) && length >= 4) yield { kind: kind as LockKind, name, offset };
  if (kind !== 'record') return;
  const layout = layoutIn(view, entry);
  if (layout === undefined || layout.size > length) return;
  yield* embeddedIn(layout, name, offset, { left: RECORD_MAX });
}

/** A text that is no layout is said elsewhere. */
function layoutIn(view: SpanView, entry: ObjectEntry): Layout | undefined {
  try {
    return layoutOf(view, entry);
  } catch (error) {
    if (error instanceof MemspanError) return undefined;
    throw error;
  }
}

function* embeddedIn(
  { shape, embeds }: Layout,
  name: string,
  offset: number,
  visits: { left: number },
): Generator<Lock> {
  if (!embeds || visits.left-- <= 0) return;
  if (shape.kind === 'embedded' && KINDS.has(shape.name)) {
    yield { kind: shape.name as LockKind, name, offset };
  } else if (shape.kind === 'array') {
    const { element, length } = shape;
    for (let i = 0; i < length && visits.left > 0; i++) {
      yield* embeddedIn(element, `${name}[${i}]`, offset + i * element.size, visits);
    }
  } else if (shape.kind === 'struct' || shape.kind === 'union') {
    for (const field of shape.fields) {
      yield* embeddedIn(field.layout, `${name}.${field.name}`, offset + field.offset, visits);
    }
  }
}

function findingsOf(view: SpanView, { kind, name, offset }: Lock): Finding[] {
  const subject = `${view.segment.name}/${name}`;
  const word = load(view.words, offset / 4);
  const owner = ownerIn(word);
  const holder = view.participant(owner);
  const { state, dataDamaged } = readLockWord(kind, word, view.isAlive(owner));
  if (state === 'over' && kind !== 'once') {
    return [
      {
        code: 'unrecoverable-lock',
        severity: 'error',
        subject,
        what: `this ${kind} was given back with its data unrepaired: nobody can have it any more`,
        remedy: `End its programs, ${removal(view.segment.name as string)}, and start them again; pass recover to the ${kind}`,
      },
    ];
  }
  if (state === 'free' && dataDamaged) {
    return [abandoned(kind, subject, 'somebody', ', and its data has not been repaired yet')];
  }
  if (state !== 'abandoned') return [];
  // It was given back meanwhile, and then its owner left.
  if (load(view.words, offset / 4) !== word) return [];
  const who = holder === undefined ? 'a participant' : `${holder.name} (pid ${holder.pid})`;
  return [abandoned(kind, subject, who)];
}

function abandoned(kind: LockKind, subject: string, who: string, rest: string = ''): Finding {
  return {
    code: 'abandoned-lock',
    severity: 'warning',
    subject,
    what: `${who} died holding this ${kind}${rest}`,
    remedy: afterDeath(kind),
  };
}

function afterDeath(kind: LockKind): string {
  return kind === 'once'
    ? 'Whoever runs it next begins anew, and sees ownerDied'
    : 'Whoever locks it next sees ownerDied, and has to repair its data (recover, markConsistent)';
}
