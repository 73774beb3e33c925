// Children that play one end of a ring: driven by messages, and ended by their pid when the test is over.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

const LIMIT_MS = 45_000;

/** At whose end the children end: a test's context, or `wholeFile()`. */
export interface Scope {
  after(end: () => void): void;
}

export function wholeFile(): Scope {
  const ends: (() => void)[] = [];
  after(() => {
    for (const end of ends) end();
  });
  return { after: (end) => void ends.push(end) };
}

export interface Child<Job, Report> {
  readonly pid: number;
  /** Gives it a job; resolves with its report. Rejects when it ends before, or when it takes far too long. */
  ask(job: Job): Promise<Report>;
  /** Gives it a job that ends otherwise. */
  tell(job: Job): void;
  /** The next report. */
  report(): Promise<Report>;
  kill(signal: NodeJS.Signals): void;
  /** Closes the line: it ends when it has nothing more to do. */
  hangUp(): void;
  /** How it ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** Starts the fixture program; resolves when it listens. `core`: it may run on that processor only. */
export async function startChild<Job, Report>(
  scope: Scope,
  program: URL,
  { core }: { core?: number } = {},
): Promise<Child<Job, Report>> {
  const path = fileURLToPath(program);
  const child =
    core === undefined
      ? fork(path)
      : spawn('taskset', ['-c', String(core), process.execPath, path], {
          stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
        });
  scope.after(() => child.kill('SIGKILL'));
  const made = new Conversation<Job, Report>(child);
  await made.report();
  return made;
}

class Conversation<Job, Report> implements Child<Job, Report> {
  readonly pid: number;
  readonly ended: Child<Job, Report>['ended'];
  readonly #child: ChildProcess;
  readonly #reports: Report[] = [];
  #wake: () => void = () => {};
  #isOver = false;

  constructor(child: ChildProcess) {
    this.pid = child.pid as number;
    this.#child = child;
    this.ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
    child.on('message', (report) => {
      this.#reports.push(report as Report);
      this.#wake();
    });
    child.once('exit', () => {
      this.#isOver = true;
      this.#wake();
    });
  }

  ask(job: Job): Promise<Report> {
    this.tell(job);
    return this.report();
  }

  tell(job: Job): void {
    this.#child.send(job as object);
  }

  async report(): Promise<Report> {
    let isLate = false;
    const watchdog = setTimeout(() => {
      isLate = true;
      this.#wake();
    }, LIMIT_MS);
    try {
      while (this.#reports.length === 0) {
        if (this.#isOver) throw new Error(`child ${this.pid} ended without a report`);
        if (isLate) throw new Error(`child ${this.pid} has not reported for ${LIMIT_MS} ms`);
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      return this.#reports.shift() as Report;
    } finally {
      clearTimeout(watchdog);
    }
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  hangUp(): void {
    this.#child.disconnect();
  }
}

/** In a child: answers each job with a report, one after the other; an error is its message. */
export function serve<Job, Report>(work: (job: Job) => Promise<Report> | Report): void {
  let last: Promise<unknown> = Promise.resolve();
  process.on('message', (job: Job) => {
    last = last.then(async () => {
      // Nobody may be listening any more.
      process.send?.(await work(job), undefined, undefined, () => {});
    });
  });
  process.send?.('ready');
}
