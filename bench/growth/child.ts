// A child process that measures, and the talk with it: it says when it is ready, does what it is told, and answers each order once.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const WATCHDOG_MS = 120_000;

export class Child {
  readonly #process: ChildProcess;
  readonly #file: string;

  private constructor(file: string, args: readonly string[]) {
    this.#file = file;
    const path = fileURLToPath(new URL(`./${file}.js`, import.meta.url));
    this.#process = fork(path, args, { execArgv: [] });
  }

  static async start(file: string, ...args: string[]): Promise<Child> {
    const child = new Child(file, args);
    await child.#heard();
    return child;
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  async ask<T>(order: object): Promise<T> {
    const answer = this.#heard();
    this.#process.send(order);
    return (await answer) as T;
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    const watchdog = setTimeout(() => this.#process.kill('SIGKILL'), WATCHDOG_MS);
    if (this.#process.connected) this.#process.disconnect();
    await ended;
    clearTimeout(watchdog);
  }

  async #heard(): Promise<unknown> {
    const over = new AbortController();
    const { signal } = over;
    const ended = once(this.#process, 'exit', { signal }).then(([code, how]) => {
      throw new Error(`${this.#file} ended: ${how ?? code}`);
    });
    const watchdog = setTimeout(() => this.#process.kill('SIGKILL'), WATCHDOG_MS);
    try {
      const [message] = await Promise.race([once(this.#process, 'message', { signal }), ended]);
      return message;
    } finally {
      clearTimeout(watchdog);
      ended.catch(() => {});
      over.abort();
    }
  }
}
