// What is worst to know of a span at a glance: who is there, who waits, and what is in trouble.

import { type Anatomy, nameOf, UNSEEN } from '../../inspect/anatomy.ts';

export type TroubleKind = 'damaged' | 'deadlock' | 'dead holder';

export interface Trouble {
  readonly kind: TroubleKind;
  /** In words, with names that other processes have chosen. */
  readonly what: string;
}

export interface Vitals {
  readonly alive: number;
  /** Died attached, and their slots were not used again. */
  readonly dead: number;
  /** The living who wait for something. */
  readonly waiting: number;
  /** The worst first. */
  readonly troubles: readonly Trouble[];
}

/** The mark of each kind; the worst first. */
export const MARKS: Readonly<Record<TroubleKind, string>> = {
  damaged: '✗',
  deadlock: '∞',
  'dead holder': '†',
};

/** Of each kind: a span that is all damage says enough with these. */
const TROUBLES_MAX = 20;

export function vitalsOf(anatomy: Anatomy): Vitals {
  const { participants } = anatomy;
  const living = participants.filter(({ who }) => who.alive);
  return {
    alive: living.length,
    dead: participants.length - living.length,
    waiting: living.filter(({ waits }) => waits.length > 0).length,
    troubles: [
      ...damages(anatomy).slice(0, TROUBLES_MAX),
      ...deadlocks(anatomy).slice(0, TROUBLES_MAX),
      ...leftovers(anatomy).slice(0, TROUBLES_MAX),
    ],
  };
}

/** Of a span that could not even be taken apart. */
export function unreadable(why: string): Vitals {
  const trouble = { kind: 'damaged', what: `it cannot be read: ${why}` } as const;
  return { alive: 0, dead: 0, waiting: 0, troubles: [trouble] };
}

function damages({ damage }: Anatomy): Trouble[] {
  return damage
    .filter(({ what }) => !what.endsWith(UNSEEN))
    .map(({ where, what }) => ({ kind: 'damaged', what: `${where}: ${what}` }));
}

function deadlocks({ cycles }: Anatomy): Trouble[] {
  return cycles
    .filter(({ deadlock }) => deadlock)
    .map(({ edges }) => {
      const way = edges.map(({ waiter, object }) => `${waiter.name ?? waiter.id} → ${object}`);
      return { kind: 'deadlock', what: `deadlock: ${way.join(' → ')}` };
    });
}

/** What the dead have had, and nobody has taken over. */
function leftovers({ participants, objects }: Anatomy): Trouble[] {
  const told = new Set<string>();
  const found: Trouble[] = [];
  for (const { who, holds } of participants) {
    if (who.alive || holds.length === 0) continue;
    for (const name of holds) told.add(name);
    found.push({ kind: 'dead holder', what: `${nameOf(who)} held ${holds.join(', ')}` });
  }
  for (const { name, state } of objects) {
    const { state: word, leftByTheDead, broken } = state?.facts ?? {};
    const isLeft = LEFT.has(word) || broken === true || Number(leftByTheDead ?? 0) > 0;
    if (isLeft && !told.has(name))
      found.push({ kind: 'dead holder', what: `${name}: ${state?.summary}` });
  }
  return found;
}

const LEFT = new Set<unknown>(['abandoned', 'not-recoverable']);
