// A child process of an exercise, as the lab sees it: takes orders, answers them in their order, and ends.

import type { ChildProcess } from 'node:child_process';
import { type Answer, LEAVE } from './children/orders.ts';

const STDERR_MAX = 4000;

/** How a process ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Pending {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

export class Actor {
  readonly role: string;
  readonly child: ChildProcess;
  readonly pid: number;
  /** It is there and takes orders. */
  readonly ready: Promise<unknown>;
  /** Never rejects. */
  readonly ended: Promise<End>;
  readonly #pending: Pending[] = [];
  #end: End | undefined;
  #stderr = '';

  constructor(role: string, child: ChildProcess) {
    this.role = role;
    this.child = child;
    this.pid = child.pid ?? 0;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_MAX);
    });
    child.on('message', (answer: Answer) => this.#take(answer));
    this.ended = new Promise((resolve) => {
      // 'close' comes last: everything that it has said is here.
      child.once('close', (code, signal) => this.#isOver({ code, signal }, resolve));
      child.once('error', (error) => {
        this.#stderr ||= String(error);
        // One that runs has not ended by it.
        if (child.pid === undefined) this.#isOver({ code: 1, signal: null }, resolve);
      });
    });
    this.ready = this.#next();
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Gives an order; resolves with the answer, rejects with its error, or when it dies before it has answered. */
  ask<T>(order: string, about: object = {}): Promise<T> {
    const answer = this.#next();
    // What cannot be sent any more is told by its end.
    this.child.send({ order, ...about }, () => {});
    return answer as Promise<T>;
  }

  /** Its part is over: it ends by itself, in order. Resolves when it has. */
  async dismiss(): Promise<void> {
    // Not by disconnect(): a child process whose parent has disconnected never says 'close'.
    if (this.child.connected) this.child.send({ order: LEAVE }, () => {});
    await this.ended;
  }

  /** SIGKILL; resolves when it has ended. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  #next(): Promise<unknown> {
    const end = this.#end;
    const answer =
      end === undefined
        ? new Promise((resolve, reject) => this.#pending.push({ resolve, reject }))
        : Promise.reject(this.#death(end));
    // Met by whoever awaits it.
    answer.catch(() => {});
    return answer;
  }

  #take({ answer, error }: Answer): void {
    const pending = this.#pending.shift();
    if (error === undefined) pending?.resolve(answer);
    else pending?.reject(Object.assign(new Error(error.message), { code: error.code }));
  }

  #isOver(end: End, resolve: (end: End) => void): void {
    this.#end ??= end;
    for (const { reject } of this.#pending.splice(0)) reject(this.#death(end));
    resolve(end);
  }

  #death({ code, signal }: End): Error {
    const reason = /^\w*Error.*$/m.exec(this.#stderr)?.[0] ?? '';
    return new Error(`the ${this.role} ended with ${signal ?? code}${reason && `: ${reason}`}`);
  }
}
