// The terminal while `memspan top` has it: the alternate screen, so that what stood there before comes back, and a
// stream for Ink that can be silenced, writes over a frame instead of erasing it, and never says how high the screen is.
//
// Ink erases the last frame line by line before it writes the next one, which flickers where a terminal draws in between. All frames
// begin at the top here, so the next one can be written over the last. (Ink 6.8 has incremental frames; they slip by a line.)
// Ink would clear the terminal's history when a frame is as high as the screen, which happens when somebody makes the window
// smaller. Frames are cut to the screen here, and Ink need not know.

import { Writable } from 'node:stream';

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[2J\u001b[H';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const CLEAR = '\u001b[2J\u001b[H';

export class Terminal extends Writable {
  /** Ink draws for people. */
  readonly isTTY = true;
  #isEntered = false;
  /** What Ink writes while it ends is not to be seen. */
  isSilent = false;

  get columns(): number {
    return process.stdout.columns || 80;
  }

  get size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.columns, rows: process.stdout.rows || 24 };
  }

  enter(): void {
    this.#isEntered = true;
    process.stdout.write(ENTER);
  }

  clear(): void {
    process.stdout.write(CLEAR);
  }

  /** As often as one likes. */
  leave(): void {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    process.stdout.write(LEAVE);
  }

  override _write(
    chunk: Uint8Array,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): void {
    if (this.isSilent) done();
    else process.stdout.write(chunk, done);
  }
}
