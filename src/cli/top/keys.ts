// What keys do: from one view to the next. Pure: the screen shows a view, and sampling goes on beside it.

import { SORTS, type Sort } from './columns.ts';

export interface View {
  readonly page: 'table' | 'detail' | 'help';
  /** Key of the row that the cursor is on; undefined: of the one at `index`. */
  readonly selected: string | undefined;
  readonly index: number;
  /** Key of the row that is opened. */
  readonly opened: string | undefined;
  /** First line that is shown of a page that is longer than the screen. */
  readonly scroll: number;
  readonly filter: string;
  /** Keys go to the filter. */
  readonly isTyping: boolean;
  readonly sort: Sort;
  readonly isReversed: boolean;
  readonly isPaused: boolean;
  readonly intervalMs: number;
}

/** What the view is of. */
export interface Sight {
  /** Keys of the rows, as they stand on the screen. */
  readonly rows: readonly string[];
  /** Lines of a page. */
  readonly height: number;
  /** Lines there are of an opened page. */
  readonly lines: number;
}

/** A character, or the name of a key. */
export type Key =
  | 'up'
  | 'down'
  | 'pageup'
  | 'pagedown'
  | 'home'
  | 'end'
  | 'enter'
  | 'escape'
  | 'backspace'
  | 'ctrl-u'
  | (string & {});

export const INTERVAL_MIN_MS = 100;
export const INTERVAL_MAX_MS = 3_600_000;
const INTERVALS = [100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000];
const FILTER_LENGTH_MAX = 60;

export function newView(sort: Sort, isReversed: boolean, intervalMs: number): View {
  return {
    page: 'table',
    selected: undefined,
    index: 0,
    opened: undefined,
    scroll: 0,
    filter: '',
    isTyping: false,
    sort,
    isReversed,
    isPaused: false,
    intervalMs,
  };
}

/** The view after a key; 'quit' when it was the one that ends. */
export function pressed(view: View, key: Key, sight: Sight): View | 'quit' {
  if (view.isTyping) return typed(view, key, sight);
  switch (key) {
    case 'q':
      return 'quit';
    case 'p':
    case ' ':
      return { ...view, isPaused: !view.isPaused };
    case '+':
    case '=':
      return {
        ...view,
        intervalMs: INTERVALS.find((ms) => ms > view.intervalMs) ?? view.intervalMs,
      };
    case '-':
      return {
        ...view,
        intervalMs: INTERVALS.findLast((ms) => ms < view.intervalMs) ?? view.intervalMs,
      };
  }
  return view.page === 'table' ? inTable(view, key, sight) : inPage(view, key, sight);
}

function inTable(view: View, key: Key, sight: Sight): View {
  switch (key) {
    case '/':
      return { ...view, isTyping: true };
    case 'escape':
      return { ...view, filter: '' };
    case '?':
      return { ...view, page: 'help', scroll: 0 };
    case 's':
      return { ...view, sort: SORTS[(SORTS.indexOf(view.sort) + 1) % SORTS.length] as Sort };
    case 'S':
    case 'r':
      return { ...view, isReversed: !view.isReversed };
    case 'enter': {
      const opened = sight.rows[indexOf(view, sight.rows)];
      if (opened === undefined) return view;
      return { ...view, page: 'detail', selected: opened, opened, scroll: 0 };
    }
    default:
      return moved(view, key, sight);
  }
}

function moved(view: View, key: Key, { rows, height }: Sight): View {
  const step = stepOf(key, height);
  if (step === undefined || rows.length === 0) return view;
  const index = within(indexOf(view, rows) + step, rows.length);
  return { ...view, index, selected: rows[index] };
}

function inPage(view: View, key: Key, { lines, height }: Sight): View {
  if (key === 'escape' || key === 'backspace' || (key === '?' && view.page === 'help')) {
    return view.page === 'help' && view.opened !== undefined
      ? { ...view, page: 'detail', scroll: 0 }
      : { ...view, page: 'table', opened: undefined, scroll: 0 };
  }
  if (key === '?') return { ...view, page: 'help', scroll: 0 };
  const step = stepOf(key, height);
  if (step === undefined) return view;
  return { ...view, scroll: within(scrollOf(view, lines, height) + step, lines - height + 1) };
}

function typed(view: View, key: Key, sight: Sight): View {
  switch (key) {
    case 'enter':
      return { ...view, isTyping: false };
    case 'escape':
      return { ...view, isTyping: false, filter: '' };
    case 'ctrl-u':
      return { ...view, filter: '' };
    case 'backspace':
      return { ...view, filter: [...view.filter].slice(0, -1).join('') };
    case 'up':
    case 'down':
    case 'pageup':
    case 'pagedown':
      return moved(view, key, sight);
    default: {
      const isText = [...key].length === 1 && !/\p{Cc}/u.test(key);
      if (!isText || view.filter.length >= FILTER_LENGTH_MAX) return view;
      return { ...view, filter: view.filter + key };
    }
  }
}

function stepOf(key: Key, height: number): number | undefined {
  switch (key) {
    case 'up':
    case 'k':
      return -1;
    case 'down':
    case 'j':
      return 1;
    case 'pageup':
      return -height;
    case 'pagedown':
      return height;
    case 'home':
    case 'g':
      return Number.NEGATIVE_INFINITY;
    case 'end':
    case 'G':
      return Number.POSITIVE_INFINITY;
    default:
      return undefined;
  }
}

/** Where the cursor is: with its row wherever that is now, or where the row was that has gone. */
export function indexOf({ selected, index }: View, rows: readonly string[]): number {
  const found = selected === undefined ? -1 : rows.indexOf(selected);
  return found >= 0 ? found : within(index, rows.length);
}

/** The first line that is shown, of so many. */
export function scrollOf({ scroll }: View, lines: number, height: number): number {
  return within(scroll, lines - height + 1);
}

function within(value: number, length: number): number {
  return Math.max(0, Math.min(value, length - 1));
}

/** Whether a name or a kind contains the filter: in any case of letters, `*` any text, `?` any character. */
export function filterOf(text: string): (name: string, kind: string) => boolean {
  const source = text
    .replace(/\*+/g, '*')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const pattern = new RegExp(source, 'is');
  return (name, kind) => pattern.test(name) || pattern.test(kind);
}
