// What two measured processes do together, and what a measurement comes to.

export type TransportName =
  | 'spin'
  | 'futex'
  | 'queue'
  | 'ring'
  | 'ring, batched'
  | 'ring, iterated'
  | 'ringbuf.js'
  | 'stream'
  | 'latest'
  | 'pool, filled'
  | 'pool, handed over'
  | 'broadcast, one reader'
  | 'broadcast'
  | 'unix sockets'
  | 'unix sockets, batched'
  | 'mutex'
  | 'mutex, fair'
  | 'mutex, async'
  | 'mutex, with check'
  | 'mutex, after exploring'
  | 'posix mutex, robust'
  | 'posix semaphore'
  | 'critical section'
  | 'rwlock, read'
  | 'rwlock, write'
  | 'semaphore'
  | 'semaphore, undo'
  | 'semaphore, async'
  | 'locks.request'
  | 'navigator.locks'
  | 'redis lock'
  | 'lock file'
  | 'fields updated, view'
  | 'fields updated, typed arrays'
  | 'fields updated, DataView'
  | 'fields summed, view'
  | 'fields summed, typed arrays'
  | 'fields summed, DataView'
  | 'process.send'
  | 'unix socket'
  | 'unix socket, batched'
  | 'zeromq'
  | 'zeromq publisher'
  | 'NATS publisher'
  | 'NATS'
  | 'redis list'
  | 'postMessage'
  | 'workers, wait'
  | 'workers, waitAsync'
  | 'async ring'
  | 'waitAsync'
  | 'disruptor'
  | 'lmdb transaction'
  | 'lmdb newest'
  | 'redis newest'
  | 'segment, created'
  | 'segment, written'
  | 'segment, opened'
  | 'file, written'
  | 'file, opened'
  | 'lmdb, created'
  | 'lmdb, opened';

export interface Task {
  transport: TransportName;
  /**
   * 'trips': a message goes there and back; 'flow': messages go one way as fast as they can; 'alone': one side
   * locks and releases, or goes through records; 'tasks': two of its tasks do; 'contest': both sides do.
   */
  kind: 'trips' | 'flow' | 'alone' | 'tasks' | 'contest';
  /** How many trips or messages; how often it is locked, by both sides together. */
  count: number;
  /** Bytes of a message; of no meaning to locks. */
  size: number;
  /** Pin both ends to one processor. */
  oneCore: boolean;
  /** Of rings: how many bytes of records one holds, instead of what suits the size of a message. */
  ringBytes?: number;
  /** Of broadcasts: to how many, instead of what the transport's name says. */
  readers?: number;
  /** Of locks that call back: the callback is asynchronous. */
  isAsync?: boolean;
}

export interface Measurement {
  /** Nanoseconds per trip, message, or lock. */
  nsPerOp: number;
  /** In a contest: the share of the side that got more, 0.5 to 1. */
  busier?: number;
}

/** One side of a transport; `a` measures. */
export interface Transport {
  a(task: Task, peer: Peer): Promise<Measurement>;
  b(task: Task, name: string): Promise<void>;
}

/** How side `a` talks to side `b` outside the measured path. */
export interface Peer {
  /** A name that both sides derive their segment or socket from. */
  readonly name: string;
  /** Resolves when the other side says that it is ready, or done. */
  heard(): Promise<unknown>;
  /** The channel of process.send, for the transport that measures it. */
  readonly channel: NodeJS.EventEmitter & { send(message: unknown): boolean };
}

export function say(message: unknown): void {
  process.send?.(message);
}
