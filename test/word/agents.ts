// Agents, as test262 calls them: here each is a process that shares one segment with the test. The test knows
// when an agent stands in the kernel's queue, so that nothing has to be guessed with pauses.
import fs from 'node:fs';
import { forkWith, Segment, type WaitAsyncResult, type WaitResult } from '../../src/index.ts';
import { type Child, leadChild, puppetPath } from '../support/puppets.ts';
import { until } from '../support/segments.ts';

export type Kind = 'int32' | 'int64';
export const kinds: readonly Kind[] = ['int32', 'int64'];

/** What of a call went over the wire, and how long it took by the agent's clock. */
export interface Waited {
  readonly result: WaitResult;
  readonly lapseMs: number;
}

/** An agent's own views of the shared segment. */
export interface Views {
  readonly int32: Int32Array;
  readonly int64: BigInt64Array;
  /** One word per agent: the number of the wait it is about to begin, or has begun. */
  readonly marks: Int32Array;
}

const PAGE = 4096;
let shares = 0;

export function viewsOf(buffer: SharedArrayBuffer): Views {
  return {
    int32: new Int32Array(buffer, 0, PAGE / 4),
    int64: new BigInt64Array(buffer, 0, PAGE / 8),
    marks: new Int32Array(buffer, PAGE, PAGE / 4),
  };
}

/** A number as an element of that kind. */
export function element(kind: Kind, value: number): number | bigint {
  return kind === 'int32' ? value : BigInt(value);
}

/** The segment that a test and its agents share. */
export class Stage implements Views {
  readonly segment: Segment = Segment.anonymous(2 * PAGE);
  readonly int32: Int32Array;
  readonly int64: BigInt64Array;
  readonly marks: Int32Array;
  readonly agents: Agent[] = [];

  constructor() {
    const { int32, int64, marks } = viewsOf(this.segment.buffer);
    this.int32 = int32;
    this.int64 = int64;
    this.marks = marks;
  }

  /** `count` more agents. `env` is added to their environment. */
  async enter(count: number, env: NodeJS.ProcessEnv = {}): Promise<Agent[]> {
    const first = this.agents.length;
    const coming = Array.from({ length: count }, (_, i) => Agent.start(this, first + i, env));
    const agents = await Promise.all(coming);
    this.agents.push(...agents);
    return agents;
  }

  /** All elements 0, as at the beginning. */
  clear(): void {
    this.int32.fill(0);
  }
}

export class Agent {
  readonly child: Child;
  readonly #stage: Stage;
  readonly #place: number;
  #lastMark = 0;
  /** The last wait that is over. */
  #lastOver = 0;

  private constructor(stage: Stage, place: number, child: Child) {
    this.#stage = stage;
    this.#place = place;
    this.child = child;
  }

  static async start(stage: Stage, place: number, env: NodeJS.ProcessEnv): Promise<Agent> {
    const share = `stage-${shares++}`;
    const child = await leadChild(
      forkWith(puppetPath, {
        share: { [share]: stage.segment },
        serialization: 'advanced',
        env: { ...process.env, ...env },
      }),
    );
    await child.run(
      ({ memspan, kept }, share, page) => {
        const { buffer } = memspan.inherited(share);
        Object.assign(kept, {
          int32: new Int32Array(buffer, 0, page / 4),
          int64: new BigInt64Array(buffer, 0, page / 8),
          marks: new Int32Array(buffer, page, page / 4),
        });
      },
      share,
      PAGE,
    );
    return new Agent(stage, place, child);
  }

  get pid(): number {
    return this.child.pid;
  }

  /** The agent calls wait(view, ...args). */
  wait(kind: Kind, ...args: unknown[]): Promise<Waited> {
    const waited = this.child.run(
      ({ memspan, kept }, place, mark, kind, args) => {
        const views = kept as unknown as Views;
        const [index, value, ...rest] = args as [number, number, number];
        Atomics.store(views.marks, place, mark);
        const start = performance.now();
        const result = memspan.wait(views[kind], index, value, ...rest);
        return { result, lapseMs: performance.now() - start };
      },
      this.#place,
      ++this.#lastMark,
      kind,
      args,
    );
    const mark = this.#lastMark;
    const over = (): void => {
      this.#lastOver = mark;
    };
    waited.then(over, over);
    return waited;
  }

  /** The agent calls waitAsync(view, ...args) and tells what its promise came to. */
  waitAsync(kind: Kind, ...args: unknown[]): Promise<Waited> {
    return this.child.run(
      async ({ memspan, kept }, place, mark, kind, args) => {
        const views = kept as unknown as Views;
        const [index, value, ...rest] = args as [number, number, number];
        const start = performance.now();
        const { value: outcome }: WaitAsyncResult = memspan.waitAsync(
          views[kind],
          index,
          value,
          ...rest,
        );
        Atomics.store(views.marks, place, mark);
        return { result: await outcome, lapseMs: performance.now() - start };
      },
      this.#place,
      ++this.#lastMark,
      kind,
      args,
    );
  }

  /** The agent calls notify(view, ...args). */
  notify(kind: Kind, ...args: unknown[]): Promise<number> {
    return this.child.run(
      ({ memspan, kept }, kind, args) => {
        const [index, ...rest] = args as [number, number];
        return memspan.notify((kept as unknown as Views)[kind], index, ...rest);
      },
      kind,
      args,
    );
  }

  /** Resolves when the last `wait` of this agent stands in the queue, or is over already. */
  async asleep(): Promise<void> {
    await this.queued();
    await asleep(this.pid, this.pid, () => this.#lastOver === this.#lastMark);
  }

  /** Resolves when the last `waitAsync` of this agent has returned. */
  queued(): Promise<void> {
    const { marks } = this.#stage;
    const began = (): boolean => Atomics.load(marks, this.#place) === this.#lastMark;
    return until(began, `agent ${this.#place} to begin its wait`);
  }
}

/**
 * Resolves when a thread sleeps in a wait of memspan's: the main thread of that process, or another of its threads.
 * Also when `isOver`.
 */
export function asleep(
  pid: number,
  threadId: number = pid,
  isOver: () => boolean = () => false,
): Promise<void> {
  return until(() => isOver() || isAsleep(pid, threadId), `thread ${threadId} to sleep`);
}

/** The numbers of futex(2) and futex_waitv: syscalls(2). arm64's may run on an x64 kernel (qemu). */
const FUTEX: readonly unknown[] = process.arch === 'arm64' ? [98, 202] : [202];
const FUTEX_WAITV = 449;
const FUTEX_PRIVATE_FLAG = 128;

/**
 * Whether it stands in the queue of a futex that processes can share. On its way there it may sleep on a lock of libc's or
 * V8's, for long on a busy machine; those are private futexes.
 */
function isAsleep(pid: number, threadId: number): boolean {
  const look = (file: string): string =>
    fs.readFileSync(`/proc/${pid}/task/${threadId}/${file}`, 'utf8');
  // Of one that is stopped, wchan says so; of one that runs, syscall has no numbers (proc_pid_syscall(5)).
  if (!look('wchan').includes('futex')) return false;
  const [call, , operation] = look('syscall').split(' ').map(Number);
  if (call === FUTEX_WAITV) return true;
  return FUTEX.includes(call) && ((operation as number) & FUTEX_PRIVATE_FLAG) === 0;
}

/** Whether it is still undecided after the event loop has gone round a few times. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  const settled = (): void => {
    pending = false;
  };
  promise.then(settled, settled);
  for (let turns = 0; turns < 5; turns++) await new Promise(setImmediate);
  return pending;
}
