// One row of what is measured: contenders that do the same thing, the targets of the design (§12) for them, and the
// two ways to start a contender.

import { type Program, runC } from './c.ts';
import { runPair } from './pair.ts';
import type { Measurement, Task, TransportName } from './task.ts';

export type Contender =
  | 'C'
  | 'C, robust'
  | 'C, one reader'
  | 'C, ftruncate'
  | 'memspan'
  | 'memspan, fair'
  | 'memspan, undo'
  | 'memspan, one reader'
  | 'memspan, 64 B'
  | 'memspan, async'
  | 'memspan, waitAsync'
  | 'memspan, CriticalSection'
  | 'memspan, with check'
  | 'memspan, after exploring'
  | 'memspan/posix'
  | 'memspan/posix, robust'
  | 'process.send'
  | 'unix socket'
  | 'unix socket, batched'
  | 'ringbuf.js'
  | 'postMessage'
  | 'workers, Atomics.wait'
  | 'workers, Atomics.waitAsync'
  | 'Boost'
  | 'iceoryx'
  | 'shared-memory-disruptor'
  | 'zeromq'
  | 'NATS'
  | 'navigator.locks'
  | 'Redis'
  | 'lmdb'
  | 'lock file'
  | 'file'
  | 'bare Node'
  | 'worker_threads'
  | 'typed arrays'
  | 'DataView';

/** Units of time. */
export const NANOSECONDS = { ns: 1, µs: 1000, ms: 1_000_000 } as const;

export interface Row {
  readonly group:
    | 'roundtrip'
    | 'ring'
    | 'stream'
    | 'locks'
    | 'layouts'
    | 'queue'
    | 'latest'
    | 'pool'
    | 'broadcast'
    | 'segments'
    | 'startup';
  readonly name: string;
  /** How the measured nanoseconds are shown. */
  readonly unit: keyof typeof NANOSECONDS | 'messages/s' | 'MB/s' | 'locks/s';
  /** Bytes of a message or of a segment; 0 for what has none. */
  readonly size: number;
  /** Each does that share of its full work. */
  readonly contenders: Partial<Record<Contender, Run>>;
  readonly targets: readonly Target[];
}

export interface Target {
  readonly against: Contender;
  /**
   * The ratio of speeds, memspan's to the other's: at least this. A limit on time such as "≤ 2.5× C" is
   * 1/2.5 here.
   */
  readonly speedMin: number;
}

/** The processors of the two C processes. */
export const CORES: readonly string[] = ['--cpus', '0,1'];

export type Run = (share: number) => Promise<Measurement>;

export function c(program: Program, args: (share: number) => (string | number)[]): Run {
  return async (share) =>
    runC(
      program,
      args(share).map((value) => (typeof value === 'number' ? Math.ceil(value) : value)),
    );
}

export type Work = Omit<Task, 'transport' | 'oneCore'>;

/** Two processes of Node. */
export function pair(transport: TransportName, work: Work, oneCore = false): Run {
  return (share) => runPair({ ...work, transport, oneCore, count: Math.ceil(work.count * share) });
}

export const trips = (count: number, size = 64): Work => ({ kind: 'trips', count, size });
export const alone = (count: number): Work => ({ kind: 'alone', count, size: 0 });
export const tasks = (count: number): Work => ({ kind: 'tasks', count, size: 0 });
export const contest = (count: number): Work => ({ kind: 'contest', count, size: 0 });
export const flow = (count: number, size: number): Work => ({ kind: 'flow', count, size });
