// Runs models and mutants, each in a process of its own, a few at a time, and gathers what they come to.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Report } from '../../src/check/explore.ts';
import type { Effort } from './model.ts';
import { mutants } from './mutants.ts';
import { copyWith } from './mutate.ts';

/** What came of a model, or of a mutant, which is ok when it was found. */
export interface Finding {
  readonly kind: 'model' | 'mutant';
  readonly name: string;
  readonly ok: boolean;
  readonly schedules: number;
  readonly states: number;
  /** How far it was explored; for a mutant, which model has found what. */
  readonly extent: string;
  readonly seconds: number;
  /** Of a mutant: steps of the schedule that shows it. */
  readonly steps: number;
  /** All there is to say, when something is wrong. */
  readonly text: string;
}

interface Order {
  readonly names: readonly string[];
  readonly effort: Effort;
  readonly parallel: number;
  onFound?(finding: Finding): void;
  onProgress?(text: string): void;
}

/** What a process that explores says in the end. */
export interface Outcome {
  readonly report: Pick<Report, 'ok' | 'coverage' | 'schedules' | 'states'> & {
    bound: number | null;
  };
  readonly kind: string | undefined;
  readonly steps: number;
  readonly text: string;
}

/** In the order of the names, each as soon as those before it are there. */
export async function findAll(order: Order): Promise<Finding[]> {
  const { names, parallel, onFound, onProgress } = order;
  const found: (Finding | undefined)[] = names.map(() => undefined);
  let next = 0;
  let told = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < names.length; at = next++) {
      const name = names[at] as string;
      const tell = (schedules: number): void =>
        onProgress?.(
          `${told}/${names.length}  ${name}: ${schedules.toLocaleString('en')} schedules`,
        );
      found[at] = await find(name, order.effort, tell);
      onProgress?.('');
      for (let finding = found[told]; finding !== undefined; finding = found[told]) {
        told++;
        onFound?.(finding);
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return found as Finding[];
}

async function find(
  name: string,
  effort: Effort,
  tell: (schedules: number) => void,
): Promise<Finding> {
  const begun = performance.now();
  const mutant = mutants.find((each) => each.name === name);
  if (mutant === undefined) {
    const { report, text } = await run(new URL('.', import.meta.url), name, effort, tell);
    const { ok, coverage, schedules, states, bound } = report;
    const extent = extentOf(coverage, bound);
    const seconds = (performance.now() - begun) / 1000;
    const isWhole = coverage !== 'sampled';
    return {
      kind: 'model',
      name,
      ok: ok && isWhole,
      schedules,
      states,
      extent,
      seconds,
      steps: 0,
      text,
    };
  }
  using copy = copyWith(mutant);
  const directory = new URL('dist/test/check/', copy.root);
  const { report, text, kind, steps } = await run(directory, mutant.model, 'full', tell);
  return {
    kind: 'mutant',
    name,
    ok: !report.ok,
    schedules: report.schedules,
    states: report.states,
    extent: report.ok ? `not found by ${mutant.model}` : `${kind} in ${mutant.model}`,
    seconds: (performance.now() - begun) / 1000,
    steps,
    text: report.ok ? 'This defect is not found.' : text,
  };
}

function extentOf(coverage: Report['coverage'], bound: number | null): string {
  if (coverage === 'complete') return 'all schedules';
  if (coverage === 'bounded') return `all with up to ${bound} preemption${bound === 1 ? '' : 's'}`;
  return 'not all in the time there was';
}

/** Explores that model of the library in that directory. */
function run(
  directory: URL,
  name: string,
  effort: Effort,
  tell: (schedules: number) => void,
): Promise<Outcome> {
  const child = fork(fileURLToPath(new URL('one.js', directory)), [name, effort], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: ['--enable-source-maps'],
  });
  return new Promise((resolve, reject) => {
    child.on('message', (message: Outcome | number) => {
      if (typeof message === 'number') tell(message);
      else resolve(message);
    });
    // What it has said may come after its end, but not after its channel's.
    const ended = once(child, 'exit');
    void Promise.all([ended, once(child, 'disconnect')]).then(([[code, signal]]) => {
      reject(new Error(`exploring "${name}" ended with ${signal ?? code}`));
    });
  });
}
