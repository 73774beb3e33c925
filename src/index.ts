// memspan's public entry: exports, nothing else.

export { Ring } from './channel/ring.ts';
export type { RingAsyncOptions, RingMemory, RingWaitOptions } from './channel/ring-end.ts';
export type { RingReader } from './channel/ring-reader.ts';
export type { Message, RingWriter } from './channel/ring-writer.ts';
export { type ErrorCode, MemspanError } from './errors.ts';
export type { SegmentHandle, SegmentKind } from './segment/handle.ts';
export { forkWith, inherited, type ShareOptions, spawnWith } from './segment/inherit.ts';
export type { Lifeline } from './segment/lifeline.ts';
export type { SegmentInfo } from './segment/list.ts';
export type { CreateOptions, FileOptions, MappingOptions, OpenOptions } from './segment/options.ts';
export { Segment } from './segment/segment.ts';
export {
  notify,
  type WaitAsyncOptions,
  type WaitAsyncResult,
  type WaitResult,
  wait,
  waitAsync,
} from './word/wait.ts';
