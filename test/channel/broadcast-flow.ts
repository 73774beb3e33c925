// A stream of messages through a broadcast, from one writer to several readers, each in a process or worker of its own: all that
// was sent is received by each, or counted as missed, in order, whole.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Overflow, Span } from '../../src/index.ts';
import type { Job, Report } from '../fixtures/channel/broadcaster.ts';
import { uniqueName } from '../support/segments.ts';

const PROGRAM = new URL('../fixtures/channel/broadcaster.js', import.meta.url);

export interface Flow {
  readonly overflow: Overflow;
  readonly capacity: number;
  readonly readers: number;
  readonly count: number;
  readonly ways: readonly Job['way'][];
  /** Each other end is a worker of this process. */
  readonly withWorkers: boolean;
  /** What is done while it flows; ends when the promise is over. */
  meanwhile?(pids: readonly number[], over: Promise<unknown>): Promise<void>;
}

interface Played {
  /** 0: a worker. */
  readonly pid: number;
  end(): void;
  readonly report: Promise<Report>;
}

function play(job: Job, asWorker: boolean): Played {
  const gone = (): Error => new Error(`the ${job.role} ended without a report`);
  if (asWorker) {
    const worker = new Worker(PROGRAM);
    const report = new Promise<Report>((resolve, reject) => {
      // Its messages come before.
      worker.once('exit', () => reject(gone())).once('message', resolve);
      worker.once('error', reject);
    });
    worker.postMessage(job);
    return { pid: 0, end: () => void worker.terminate(), report };
  }
  const child = fork(fileURLToPath(PROGRAM));
  const report = new Promise<Report>((resolve, reject) => {
    // Its messages come before; its exit may be told before them.
    child.once('disconnect', () => reject(gone()));
    child.once('message', (message) => resolve(message as Report));
  });
  child.send(job);
  return { pid: child.pid as number, end: () => void child.kill('SIGKILL'), report };
}

/** How many messages were received, by all. */
export async function flow(given: Flow): Promise<number> {
  const { overflow, capacity, readers, count, ways, withWorkers, meanwhile } = given;
  const name = uniqueName();
  using span = Span.create(name, { size: 2 ** 21, lifetime: 'last-close' });
  const broadcast = span.broadcast('b', { capacity, overflow });
  const { lengthMax } = broadcast;
  const common = { span: name, overflow, capacity, count, lengthMax, readers };
  const jobs = Array.from({ length: readers + 1 }, (_, i): Job => {
    return {
      ...common,
      role: i === 0 ? 'writer' : 'reader',
      way: ways[i % ways.length] ?? 'async',
    };
  });
  const played = jobs.map((job, i) => play(job, withWorkers && i % 2 === 1));
  after(() => {
    for (const { end } of played) end();
  });
  const over = Promise.allSettled(played.map(({ report }) => report));
  await meanwhile?.(
    played.slice(1).flatMap(({ pid }) => (pid > 0 ? [pid] : [])),
    over,
  );
  const [writer, ...reports] = await Promise.all(played.map(({ report }) => report));
  assert.ok(writer !== undefined && writer.wrong === undefined, writer?.wrong);
  assert.equal(broadcast.counters.sent, count);
  assert.equal(broadcast.counters.bytes, writer.bytes);
  let received = 0;
  for (const [i, report] of reports.entries()) {
    const what = `reader ${i} of ${readers}, ${overflow}, ${jobs[i + 1]?.way}`;
    assert.equal(report.wrong, undefined, what);
    assert.equal(report.count + report.missed, count, `${what}: ${report.missed} missed`);
    if (overflow === 'block') assert.equal(report.missed, 0, what);
    if (report.missed === 0) assert.equal(report.bytes, writer.bytes, what);
    received += report.count;
  }
  return received;
}
