// Children and workers that run memspan as it is compiled with its steps, and stop or end at them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import type { Span, SpanOptions } from '../../src/index.ts';
import {
  type Child,
  type Puppet,
  startChild,
  startWorker,
  type Tools,
} from '../support/puppets.ts';
import { until } from '../support/segments.ts';

/** How a victim ends: by SIGKILL, by process.exit(), or as a worker that is terminated. */
export type End = 'SIGKILL' | 'exit' | 'terminate';

export type Act = 'open' | 'close' | 'make';

export interface Job {
  /** A step that its act comes to. */
  readonly step: string;
  readonly act: Act;
  readonly name: string;
  readonly options: SpanOptions;
}

type WithSpans = Tools & { kept: { spans: Map<string, Span> } };
type Hooks = { memspanStep?: ((step: string) => void) | undefined };

const env: NodeJS.ProcessEnv = { MEMSPAN_STEPS: '1' };

export const startStepper = (): Promise<Child> => startChild({ env });

export const startVictim = (end: End): Promise<Puppet> =>
  end === 'terminate' ? startWorker({ env }) : startStepper();

/** For a victim: opens the spans whose act needs it. */
export function openAll({ memspan, kept }: Tools, jobs: readonly Job[]): void {
  const spans = new Map<string, Span>();
  (kept as WithSpans['kept']).spans = spans;
  for (const { act, name, options } of jobs) {
    if (act !== 'open') spans.set(name, memspan.Span.open(name, options));
  }
}

/** In the midst of each act, at its step, the victim begins with the next; at the last step it ends. */
function performAll(
  { memspan, kept }: Tools,
  jobs: readonly Job[],
  end: End,
  flag: Int32Array,
): void {
  const hooks = globalThis as Hooks;
  const { spans } = kept as WithSpans['kept'];
  const perform = (i: number): void => {
    const job = jobs[i];
    if (job === undefined) {
      if (end === 'exit') process.exit(0);
      if (end === 'SIGKILL') process.kill(process.pid, end);
      for (Atomics.store(flag, 0, 1); ; );
    }
    const { act, step, name, options } = job;
    hooks.memspanStep = (at) => {
      if (at !== step) return;
      hooks.memspanStep = undefined;
      perform(i + 1);
    };
    if (act === 'open') memspan.Span.open(name, options);
    else if (act === 'close') spans.get(name)?.close();
    else spans.get(name)?.bytes('contested', { size: 100 });
    throw new Error(`${act} did not come to ${step}`);
  };
  perform(0);
}

const ENDED = { SIGKILL: [null, 'SIGKILL'], exit: [0, null], terminate: [1, null] } as const;

/** Has the victim end at the steps of all its jobs. */
export async function endAt(victim: Puppet, jobs: readonly Job[], end: End): Promise<void> {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const ending = assert.rejects(victim.run(performAll, jobs, end, flag), /the puppet ended/);
  if (end === 'terminate') {
    await until(() => flag[0] === 1, 'the worker to come to its last step');
    await victim.kill();
  }
  await ending;
  const { code, signal } = await victim.exited;
  assert.deepEqual([code, signal], ENDED[end]);
}

/** The child will stop itself at its next such step. */
export function stopAt(child: Child, step: string): Promise<void> {
  return child.run((_, step) => {
    const hooks = globalThis as Hooks;
    hooks.memspanStep = (at) => {
      if (at !== step) return;
      hooks.memspanStep = undefined;
      process.kill(process.pid, 'SIGSTOP');
    };
  }, step);
}

/** Resolves when it has stopped ('T' in proc_pid_stat(5)). */
export function isStopped({ pid }: Child, where: string): Promise<void> {
  return until(() => /\) T/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8')), where);
}
