// What the demo shows: headings, bars, the listings of /dev/shm, the table. At most 80 columns.

import cliProgress from 'cli-progress';
import type { SegmentInfo } from '../../index.ts';
import { count, cut, memory, paint, printable, volume } from '../format.ts';
import { tableOf } from '../table.ts';
import type { CounterResult } from './counter.ts';
import type { TransferResult } from './transfer.ts';

const MARGIN = '   ';
const LABEL_WIDTH = 14;
const BAR_WIDTH = 24;
const LISTED_MAX = 4;
const NAME_WIDTH_MAX = 48;

export function heading(number: number, text: string): void {
  console.log(`\n${paint.bold(paint.cyan(`${number}  ${text}`))}`);
}

export function line(text: string): void {
  console.log(MARGIN + text);
}

export function showCounters({ expected, plain, atomic }: CounterResult): void {
  const row = (code: string, found: number): void => {
    const lost = expected - found;
    const verdict =
      lost === 0 ? paint.green('none lost') : paint.red(`${count(lost)} updates lost`);
    line(`${code.padEnd(26)}  ${count(found).padStart(9)} of ${count(expected)}   ${verdict}`);
  };
  row('counter[0]++', plain);
  row('Atomics.add(counter, 0, 1)', atomic);
}

/** One transport's line: a live bar on a terminal, otherwise printed when it is done. */
export class TransferLine {
  readonly #name: string;
  readonly #total: number;
  readonly #bar: cliProgress.SingleBar | undefined;
  #sent = 0;
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
    });
    this.#bar.start(1, 0);
  }

  sent(bytes: number): void {
    this.#sent += bytes;
    this.#bar?.update(0);
  }

  note(text: string): void {
    this.#note = text;
    this.#bar?.render();
  }

  done(result: TransferResult): void {
    const speed = `${count(result.megabytesPerSecond)} MB/s`.padStart(11);
    this.#note = `${speed}  SHA-256 ${mark(result.isIntact)}`;
    if (this.#bar === undefined) line(this.#text(Number.POSITIVE_INFINITY).trimStart());
    else this.#bar.stop();
  }

  /** Leaves the cursor as it was; for an end before time. */
  abandon(): void {
    this.#bar?.stop();
  }

  #text(widthMax: number): string {
    const done = Math.round((this.#sent / this.#total) * BAR_WIDTH);
    const bar = paint.cyan('█'.repeat(done)) + paint.dim('░'.repeat(BAR_WIDTH - done));
    const text = `${MARGIN}${this.#name.padEnd(LABEL_WIDTH)}${bar} ${volume(this.#sent).padStart(9)}  ${this.#note}`;
    // Colours count where cli-progress cuts.
    return text.length < widthMax ? text : cut(uncoloured(text), widthMax - 1);
  }
}

export function showTable(results: readonly TransferResult[]): void {
  const rows = results.map((result) => [
    result.name,
    count(result.megabytesPerSecond),
    count(result.messagesPerSecond),
    microseconds(result.roundTripMicroseconds),
    mark(result.isIntact),
  ]);
  const right = 'right' as const;
  const table = tableOf(
    [
      { title: 'transport', width: LABEL_WIDTH + 2 },
      { title: 'MB/s', align: right, width: 12 },
      { title: 'messages/s', align: right, width: 16 },
      { title: 'round trip', align: right, width: 16 },
      { title: 'SHA-256' },
    ],
    rows,
    MARGIN.length,
  );
  console.log(`\n${table}\n`);
}

/** Names in /dev/shm, the demo's own ones standing out. */
export function showSegments(when: string, segments: readonly SegmentInfo[], prefix: string): void {
  const isOwn = ({ name }: SegmentInfo): boolean => name.startsWith(prefix);
  const own = segments.filter(isOwn);
  const others = segments.length - own.length;
  const listed = own.slice(0, LISTED_MAX);
  const rest = others === 0 ? [] : [`${others} of other programs`];
  const summary = [own.length === 0 ? 'none of this demo' : `${own.length} of this demo`, ...rest];
  line(`${when.padEnd(8)}${summary.join(', ')}`);
  for (const { name, size } of listed) {
    const shown = cut(printable(name), NAME_WIDTH_MAX);
    line(`        ${paint.yellow(shown)}  ${paint.dim(memory(size))}`);
  }
}

export function microseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : count(value)} µs`;
}

function mark(isIntact: boolean): string {
  return isIntact ? paint.green('✓') : paint.red('✗ differs');
}

function uncoloured(text: string): string {
  const colour = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
  return text.replace(colour, '');
}
