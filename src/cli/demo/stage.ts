// What the demo starts and makes, and how all of it goes away again: its child processes, its segments, a time
// limit. A child that fails, or takes too long, ends the demo with an error; nothing outlives it.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type Lifeline, Segment } from '../../index.ts';
import { CommandError } from '../report.ts';

const PATTERN = 'memspan-demo-*';
/** Says that a segment's demo lives; rings use 0 and 1. */
const LIFELINE = 2;
const LIMIT_MS = 60_000;
const STDERR_MAX = 4000;

/** A child process of the demo. */
export interface Actor {
  readonly role: string;
  readonly child: ChildProcess;
}

export class Stage {
  /** Every name of this demo begins with it. */
  readonly prefix: string = `memspan-demo-${process.pid}-`;
  /** Those that have not ended yet. */
  readonly #actors = new Set<Actor>();
  readonly #dismissed = new Set<Actor>();
  readonly #segments: Segment[] = [];
  /** Lifelines that nobody refers to are released by the garbage collector. */
  readonly #lifelines: (Lifeline | null)[] = [];
  readonly #limit: NodeJS.Timeout;
  readonly #failed: Promise<never>;
  #fail: (error: Error) => void = () => {};
  #isOver = false;
  /** However this process is ended. */
  readonly #onExit = (): void => this.end();

  constructor() {
    this.#failed = new Promise((_resolve, reject) => {
      this.#fail = reject;
    });
    // Whoever is waiting hears of it; nobody may be.
    this.#failed.catch(() => {});
    process.once('exit', this.#onExit);
    this.#limit = setTimeout(
      () => this.#fail(failure(`it is not done after ${LIMIT_MS / 1000} s`)),
      LIMIT_MS,
    );
  }

  /** A named segment, gone at the end. */
  segment(name: string, size: number): Segment {
    const segment = Segment.create(this.prefix + name, { size });
    this.#segments.push(segment);
    this.#lifelines.push(segment.lifeline(LIFELINE));
    return segment;
  }

  /** Starts a program with an IPC channel; descriptor 4 is one end of a Unix socket. */
  start(role: string, program: string, args: readonly string[]): Actor {
    const child = fork(program, args, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
    });
    const actor = { role, child };
    this.#actors.add(actor);
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-STDERR_MAX);
    });
    // What breaks when a child dies says less than its end, which follows.
    (child.stdio[4] as Socket).on('error', () => {});
    child.on('error', (error) => this.#fail(failure(`the ${role}: ${error.message}`)));
    child.once('close', (code, signal) => {
      this.#actors.delete(actor);
      if (this.#isOver || this.#dismissed.has(actor)) return;
      const reason = /^\w*Error.*$/m.exec(said)?.[0] ?? '';
      this.#fail(failure(`the ${role} ended with ${signal ?? code}${reason && `: ${reason}`}`));
    });
    return actor;
  }

  /** Sends a task and resolves with the answer. */
  async ask(actor: Actor, task: object): Promise<unknown> {
    const answer = this.answer(actor);
    actor.child.send(task);
    return await answer;
  }

  /** The next thing that the actor says. */
  async answer({ child }: Actor): Promise<unknown> {
    const [said] = await this.unlessFailed(once(child, 'message'));
    return said;
  }

  /** Rejects as soon as anything on this stage has failed. */
  unlessFailed<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#failed]);
  }

  /** Its part is over: it ends by itself. */
  dismiss(actor: Actor): void {
    this.#dismissed.add(actor);
    if (actor.child.connected) actor.child.disconnect();
  }

  /** Ends everybody and removes everything. Again is harmless. */
  end(): void {
    this.#isOver = true;
    process.off('exit', this.#onExit);
    clearTimeout(this.#limit);
    for (const { child } of this.#actors) child.kill('SIGKILL');
    for (const segment of this.#segments) {
      if (segment.closed) continue;
      segment.unlink();
      segment.close();
    }
    for (const lifeline of this.#lifelines) lifeline?.release();
  }
}

/** Removes what demos that were killed have left; returns how many segments that were. */
export function sweep(): number {
  return Segment.list(PATTERN).filter(({ name }) => {
    try {
      const segment = Segment.open(name);
      const isLeft = !segment.isHeld(LIFELINE) && segment.unlink();
      segment.close();
      return isLeft;
    } catch {
      // Another user's, or gone meanwhile.
      return false;
    }
  }).length;
}

function failure(message: string): CommandError {
  return new CommandError('ERR_MEMSPAN_DEMO', `demo: ${message}`, 'Run it again');
}
