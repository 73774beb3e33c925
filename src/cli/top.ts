// `memspan top`: what is shared on this machine, live on a terminal; frame after frame as text, or sample after sample as
// JSON, elsewhere. Only reads.

import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from './report.ts';
import { SORTS, type Sort } from './top/columns.ts';
import { rowsOf, textOf } from './top/frame.ts';
import { jsonOf } from './top/json.ts';
import { INTERVAL_MAX_MS, INTERVAL_MIN_MS, newView, type View } from './top/keys.ts';
import { Sampler } from './top/sampling.ts';

/** As commander gives them. */
export interface TopOptions {
  readonly interval?: string;
  readonly sort?: string;
  readonly reverse?: boolean;
  readonly once?: boolean;
  readonly samples?: string;
  readonly json?: boolean;
}

/** Where nobody looks at the first second, it is waited for. */
const FIRST_MS = 1000;

export async function top(patterns: readonly string[], options: TopOptions): Promise<void> {
  const intervalMs = intervalOf(options.interval ?? '1000');
  const samples = samplesOf(options);
  const view = newView(sortOf(options.sort ?? 'rate'), options.reverse === true, intervalMs);
  const { stdin, stdout, env } = process;
  const isLive = stdin.isTTY === true && stdout.isTTY === true && env.TERM !== 'dumb';
  if (isLive && options.json !== true && samples === undefined) {
    prepareForInk(env);
    await (await import('./top/live.ts')).live(new Sampler(patterns, false), view);
  } else {
    const count = samples ?? Number.POSITIVE_INFINITY;
    await print(new Sampler(patterns, true), view, count, options.json === true);
  }
}

/** Before it is loaded, and React with it. */
function prepareForInk(env: NodeJS.ProcessEnv): void {
  // React's build for development checks, and keeps, everything.
  env.NODE_ENV = 'production';
  // In CI Ink draws nothing before its end, but here somebody is looking.
  for (const name of ['CI', 'CONTINUOUS_INTEGRATION']) if (name in env) env[name] = 'false';
}

/** There are rates from the first one on: something was looked at before. */
async function print(sampler: Sampler, view: View, samples: number, json: boolean): Promise<void> {
  const { intervalMs } = view;
  sampler.take(intervalMs);
  for (let printed = 0; printed < samples; printed++) {
    await delay(printed === 0 ? Math.min(intervalMs, FIRST_MS) : intervalMs);
    const sample = sampler.take(intervalMs);
    const width = process.stdout.isTTY ? (process.stdout.columns || 80) - 1 : undefined;
    const text = json
      ? jsonOf(sample, rowsOf(sample, view))
      : textOf(sample, sampler, view, width) + (printed + 1 < samples ? '\n' : '');
    // Who reads slowly gets fewer of them.
    await new Promise<void>((resolve) => process.stdout.write(`${text}\n`, () => resolve()));
  }
}

function intervalOf(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= INTERVAL_MIN_MS && value <= INTERVAL_MAX_MS) return value;
  throw usage(
    `--interval takes milliseconds, ${INTERVAL_MIN_MS} to ${INTERVAL_MAX_MS}, not '${text}'`,
    'For example: --interval 500',
  );
}

/** Undefined: for ever. */
function samplesOf({ once, samples }: TopOptions): number | undefined {
  if (samples === undefined) return once === true ? 1 : undefined;
  const value = /^\d+$/.test(samples) ? Number(samples) : 0;
  if (value < 1 || !Number.isSafeInteger(value))
    throw usage(
      `--samples takes a number from 1 on, not '${samples}'`,
      'For example: --samples 10',
    );
  if (once === true) throw usage('--once is one sample, and --samples says how many', 'Choose one');
  return value;
}

function sortOf(text: string): Sort {
  const sort = SORTS.find((each) => each === text);
  if (sort !== undefined) return sort;
  throw usage(`--sort takes a column, not '${text}'`, `Columns are ${SORTS.join(', ')}`);
}

function usage(message: string, remedy: string): CommandError {
  return new CommandError('ERR_MEMSPAN_USAGE', message, remedy);
}
