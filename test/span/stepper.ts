// Children and workers that run memspan as it is compiled with its steps, and stop or end at one of them.
import fs from 'node:fs';
import { type Child, type Puppet, startChild } from '../support/puppets.ts';
import { until } from '../support/segments.ts';

/** How it ends: by SIGKILL, by process.exit(), or as a worker that is terminated. */
export type End = 'SIGKILL' | 'exit' | 'terminate';

/** From now on the puppet does that to itself at its next such step. 'wait' sets the flag and stays there. */
export function arm(
  puppet: Puppet,
  step: string,
  what: 'SIGKILL' | 'SIGSTOP' | 'exit' | 'wait',
  flag?: Int32Array,
): Promise<void> {
  return puppet.run(
    (_, step, what, flag) => {
      const hooks = globalThis as { memspanStep?: ((step: string) => void) | undefined };
      hooks.memspanStep = (at) => {
        if (at !== step) return;
        hooks.memspanStep = undefined;
        if (what === 'exit') process.exit(0);
        if (what !== 'wait') process.kill(process.pid, what);
        else for (Atomics.store(flag as Int32Array, 0, 1); ; );
      };
    },
    step,
    what,
    flag,
  );
}

export const env: NodeJS.ProcessEnv = { MEMSPAN_STEPS: '1' };

export const startStepper = (): Promise<Child> => startChild({ env });

export function isStopped({ pid }: Child, where: string): Promise<void> {
  return until(() => stateOf(pid) === 'T', where);
}

/** 'T' is stopped, 'S' asleep (proc_pid_stat(5)). */
function stateOf(pid: number): string | undefined {
  return /\) (\w)/.exec(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
}
