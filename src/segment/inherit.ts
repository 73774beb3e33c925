// Handing segments to a child at its birth: the fork-inherited mapping of the textbooks, for a runtime that
// execs. Descriptors go through `stdio`, and an environment variable says which is which.

import {
  type ChildProcess,
  type ForkOptions,
  fork,
  type SpawnOptions,
  type StdioOptions,
  spawn,
} from 'node:child_process';
import { invalidArgument, MemspanError } from '../errors.ts';
import { checkHandle, type SegmentHandle } from './handle.ts';
import { checkOptions } from './options.ts';
import { Segment } from './segment.ts';

const VARIABLE = 'MEMSPAN_INHERITED';

export interface ShareOptions {
  /** The segments that the child gets, under the names by which it asks for them. */
  share: Readonly<Record<string, Segment>>;
}

/**
 * `child_process.fork`, and the child has the segments of `share`: it calls `inherited(name)`. They need no
 * name, and nothing is left when the last of the family has ended.
 */
export function forkWith(
  modulePath: string | URL,
  options: ForkOptions & ShareOptions,
  args: readonly string[] = [],
): ChildProcess {
  const { share, ...rest } = checkShare(options, 'forkWith');
  const standard: StdioOptions = rest.silent === true ? 'pipe' : 'inherit';
  const stdio = spread(rest.stdio ?? standard);
  if (!stdio.includes('ipc')) stdio.push('ipc');
  return fork(modulePath, args, { ...rest, ...withSegments(share, stdio, rest.env) });
}

/** `child_process.spawn`, and the child has the segments of `share`. */
export function spawnWith(
  command: string,
  args: readonly string[],
  options: SpawnOptions & ShareOptions,
): ChildProcess {
  const { share, ...rest } = checkShare(options, 'spawnWith');
  const stdio = spread(rest.stdio ?? 'pipe');
  return spawn(command, args, { ...rest, ...withSegments(share, stdio, rest.env) });
}

/**
 * The segment that this process's parent has shared under that name (in a worker: the process's parent).
 * Each call opens it anew. Throws `ERR_MEMSPAN_NOT_FOUND` when there is none.
 */
export function inherited(name: string): Segment {
  if (typeof name !== 'string') throw invalidArgument('inherited: a name is a string');
  const handles = inheritedHandles();
  const handle = handles.get(name);
  if (handle === undefined) {
    const names = [...handles.keys()];
    throw new MemspanError('ERR_MEMSPAN_NOT_FOUND', {
      operation: 'inherited',
      object: name,
      cause: `the parent has shared ${names.length === 0 ? 'nothing' : `only ${names.join(', ')}`}`,
      remedy: 'Start this process with forkWith or spawnWith and {share: {…}}',
    });
  }
  return Segment.fromHandle({ ...handle, pid: process.pid }, { allowOwner: 'any' });
}

function inheritedHandles(): Map<string, SegmentHandle> {
  try {
    const entries = Object.entries(JSON.parse(process.env[VARIABLE] ?? '{}') as object);
    return new Map(entries.map(([name, handle]) => [name, checkHandle(handle)]));
  } catch {
    throw new MemspanError('ERR_MEMSPAN_CORRUPT', {
      operation: 'inherited',
      cause: `the environment variable ${VARIABLE} is not what memspan writes`,
      remedy: 'Leave it alone: forkWith and spawnWith set it',
    });
  }
}

function checkShare<T extends ShareOptions>(options: T, operation: string): T {
  checkOptions(options, operation);
  const { share } = options;
  const isMap = typeof share === 'object' && share !== null;
  if (!isMap || Object.values(share).some((segment) => !(segment instanceof Segment))) {
    throw invalidArgument(
      `${operation}: share is an object of segments, such as {frames: segment}`,
    );
  }
  return options;
}

type Slot = Exclude<Exclude<StdioOptions, string>[number], never>;

/** stdio in its long form. */
function spread(stdio: StdioOptions): Slot[] {
  const slots: Slot[] = Array.isArray(stdio) ? [...stdio] : [stdio, stdio, stdio];
  while (slots.length < 3) slots.push('pipe');
  return slots;
}

function withSegments(
  share: ShareOptions['share'],
  slots: Slot[],
  env: NodeJS.ProcessEnv = process.env,
): { stdio: Slot[]; env: NodeJS.ProcessEnv } {
  const stdio = [...slots];
  const handles = new Map<string, SegmentHandle>();
  for (const [name, segment] of Object.entries(share)) {
    const { handle } = segment;
    handles.set(name, { ...handle, fd: stdio.length });
    stdio.push(handle.fd);
  }
  // Not an object built by assignment: `__proto__` is a name like any other.
  const variable = JSON.stringify(Object.fromEntries(handles));
  return { stdio, env: { ...env, [VARIABLE]: variable } };
}
