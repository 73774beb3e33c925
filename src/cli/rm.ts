// `memspan rm`: removes segments by name.

import { Segment } from '../index.ts';
import { printable } from './format.ts';
import { CommandError, type Failure, failureOf, report } from './report.ts';

interface Options {
  force?: boolean;
  json?: boolean;
}

interface Outcome {
  readonly name: string;
  readonly removed: boolean;
  readonly error?: Failure;
}

export function rm(names: readonly string[], options: Options): void {
  const outcomes = names.map((name) => remove(name, options));
  if (options.json === true) console.log(JSON.stringify(outcomes, null, 2));
  if (outcomes.some(({ error }) => error !== undefined)) process.exitCode = 1;
}

function remove(name: string, { force, json }: Options): Outcome {
  try {
    const removed = Segment.unlink(name);
    if (!removed && force !== true) {
      throw new CommandError(
        'ERR_MEMSPAN_NOT_FOUND',
        `rm: there is no segment '${name}'`,
        'See what there is with `memspan ls`; --force takes no notice',
      );
    }
    if (removed && json !== true) console.log(`removed ${printable(name)}`);
    return { name, removed };
  } catch (error) {
    if (json !== true) report(error);
    return { name, removed: false, error: failureOf(error) };
  }
}
