// `memspan top` on a terminal: samples, keys and the size of the window come in, frames go out, until somebody quits.

import { type Instance, render } from 'ink';
import { createElement as h } from 'react';
import { onInterrupt } from '../report.ts';
import { type Frame, frameOf } from './frame.ts';
import { type Key, pressed, type View } from './keys.ts';
import type { Sample, Sampler } from './sampling.ts';
import { Screen, type ScreenProps } from './screen.ts';
import { Terminal } from './terminal.ts';

/** The second sample comes soon, so that there are rates. */
const SECOND_MS = 500;
const RESUME_MS = 20;
const INTERRUPTED = 130;

/** Resolves when the user has quit; the terminal is as it was before. */
export async function live(sampler: Sampler, view: View): Promise<void> {
  await new Promise<void>((resolve, reject) => new Live(sampler, view, resolve, reject));
}

class Live {
  readonly #sampler: Sampler;
  readonly #terminal = new Terminal();
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  readonly #forget: () => void;
  #view: View;
  #sample: Sample;
  #frame: Frame;
  #instance: Instance | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(sampler: Sampler, view: View, resolve: () => void, reject: (error: unknown) => void) {
    this.#sampler = sampler;
    this.#view = view;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#sample = sampler.take(view.intervalMs);
    this.#frame = this.#newFrame();
    this.#forget = onInterrupt(this.#leave);
    process.on('exit', this.#leave);
    process.on('SIGCONT', this.#resume);
    process.stdout.on('resize', this.#redraw);
    process.stdin.once('end', this.#quit);
    this.#terminal.enter();
    this.#mount();
    this.#wait(Math.min(SECOND_MS, view.intervalMs));
  }

  #newFrame(): Frame {
    return frameOf(this.#sample, this.#sampler, this.#view, this.#terminal.size);
  }

  get #node(): ReturnType<typeof h<ScreenProps>> {
    const props = { frame: this.#frame, ...this.#terminal.size, onKey: this.#onKey };
    return h(Screen, props);
  }

  #draw(): void {
    this.#frame = this.#newFrame();
    this.#instance?.rerender(this.#node);
  }

  #mount(): void {
    this.#terminal.isSilent = false;
    this.#instance = render(this.#node, {
      stdout: this.#terminal as unknown as NodeJS.WriteStream,
      exitOnCtrlC: false,
      patchConsole: false,
    });
    // It ends by itself only when a frame could not be drawn.
    this.#instance.waitUntilExit().catch((error: unknown) => {
      this.#leave();
      this.#reject(error);
    });
  }

  #unmount(): void {
    this.#terminal.isSilent = true;
    this.#instance?.unmount();
    this.#instance = undefined;
  }

  /** In a window of another size, or one that others have written to, nothing of what was there can be relied on. */
  readonly #redraw = (): void =>
    this.#guarded(() => {
      this.#frame = this.#newFrame();
      this.#unmount();
      this.#terminal.clear();
      this.#mount();
    });

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#view.isPaused) this.#timer = setTimeout(this.#take, ms);
  }

  readonly #take = (): void =>
    this.#guarded(() => {
      this.#sample = this.#sampler.take(this.#view.intervalMs);
      this.#draw();
      this.#wait(this.#view.intervalMs);
    });

  readonly #onKey = (key: Key): void =>
    this.#guarded(() => {
      // What comes after the one that ends.
      if (this.#instance === undefined) return;
      if (key === 'ctrl-c') return this.#interrupt();
      if (key === 'ctrl-z') return this.#suspend();
      const before = this.#view;
      const next = pressed(before, key, this.#frame.sight);
      if (next === 'quit') return this.#quit();
      this.#view = next;
      if (next.opened !== before.opened) {
        this.#sampler.open(next.opened);
        if (next.opened !== undefined) return this.#take();
      }
      this.#draw();
      if (next.intervalMs !== before.intervalMs || next.isPaused !== before.isPaused)
        this.#wait(next.intervalMs);
    });

  #interrupt(): void {
    this.#leave();
    process.exit(INTERRUPTED);
  }

  /** Until `fg`; where there is no shell to say that, the kernel stops nobody, and it goes on at once. */
  #suspend(): void {
    clearTimeout(this.#timer);
    this.#unmount();
    this.#terminal.leave();
    this.#timer = setTimeout(this.#resume, RESUME_MS);
    process.kill(process.pid, 'SIGTSTP');
  }

  readonly #resume = (): void =>
    this.#guarded(() => {
      if (this.#instance !== undefined) return this.#redraw();
      this.#terminal.enter();
      this.#mount();
      this.#wait(0);
    });

  readonly #quit = (): void => {
    this.#leave();
    this.#resolve();
  };

  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#leave();
      this.#reject(error);
    }
  }

  /** As often as one likes. */
  readonly #leave = (): void => {
    clearTimeout(this.#timer);
    this.#forget();
    process.off('exit', this.#leave);
    process.off('SIGCONT', this.#resume);
    process.stdout.off('resize', this.#redraw);
    process.stdin.off('end', this.#quit);
    this.#unmount();
    this.#terminal.leave();
    process.stdin.pause();
  };
}
