// A span: who is attached, who has died in it, and what that means for it.

import { MemspanError } from '../../errors.ts';
import { Segment } from '../../segment/segment.ts';
import { ID_MASK } from '../../span/participant.layout.ts';
import { SpanView } from '../../span/view.ts';
import type { Finding } from '../diagnosis.ts';
import { lockFindings } from './locks.ts';
import { leftoverOf, type Named } from './names.ts';
import { causeOf, removal } from './remedies.ts';

/** How many of the dead are named. */
const NAMED_MAX = 3;

export function spanFindings(named: Named): Finding[] {
  const { name } = named;
  const segment = Segment.open(name, { readOnly: true, allowOwner: 'any' });
  try {
    const found = findingsIn(new SpanView(segment, 'doctor'), named);
    // What was read while it was cut short would be zeros: throws instead.
    void segment.buffer;
    return found;
  } catch (error) {
    return damageFindings(name, error);
  } finally {
    segment.close();
  }
}

function damageFindings(name: string, error: unknown): Finding[] {
  if (!(error instanceof MemspanError)) throw error;
  if (error.code === 'ERR_MEMSPAN_VERSION') {
    return [
      {
        code: 'other-version',
        severity: 'warning',
        subject: name,
        what: 'a span in a format that this memspan does not know',
        remedy: 'Have all its programs use the same version of memspan',
      },
    ];
  }
  const isDamage = ['ERR_MEMSPAN_CORRUPT', 'ERR_MEMSPAN_TRUNCATED', 'ERR_MEMSPAN_NOT_A_SPAN'];
  if (!isDamage.includes(error.code)) throw error;
  return [
    {
      code: 'damaged-span',
      severity: 'error',
      subject: name,
      what: `somebody has written over this span, or cut it short (${causeOf(error)})`,
      remedy: `End its programs, ${removal(name)}, and start them again`,
    },
  ];
}

function findingsIn(view: SpanView, named: Named): Finding[] {
  const dead = [...deadOf(view)];
  const isAttached = view.segment.isHeld(0, ID_MASK + 1);
  const damaged = directoryFindings(view, named.name);
  if (isAttached) return [...damaged, ...deadFindings(named.name, dead), ...lockFindings(view)];
  const deserted = desertedFinding(view, named, dead);
  return [...damaged, deserted, ...(dead.length > 0 ? lockFindings(view) : [])];
}

/** What those are called who died attached. */
function* deadOf(view: SpanView): IterableIterator<string> {
  for (const id of view.ids()) {
    if (view.isAlive(id)) continue;
    const info = view.participant(id);
    // Whoever has the slot now is not meant.
    if (info !== undefined && !view.isAlive(id)) yield `${info.name} (pid ${info.pid})`;
  }
}

function directoryFindings(view: SpanView, name: string): Finding[] {
  try {
    for (const _ of view.entries());
    return [];
  } catch (error) {
    return damageFindings(name, error);
  }
}

function deadFindings(name: string, dead: readonly string[]): Finding[] {
  if (dead.length === 0) return [];
  return [
    {
      code: 'dead-participant',
      severity: 'warning',
      subject: name,
      what: `${listed(dead)} died attached; others are alive in it`,
      remedy:
        'Nothing has to be done here: who meets what they held takes it over. See why they died',
    },
  ];
}

/** Nobody is attached. */
function desertedFinding(
  { lifetime }: SpanView,
  { name, stat, users }: Named,
  dead: readonly string[],
): Finding {
  const died = dead.length > 0 ? `${listed(dead)} died attached, and nobody is left` : undefined;
  if (lifetime === 'last-close') {
    return {
      code: 'leaked-span',
      severity: 'warning',
      subject: name,
      what: died ?? 'whoever would have removed it as the last one was killed',
      remedy:
        users.length === 0
          ? '`memspan doctor --clean` removes it; who opens it takes it over'
          : `End process ${users.slice(0, NAMED_MAX).join(', ')}, which still has it open`,
      ...(users.length === 0 ? { fix: leftoverOf('span', name, stat) } : {}),
    };
  }
  if (died !== undefined) {
    return {
      code: 'stale-span',
      severity: 'warning',
      subject: name,
      what: `${died}; it is 'until-unlinked', so it stays`,
      remedy: `Start its programs: the first one takes it over. If nobody needs it, ${removal(name)}`,
    };
  }
  return {
    code: 'span-at-rest',
    severity: 'note',
    subject: name,
    what: "nobody is attached; it is 'until-unlinked', so it stays",
    remedy: `Nothing if somebody will open it again, else ${removal(name)}`,
  };
}

function listed(dead: readonly string[]): string {
  const rest = dead.length - NAMED_MAX;
  const named = dead.slice(0, NAMED_MAX).join(', ');
  return rest > 0 ? `${named} and ${rest} more` : named;
}
