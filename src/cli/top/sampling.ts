// Samples: what is shared on this machine, again and again, and what happened in between.
//
// A census each time; of each span and each ring an anatomy, which maps it read-only for as long as that takes and
// touches what it decodes. How much of the processor that takes is bounded where somebody watches: what takes long to look at
// is looked at for 2 % of the time, all together for 5 % of an interval, and those first that were not looked at for
// longest. A rate is over the time between two looks.

import { statfsSync } from 'node:fs';
import { type Anatomy, dissect } from '../../inspect/anatomy.ts';
import { type Census, type CensusItem, census } from '../../inspect/census.ts';
import { isRing } from '../../inspect/glance.ts';
import { type Counts, countsOf, type Rates, ratesBetween } from '../../inspect/rates.ts';
import { unreadable, type Vitals, vitalsOf } from './vitals.ts';

/** One thing that is shared, as a row shows it. */
export interface Row {
  /** The same as long as it is the same thing: one that is made anew under its name has another. */
  readonly key: string;
  readonly item: CensusItem;
  /** Undefined for what is no span. */
  readonly vitals: Vitals | undefined;
  /** Undefined until it was looked at twice. */
  readonly rates: Rates | undefined;
  /** Operations per second, the newest last; waits, where nothing else is counted. */
  readonly history: readonly (number | undefined)[];
  readonly objects: ReadonlyMap<number, ObjectHistory>;
}

/** What was seen of an object, the newest last. */
export interface ObjectHistory {
  /** Operations per second. */
  readonly rates: (number | undefined)[];
  /** How many of the looks have found it held, and how many there were. */
  held: number;
  looks: number;
}

export interface Sample {
  readonly at: Date;
  /** Since the one before. */
  readonly seconds: number | undefined;
  /** In the order of names. */
  readonly rows: readonly Row[];
  /** Undefined where it cannot be asked. */
  readonly shm: { readonly size: number; readonly used: number } | undefined;
  readonly totals: Totals;
  /** What has been asked for by `open`: its anatomy. */
  readonly opened: Anatomy | undefined;
}

export interface Totals {
  readonly spans: number;
  readonly segments: number;
  readonly others: number;
  readonly alive: number;
  readonly dead: number;
  readonly waiting: number;
  /** How many are damaged, locked for ever, or have a dead holder. */
  readonly troubled: number;
  readonly operations: number;
}

export const SAMPLES_KEPT = 120;
/** Objects of one span whose history is kept. */
const OBJECTS_KEPT = 200;
/** Of each value, in the overview and in what is opened. */
const LEAVES = 16;
const LEAVES_OPENED = 200;
/** Words and cells of one. */
const EFFORT = 400_000;
const SHARE_OF_ONE = 0.02;
const SHARE_OF_OPENED = 0.2;
const SHARE_OF_ALL = 0.05;
/** So long it may always take, one and all. */
const LOOK_MIN_MS = 10;
const BUDGET_MIN_MS = 20;
const RATE_TIME_MIN_MS = 50;

interface Known {
  readonly key: string;
  item: CensusItem;
  vitals: Vitals | undefined;
  counts: Counts | undefined;
  rates: Rates | undefined;
  readonly history: (number | undefined)[];
  readonly objects: Map<number, ObjectHistory>;
  /** When it was looked at, in the clock of performance.now(), and for how long. */
  lookedAt: number;
  lookedFor: number;
}

export class Sampler {
  readonly #patterns: readonly string[];
  readonly #isThorough: boolean;
  #known = new Map<string, Known>();
  #last: number | undefined;
  #openedKey: string | undefined;
  /** As it was when it was last looked at. */
  #opened: Anatomy | undefined;
  readonly #used: (number | undefined)[] = [];
  readonly #operations: (number | undefined)[] = [];

  /** Of names that match one of the patterns; of all, if there is none. `isThorough`: looks at all of them each time, however long that takes. */
  constructor(patterns: readonly string[], isThorough: boolean) {
    this.#patterns = patterns.length === 0 ? ['*'] : patterns;
    this.#isThorough = isThorough;
  }

  /** Bytes of /dev/shm that were in use, the newest last. */
  get used(): readonly (number | undefined)[] {
    return this.#used;
  }

  /** Operations per second of all, the newest last. */
  get operations(): readonly (number | undefined)[] {
    return this.#operations;
  }

  /** From the next sample on, the anatomy of the row with that key is in it. */
  open(key: string | undefined): void {
    this.#openedKey = key;
    this.#opened = undefined;
  }

  /** One sample; `intervalMs` until the next one is meant to be taken. Throws `ERR_MEMSPAN_UNSUPPORTED` where there is no /proc. */
  take(intervalMs: number): Sample {
    const now = performance.now();
    const at = new Date();
    const known = this.#meet(census({ pattern: this.#patterns }));
    const budgetMs = Math.max(BUDGET_MIN_MS, intervalMs * SHARE_OF_ALL);
    this.#lookAtAll(known, this.#isThorough ? Number.POSITIVE_INFINITY : budgetMs);
    const rows = [...this.#known.values()];
    const totals = totalsOf(rows);
    const shm = shmOf();
    const seconds = this.#last === undefined ? undefined : (now - this.#last) / 1000;
    this.#last = now;
    keep(this.#used, shm?.used);
    keep(this.#operations, seconds === undefined ? undefined : totals.operations);
    return { at, seconds, rows, shm, totals, opened: this.#opened };
  }

  /** What is still there keeps its past; what is gone is forgotten. */
  #meet({ items }: Census): Known[] {
    const met = items.map((item): Known => {
      const key = `${item.name}\0${item.inode ?? item.id}\0${item.kind}`;
      const known = this.#known.get(key);
      if (known !== undefined) return Object.assign(known, { item });
      const blank = { vitals: undefined, counts: undefined, rates: undefined };
      const never = { lookedAt: Number.NEGATIVE_INFINITY, lookedFor: 0 };
      return { key, item, ...blank, history: [], objects: new Map(), ...never };
    });
    this.#known = new Map(met.map((each) => [each.key, each]));
    return met;
  }

  #lookAtAll(known: readonly Known[], budgetMs: number): void {
    const start = performance.now();
    const isDue = ({ key, lookedAt, lookedFor }: Known): boolean => {
      if (this.#isThorough || lookedFor <= LOOK_MIN_MS) return true;
      const isOpened = key === this.#openedKey;
      if (isOpened && this.#opened === undefined) return true;
      return start - lookedAt >= lookedFor / (isOpened ? SHARE_OF_OPENED : SHARE_OF_ONE);
    };
    const due = known
      .filter(isDue)
      .filter(({ item: { kind, name } }) => kind === 'span' || (kind === 'segment' && isRing(name)))
      .sort((a, b) => this.#rank(a) - this.#rank(b) || a.lookedAt - b.lookedAt);
    for (const each of due) {
      const began = performance.now();
      if (began - start > budgetMs && each.key !== this.#openedKey) break;
      const anatomy = this.#lookAt(each, began);
      each.lookedFor = performance.now() - began;
      if (each.key === this.#openedKey) this.#opened = anatomy;
    }
    // Of the others the last word stands, so that all pasts end now.
    for (const { rates, lookedAt, history } of known)
      if (rates !== undefined && lookedAt < start) keep(history, history.at(-1));
  }

  #rank({ key }: Known): number {
    return key === this.#openedKey ? 0 : 1;
  }

  #lookAt(known: Known, now: number): Anatomy | undefined {
    known.lookedAt = now;
    let anatomy: Anatomy;
    try {
      const leaves = known.key === this.#openedKey ? LEAVES_OPENED : LEAVES;
      anatomy = dissect(known.item.name, { leaves, effort: EFFORT });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const isOurs = code?.startsWith('ERR_MEMSPAN_') === true;
      // It has gone since the census, or may not be opened; whatever else it is, the others are still to be seen.
      if (code === 'ERR_MEMSPAN_NOT_FOUND') this.#known.delete(known.key);
      const vitals = isOurs ? undefined : unreadable(message);
      Object.assign(known, { vitals, counts: undefined, rates: undefined });
      return undefined;
    }
    const counts = countsOf(anatomy, now);
    // What was looked at just now, because it was opened, has no rate worth showing.
    const isNews = known.counts === undefined || now - known.counts.atMs >= RATE_TIME_MIN_MS;
    if (isNews) {
      known.rates = known.counts && ratesBetween(known.counts, counts);
      known.counts = counts;
    }
    known.vitals =
      known.item.kind === 'span' || anatomy.kind === 'span' ? vitalsOf(anatomy) : undefined;
    if (isNews && known.rates !== undefined)
      keep(known.history, activityOf(known.rates)?.perSecond);
    if (isNews) noteObjects(known, anatomy);
    return anatomy;
  }
}

/** What a row's rate is of: `waits` where its objects count nothing. */
export function activityOf(
  rates: Rates | undefined,
): { readonly perSecond: number; readonly of: 'operations' | 'waits' } | undefined {
  if (rates?.operations !== undefined) return { perSecond: rates.operations, of: 'operations' };
  return rates?.waits === undefined ? undefined : { perSecond: rates.waits, of: 'waits' };
}

function noteObjects({ rates, objects }: Known, anatomy: Anatomy): void {
  const note = (index: number, isHeld: boolean): void => {
    const history = objects.get(index) ?? { rates: [], held: 0, looks: 0 };
    if (rates !== undefined) keep(history.rates, rates.objects.get(index)?.operations);
    history.looks++;
    if (isHeld) history.held++;
    objects.set(index, history);
  };
  if (anatomy.ring !== undefined) note(0, false);
  for (const { index, state } of anatomy.objects.slice(0, OBJECTS_KEPT))
    if (state !== undefined) note(index, (state.holders?.length ?? 0) > 0);
}

function keep<T>(list: T[], value: T): void {
  list.push(value);
  if (list.length > SAMPLES_KEPT) list.shift();
}

function totalsOf(rows: readonly Row[]): Totals {
  const sum = (amount: (row: Row) => number): number =>
    rows.reduce((total, row) => total + amount(row), 0);
  const spans = rows.filter(({ item }) => item.kind === 'span').length;
  const segments = rows.filter(({ item }) => item.kind === 'segment').length;
  return {
    spans,
    segments,
    others: rows.length - spans - segments,
    alive: sum(({ vitals }) => vitals?.alive ?? 0),
    dead: sum(({ vitals }) => vitals?.dead ?? 0),
    waiting: sum(({ vitals }) => vitals?.waiting ?? 0),
    troubled: sum(({ vitals }) => ((vitals?.troubles.length ?? 0) > 0 ? 1 : 0)),
    operations: sum(({ rates }) => rates?.operations ?? 0),
  };
}

function shmOf(): Sample['shm'] {
  try {
    const { bsize, blocks, bfree } = statfsSync('/dev/shm');
    return { size: bsize * blocks, used: bsize * (blocks - bfree) };
  } catch {
    return undefined;
  }
}
