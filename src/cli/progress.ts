// The progress line of a stream on a terminal: what moved, how fast, how long still.

import cliProgress from 'cli-progress';
import { cut, duration, printable, rate, volume } from './format.ts';

const NAME_WIDTH_MAX = 24;
const BAR_WIDTH_MAX = 30;
/** The rate shown is that of the last second. */
const WINDOW = 10;

export class ProgressLine {
  readonly #label: string;
  readonly #total: number | undefined;
  readonly #bar: cliProgress.SingleBar;
  readonly #recent: { at: number; bytes: number }[] = [];
  #text = '';

  /** `total` in bytes, if it is known. */
  constructor(label: string, total: number | undefined) {
    this.#label = cut(printable(label), NAME_WIDTH_MAX);
    this.#total = total;
    this.#bar = new cliProgress.SingleBar({
      stream: process.stderr,
      format: (_options, { maxWidth }) => cut(this.#text, maxWidth - 1),
      // It would switch the terminal's own wrapping off, and who is killed cannot switch it on again.
      linewrap: true,
      clearOnComplete: true,
    });
  }

  /** Instead of the progress, while there is none. */
  say(text: string): void {
    this.#draw(`${this.#label}  ${text}`);
  }

  show(bytes: number): void {
    const now = performance.now() / 1000;
    this.#recent.push({ at: now, bytes });
    if (this.#recent.length > WINDOW + 1) this.#recent.shift();
    const first = this.#recent[0] as { at: number; bytes: number };
    const speed = now > first.at ? (bytes - first.bytes) / (now - first.at) : 0;
    this.#draw(
      [this.#label, ...(this.#total === undefined ? [] : this.#barOf(bytes, this.#total))]
        .concat(this.#amount(bytes).padStart(8), rate(speed, 1).padStart(10))
        .concat(this.#total === undefined || speed === 0 ? [] : left(this.#total - bytes, speed))
        .join('  '),
    );
  }

  /** Clears the line. */
  stop(): void {
    this.#bar.stop();
  }

  #draw(text: string): void {
    this.#text = text;
    if (this.#bar.isActive) this.#bar.update(0);
    else this.#bar.start(1, 0);
  }

  #amount(bytes: number): string {
    const total = this.#total;
    return total === undefined ? volume(bytes) : `${volume(bytes)} of ${volume(total)}`;
  }

  #barOf(bytes: number, total: number): string[] {
    const part = total === 0 ? 1 : Math.min(bytes / total, 1);
    const room = (process.stderr.columns || 80) - NAME_WIDTH_MAX - 50;
    const width = Math.max(5, Math.min(room, BAR_WIDTH_MAX));
    const done = Math.round(part * width);
    const percent = `${Math.floor(part * 100)}%`.padStart(4);
    return [`${'█'.repeat(done)}${'░'.repeat(width - done)}${percent}`];
  }
}

function left(bytes: number, speed: number): string[] {
  return bytes > 0 ? [`${duration(Math.ceil(bytes / speed)).replace('.00', '')} left`] : [];
}
