// Puppets that run memspan as it is compiled with its steps, and stop or end at them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { type Child, type Puppet, startChild, startWorker, type Tools } from './puppets.ts';
import { until } from './segments.ts';

/** How a victim ends: by SIGKILL, by process.exit(), or as a worker that is terminated. */
export type End = 'SIGKILL' | 'exit' | 'terminate';

export const ENDS: readonly End[] = ['SIGKILL', 'exit', 'terminate'];

type Hooks = { memspanStep?: ((step: string) => void) | undefined };

const env: NodeJS.ProcessEnv = { MEMSPAN_STEPS: '1' };

export const startStepper = (): Promise<Child> => startChild({ env });

export const startVictim = (end: End): Promise<Puppet> =>
  end === 'terminate' ? startWorker({ env }) : startStepper();

/** What a victim is doing when it dies. */
export interface Deed {
  readonly step: string;
  readonly text: string;
  readonly args: readonly unknown[];
}

/** `act` comes to that step, blocking or not. It travels as text (puppets.ts). */
export function deed<A extends unknown[]>(
  step: string,
  act: (tools: Tools, ...args: A) => unknown,
  ...args: A
): Deed {
  return { step, text: act.toString(), args };
}

/** In the midst of each act, at its step, the victim begins with the next; at the last step it ends. */
function performAll(
  tools: Tools,
  deeds: readonly Deed[],
  end: End,
  flag: Int32Array,
): Promise<void> {
  const hooks = globalThis as Hooks;
  const fail = (why: unknown): never => {
    // A worker's console would be too late.
    tools.fs.writeSync(2, `${why instanceof Error ? why.stack : why}\n`);
    process.exit(98);
  };
  return new Promise((_, reject) => {
    const perform = async (i: number): Promise<void> => {
      const deed = deeds[i];
      if (deed === undefined) {
        if (end === 'exit') process.exit(0);
        if (end === 'SIGKILL') process.kill(process.pid, end);
        for (Atomics.store(flag, 0, 1); ; );
      }
      const { step, text, args } = deed;
      hooks.memspanStep = (at) => {
        if (at !== step) return;
        hooks.memspanStep = undefined;
        perform(i + 1);
      };
      try {
        const acting: unknown = new Function(`return (${text})`)()(tools, ...args);
        // The acts around this one must not go on; the first may come to its step in a later turn.
        if (i > 0 || !(acting instanceof Promise)) fail(`a victim did not come to ${step}`);
        await acting;
        reject(new Error(`it did not come to ${step}`));
      } catch (error) {
        if (i > 0) fail(error);
        reject(error);
      }
    };
    perform(0);
  });
}

const ENDED = { SIGKILL: [null, 'SIGKILL'], exit: [0, null], terminate: [1, null] } as const;

/** Has the victim end in the midst of all these deeds. */
export async function endAt(victim: Puppet, deeds: readonly Deed[], end: End): Promise<void> {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const ending = assert.rejects(victim.run(performAll, deeds, end, flag), /the puppet ended/);
  if (end === 'terminate') {
    await Promise.race([
      until(() => flag[0] === 1, 'the worker to come to its last step'),
      ending.then(() => assert.fail('the worker ended by itself')),
    ]);
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
