// What the demo shows: headings, the counters, a live bar that becomes a row of the table, the listings of
// /dev/shm. At most 80 columns.

import cliProgress from 'cli-progress';
import type { SegmentInfo } from '../../index.ts';
import { count, cut, memory, paint, volume } from '../format.ts';
import { type Column, tableOf } from '../table.ts';
import type { CounterResult } from './counter.ts';
import type { TransferResult } from './transfer.ts';

const MARGIN = '   ';
const BAR_WIDTH = 24;
const NAMES_WIDTH_MAX = 50;

const COLUMNS: readonly Column[] = [
  { title: 'transport', width: 16 },
  { title: 'MB/s', align: 'right', width: 13 },
  { title: 'messages/s', align: 'right', width: 16 },
  { title: 'round trip', align: 'right', width: 16 },
  { title: 'SHA-256', width: 12 },
];
const NAME_WIDTH = 14;

export function heading(number: number, text: string): void {
  console.log(`\n${paint.bold(`${number}  ${text}`)}`);
}

export function line(text: string): void {
  console.log(MARGIN + text);
}

export function showCounters({ expected, plain, atomic, rounds }: CounterResult): void {
  const row = (code: string, found: number): void => {
    const lost = expected - found;
    const verdict = lost === 0 ? paint.green('none lost') : paint.red(`${count(lost)} lost`);
    line(`${code.padEnd(26)}  ${count(found).padStart(9)} of ${count(expected)}  ${verdict}`);
  };
  row('counter[0]++', plain);
  row('Atomics.add(counter, 0, 1)', atomic);
  if (rounds > 1) line(paint.dim(`(round ${rounds}: until then they happened not to meet)`));
}

/** The head of the table whose rows the transfer lines become. */
export function showHead(): void {
  line(tableOf(COLUMNS, []));
}

/** One transport: a bar while it works, a row of the table afterwards. */
export class TransferLine {
  readonly #name: string;
  readonly #total: number;
  readonly #bar: cliProgress.SingleBar | undefined;
  #sent = 0;
  #startedAt = 0;
  #note = '';

  constructor(name: string, total: number) {
    this.#name = name;
    this.#total = total;
    if (!process.stdout.isTTY) return;
    this.#bar = new cliProgress.SingleBar({
      stream: process.stdout,
      format: (_options, { maxWidth }) => this.#text(maxWidth),
      hideCursor: true,
      // See progress.ts.
      linewrap: true,
      clearOnComplete: true,
    });
    this.#bar.start(1, 0);
  }

  sent(bytes: number): void {
    this.#startedAt ||= performance.now();
    this.#sent += bytes;
    this.#bar?.update(0);
  }

  note(text: string): void {
    this.#note = text;
    this.#bar?.render();
  }

  done(result: TransferResult): void {
    this.#bar?.stop();
    const { name, megabytesPerSecond, messagesPerSecond, roundTripMicroseconds } = result;
    const cells = [
      name,
      count(megabytesPerSecond),
      count(messagesPerSecond),
      microseconds(roundTripMicroseconds),
      result.isIntact ? paint.green('✓') : paint.red('✗ differs'),
    ];
    line(tableOf(COLUMNS, [cells], false));
  }

  /** For an end before time: leaves the cursor as it was. */
  abandon(): void {
    this.#bar?.stop();
  }

  #text(widthMax: number): string {
    const done = Math.round((this.#sent / this.#total) * BAR_WIDTH);
    const [full, rest] = ['█'.repeat(done), '░'.repeat(BAR_WIDTH - done)];
    const text = (bar: string): string =>
      `${MARGIN}${this.#name.padEnd(NAME_WIDTH)}${bar} ${volume(this.#sent).padStart(9)}  ${this.#note}`;
    const coloured = text(paint.cyan(full) + paint.dim(rest));
    // cli-progress counts a colour's letters when it cuts.
    return coloured.length < widthMax ? coloured : cut(text(full + rest), widthMax - 1);
  }
}

/** Names in /dev/shm: the demo's own ones, and how many others. */
export function showSegments(when: string, segments: readonly SegmentInfo[], prefix: string): void {
  const own = segments.filter(({ name }) => name.startsWith(prefix));
  const others = segments.length - own.length;
  const besides =
    others === 0 ? '' : paint.dim(`  + ${others} ${others === 1 ? 'other' : 'others'}`);
  if (own.length === 0) {
    line(`${when}  nothing of this demo${besides}`);
    return;
  }
  const names = own.map(({ name }) => name.slice(prefix.length)).join(',');
  const bytes = own.reduce((sum, { size }) => sum + size, 0);
  const shown = cut(`${prefix}{${names}}`, NAMES_WIDTH_MAX);
  line(`${when}  ${paint.bold(shown)}  ${memory(bytes)}${besides}`);
}

export function microseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : count(value)} µs`;
}
