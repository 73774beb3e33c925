// The progress line of a stream on a terminal: what moved, how fast, how long still.

import cliProgress from 'cli-progress';
import { cut, duration, printable, rate, volume } from './format.ts';

const NAME_WIDTH_MAX = 24;
const BAR_WIDTH_MIN = 5;
const BAR_WIDTH_MAX = 30;
/** Gaps, the percentage, and the time that is left when there is one. */
const REST_WIDTH = 10;
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
    const speed = this.#speed(bytes);
    const total = this.#total;
    const amount = total === undefined ? volume(bytes) : `${volume(bytes)} of ${volume(total)}`;
    const parts = [amount.padStart(8), rate(speed, 1).padStart(10)];
    if (total !== undefined && total > bytes && speed > 0) {
      parts.push(`${time((total - bytes) / speed)} left`);
    }
    const text = parts.join('  ');
    const bar = total === undefined ? [] : [this.#barOf(bytes, total, text.length)];
    this.#draw([this.#label, ...bar, text].join('  '));
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

  /** Bytes per second, of late. */
  #speed(bytes: number): number {
    const at = performance.now() / 1000;
    this.#recent.push({ at, bytes });
    if (this.#recent.length > WINDOW + 1) this.#recent.shift();
    const first = this.#recent[0] as { at: number; bytes: number };
    return at > first.at ? (bytes - first.bytes) / (at - first.at) : 0;
  }

  /** As long as the rest of the line allows. */
  #barOf(bytes: number, total: number, taken: number): string {
    const part = total === 0 ? 1 : Math.min(bytes / total, 1);
    const columns = process.stderr.columns || 80;
    const room = columns - this.#label.length - taken - REST_WIDTH;
    const width = Math.max(BAR_WIDTH_MIN, Math.min(room, BAR_WIDTH_MAX));
    const done = Math.round(part * width);
    const percent = `${Math.floor(part * 100)}%`.padStart(4);
    return `${'█'.repeat(done)}${'░'.repeat(width - done)} ${percent}`;
  }
}

/** Whole seconds, so that the line does not flicker. */
function time(seconds: number): string {
  return seconds < 60 ? `${Math.ceil(seconds)} s` : duration(seconds);
}
