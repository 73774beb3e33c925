// All hot paths, in the order of the table.

import { channels } from './channels.ts';
import type { HotPath } from './path.ts';
import { synchronization } from './synchronization.ts';

export const paths: readonly HotPath[] = [...channels, ...synchronization];

export function pathNamed(name: string): HotPath {
  const found = paths.find((path) => path.name === name);
  if (found === undefined) throw new Error(`no hot path is named ${name}`);
  return found;
}
