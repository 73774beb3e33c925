// Where an exercise takes place: the names it uses, its child processes, and how all of it goes away again, however the
// lab ends. What a lab that was killed has left, the next one removes.

import { spawn } from 'node:child_process';
import { readdirSync, readlinkSync, unlinkSync } from 'node:fs';
import { type Lifeline, Segment } from '../index.ts';
import { IPC_CREAT, IPC_PRIVATE, IPC_RMID, semctl, semget } from '../os/sysv.ts';
import { program as programPath } from '../root.ts';
import { Actor } from './actor.ts';

const PREFIX = 'memspan-lab-';
const SHM_DIRECTORY = '/dev/shm';
/** Says that the lab of this name lives. */
const KEEPER = 'stage';
const LIFELINE = 2;
/** An exercise tries again until it has seen what it is about, but begins no new round after this. */
const ROUNDS_MS = 6000;
/** So long anything may take on the slowest machine. */
const LIMIT_MS = 60_000;

/** Colours, as picocolors has them; or none. */
export type Ink = Readonly<
  Record<'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', (text: string) => string>
>;

let stages = 0;

export class Stage {
  /** Every name of this exercise begins with it. */
  readonly prefix: string = `${PREFIX}${process.pid}-${++stages}-`;
  readonly ink: Ink;
  readonly #began = performance.now();
  readonly #actors: Actor[] = [];
  readonly #undo: (() => void)[] = [];
  readonly #keeper: Segment;
  /** A lifeline that nobody refers to is released by the garbage collector. */
  #lifeline: Lifeline | null = null;
  readonly #onExit = (): void => this.end();

  constructor(ink: Ink) {
    this.ink = ink;
    this.#keeper = Segment.create(this.prefix + KEEPER, {
      size: 1,
      // Nobody sees it without its lifeline.
      init: (segment) => {
        this.#lifeline = segment.lifeline(LIFELINE);
      },
    });
    process.once('exit', this.#onExit);
  }

  /** A name of this exercise alone. */
  name(what: string): string {
    return this.prefix + what;
  }

  /** A set of one System V semaphore. It has no name: one in /dev/shm stands for it, so that it is found. */
  semaphoreSet(): number {
    const set = semget(IPC_PRIVATE, 1, IPC_CREAT | 0o600);
    Segment.create(this.name(`sysv-${set}-${ipcNamespace()}`), { size: 1 }).close();
    return set;
  }

  /** Whether there is time for another round. */
  get hasTime(): boolean {
    return performance.now() - this.#began < ROUNDS_MS;
  }

  /** What `undo` takes away at the end; the last one first. It may be gone already. */
  owns(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Starts `children/PROGRAM` once for each role, and resolves when all are there. They end with the stage. */
  async cast(program: string, roles: readonly string[]): Promise<Actor[]> {
    const actors = roles.map((role) => this.#start(program, role));
    await Promise.all(actors.map(({ ready }) => ready));
    return actors;
  }

  /** Does the exercise's work; rejects when it takes for ever. Either way the stage has ended then. */
  async perform<T>(work: (stage: Stage) => Promise<T>): Promise<T> {
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const error = new Error(`it is not done after ${LIMIT_MS / 1000} s`);
      limit = setTimeout(() => reject(error), LIMIT_MS);
    });
    try {
      return await Promise.race([work(this), late]);
    } finally {
      clearTimeout(limit);
      this.end();
      await Promise.all(this.#actors.map(({ ended }) => ended));
    }
  }

  /** Ends everybody and removes everything. Again is harmless. */
  end(): void {
    process.off('exit', this.#onExit);
    for (const actor of this.#actors) if (!actor.hasEnded) actor.child.kill('SIGKILL');
    for (const undo of this.#undo.splice(0).reverse()) {
      try {
        undo();
      } catch {
        // The others are removed nevertheless.
      }
    }
    if (this.#keeper.closed) return;
    removeAll(this.prefix);
    this.#keeper.close();
    this.#lifeline?.release();
  }

  #start(program: string, role: string): Actor {
    const path = programPath(`lab/children/${program}`);
    // Some die of SIGSEGV and SIGBUS: no core shall be left in the user's directory. exec: the pid is the child's.
    const child = spawn(
      '/bin/sh',
      ['-c', 'ulimit -c 0; exec "$@"', 'sh', process.execPath, ...process.execArgv, path],
      { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
    );
    const actor = new Actor(role, child);
    this.#actors.push(actor);
    return actor;
  }
}

/** Removes what labs that were killed have left. */
export function sweep(): void {
  for (const { name } of Segment.list(`${PREFIX}*-${KEEPER}`)) {
    try {
      using keeper = Segment.open(name);
      if (!keeper.isHeld(LIFELINE)) removeAll(name.slice(0, -KEEPER.length));
    } catch {
      // Another user's, or gone meanwhile.
    }
  }
}

/** Segments, named semaphores, whose files are `sem.NAME`, and System V's that a name stands for; the keeper last. */
function removeAll(prefix: string): void {
  const isOwn = (name: string): boolean => name.replace(/^sem\./, '').startsWith(prefix);
  const names = readdirSync(SHM_DIRECTORY).filter(isOwn);
  for (const name of [...names.filter((each) => each !== prefix + KEEPER), prefix + KEEPER]) {
    try {
      const [, set, namespace] = /-sysv-(\d+)-(\d+)$/.exec(name) ?? [];
      if (set !== undefined && namespace === ipcNamespace()) removeSet(Number(set));
      unlinkSync(`${SHM_DIRECTORY}/${name}`);
    } catch {
      // Gone meanwhile.
    }
  }
}

function removeSet(set: number): void {
  try {
    semctl(set, 0, IPC_RMID);
  } catch {
    // Gone before its name.
  }
}

/** Numbers of System V mean something in one of them only. */
function ipcNamespace(): string {
  return readlinkSync('/proc/self/ns/ipc').replace(/\D/g, '');
}
