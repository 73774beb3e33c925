// memspan's public entry: exports, nothing else.

export { Broadcast } from './channel/broadcast.ts';
export type { BroadcastClaim, BroadcastLoan } from './channel/broadcast-claim.ts';
export type { BroadcastCounters, BroadcastReaderCounters } from './channel/broadcast-counters.ts';
export type { From } from './channel/broadcast-cursor.ts';
export type { BroadcastOfLayout, BroadcastOptions, Overflow } from './channel/broadcast-options.ts';
export type { BroadcastReader, BroadcastReaderOptions } from './channel/broadcast-reader.ts';
export type { BroadcastWriter } from './channel/broadcast-writer.ts';
export type { Message } from './channel/codec.ts';
export { Latest } from './channel/latest.ts';
export type { LatestLoan } from './channel/latest-loan.ts';
export type { LatestBuffers, LatestOfBytes, LatestOfLayout } from './channel/latest-options.ts';
export type { LatestReader } from './channel/latest-reader.ts';
export type { ClaimOptions, LatestWriter } from './channel/latest-writer.ts';
export { duplex, type NodeStreamOptions } from './channel/node-streams.ts';
export { Pool } from './channel/pool.ts';
export type {
  ChunkHolder,
  ChunkInfo,
  PoolCounters,
  PoolReaderCounters,
} from './channel/pool-counters.ts';
export type { Loan, Taken } from './channel/pool-hold.ts';
export type { PoolLeak } from './channel/pool-leaks.ts';
export type { PoolReader } from './channel/pool-reader.ts';
export type {
  ExistingLayoutPoolOptions,
  ExistingPoolOptions,
  LayoutPoolOptions,
  PoolOptions,
} from './channel/pool-shape.ts';
export type { LoanAsyncOptions, LoanOptions, PoolWriter } from './channel/pool-writer.ts';
export { Queue } from './channel/queue.ts';
export type { QueueClaim } from './channel/queue-claim.ts';
export type { QueueCounters } from './channel/queue-counters.ts';
export type { QueueLoan } from './channel/queue-loan.ts';
export type { Delivery, QueueOfBytes, QueueOfLayout } from './channel/queue-options.ts';
export type { QueueReader } from './channel/queue-reader.ts';
export type { QueueWriter } from './channel/queue-writer.ts';
export type { RingCounters } from './channel/ring-counters.ts';
export type { RingMemory } from './channel/ring-ends.ts';
export type { RingClaim, RingMessage } from './channel/ring-loan.ts';
export type { RingAsyncOptions, RingWaitOptions } from './channel/ring-looks.ts';
export type { RingReader } from './channel/ring-reader.ts';
export type { RingWriter } from './channel/ring-writer.ts';
export { Ring, type RingOptions } from './channel/span-ring.ts';
export type { ReadingEnd, WritingEnd } from './channel/streams.ts';
export { type ErrorCode, MemspanError } from './errors.ts';
export { layoutText } from './layout/canonical.ts';
export { type BitsValue, bitfield, enumeration, offset } from './layout/coded.ts';
export { type LayoutDifference, layoutDifferences, type Member } from './layout/difference.ts';
export type { Elements, NumberElements, TypedArrayOf } from './layout/elements.ts';
export { fingerprint } from './layout/fingerprint.ts';
export {
  checkHeader,
  type HeaderFacts,
  type HeaderLayout,
  type HeaderOptions,
  header,
  writeHeader,
} from './layout/header.ts';
export {
  type AtomicName,
  alignOf,
  type BitField,
  type EmbeddedName,
  type EmbeddedOption,
  type Field,
  type Infer,
  type IntegerName,
  type Layout,
  type NumberName,
  type Shape,
  type ShapeOf,
  sizeOf,
  type UnsignedName,
  type ViewOf,
} from './layout/layout.ts';
export { parseLayout } from './layout/parse.ts';
export type { Memory } from './layout/place.ts';
export { atomic, bool, f32, f64, i8, i16, i32, i64, u8, u16, u32, u64 } from './layout/scalars.ts';
export { array, bytes, utf8 } from './layout/sequences.ts';
export {
  type Members,
  type MembersView,
  offsetOf,
  type StructValue,
  struct,
  type UnionValue,
  union,
} from './layout/struct.ts';
export { toC } from './layout/to-c.ts';
export { toPython } from './layout/to-python.ts';
export { toRust } from './layout/to-rust.ts';
export { read, write } from './layout/values.ts';
export { view } from './layout/view.ts';
export type { SegmentHandle, SegmentKind } from './segment/handle.ts';
export { forkWith, inherited, type ShareOptions, spawnWith } from './segment/inherit.ts';
export type { Lifeline } from './segment/lifeline.ts';
export type { SegmentInfo } from './segment/list.ts';
export type { CreateOptions, FileOptions, MappingOptions, OpenOptions } from './segment/options.ts';
export { Segment } from './segment/segment.ts';
export {
  type FindOptions,
  type Found,
  type FoundThread,
  find,
  type OpenedThread,
} from './span/find.ts';
export type { Lifetime } from './span/geometry.ts';
export type { AttachOptions, SpanOptions, Stale } from './span/options.ts';
export {} from './span/record.ts';
export { Span, type SpanObject, type SpanThread } from './span/span.ts';
export type { ThreadHandle, ThreadWait } from './span/thread.ts';
export { Barrier, type BarrierOptions } from './sync/barrier.ts';
export { Condition } from './sync/condition.ts';
export { CriticalSection } from './sync/critical-section.ts';
export type { CriticalSectionGuard } from './sync/critical-section-guard.ts';
export type { DeadlockMember } from './sync/deadlock.ts';
export { barrier, condition, event, mutex, once, rwlock, semaphore } from './sync/embedded.ts';
export { Event, type EventOptions } from './sync/event.ts';
export type { LockEvent } from './sync/events.ts';
export { Mutex, type MutexOptions } from './sync/mutex.ts';
export type { MutexGuard } from './sync/mutex-guard.ts';
export { type Initialisation, Once } from './sync/once.ts';
export type { Permit } from './sync/permit.ts';
export { RwLock, type RwLockOptions } from './sync/rwlock.ts';
export type { ReadGuard, WriteGuard } from './sync/rwlock-guard.ts';
export { Semaphore, type SemaphoreOptions } from './sync/semaphore.ts';
export type { AsyncOptions, BlockingOptions } from './sync/wait-options.ts';
export {
  notify,
  type WaitAsyncOptions,
  type WaitAsyncResult,
  type WaitResult,
  wait,
  waitAsync,
} from './word/wait.ts';
