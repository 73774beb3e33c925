// What a segment needs of its operating system, one contract; and which file fulfils it here.
//
// A segment's `fd` is whatever the system gives for memory that can be mapped: a descriptor, or the HANDLE of a
// section. The core's map, healMapping and close take it; nobody else looks at it.

import { darwin as core, native } from '../binding.ts';
import { darwinSystem } from './darwin.ts';
import type { SegmentHandle, SegmentOrigin } from './handle.ts';
import type { Lifeline } from './lifeline.ts';
import { linux } from './linux.ts';
import type { SegmentInfo } from './list.ts';
import type { Identity, Subject } from './object.ts';
import type { Access, CreateOptions, FileOptions, MappingOptions, OpenOptions } from './options.ts';
import type { Segment } from './segment.ts';
import { windows } from './windows.ts';

export interface Parts {
  readonly origin: SegmentOrigin;
  readonly name: string | undefined;
  /** Where it has a name in the file system. */
  readonly path: string | undefined;
  readonly access: Access;
  readonly created: boolean;
}

/** Maps the descriptor and owns it from then on, also when it throws. */
export type Make<S> = (fd: number, size: number, parts: Parts, operation: string) => S;

/** What is done to a mapping, for the name of the call that failed. */
export type MappingStep = 'map' | 'heal' | 'cut' | 'sync' | 'close';

export interface System {
  create(name: string, options: CreateOptions, make: Make<Segment>): Segment;
  open(name: string, options: OpenOptions, make: Make<Segment>): Segment;
  openOrCreate(name: string, options: CreateOptions & OpenOptions, make: Make<Segment>): Segment;
  anonymous(size: number, options: MappingOptions, make: Make<Segment>): Segment;
  file(path: string, options: FileOptions, make: Make<Segment>): Segment;
  fromHandle(handle: SegmentHandle, options: OpenOptions, make: Make<Segment>): Segment;
  unlinkName(name: string, subject: Subject): boolean;
  list(pattern?: string): SegmentInfo[];
  isLinked(fd: number, parts: Parts, subject: Subject): boolean;
  /** Its name, if it still leads there. */
  unlink(fd: number, parts: Parts, subject: Subject): boolean;
  /** What tells it from all others on this machine. */
  identity(fd: number, subject: Subject): Identity;
  currentSize(fd: number, subject: Subject): number;
  /** The same; throws for what cannot be mapped. */
  wholeSize(fd: number, subject: Subject): number;
  resize(fd: number, from: number, to: number, subject: Subject): void;
  /** Throws `ERR_MEMSPAN_UNSUPPORTED` where nothing tells of who is alive. */
  requireLifelines(subject: Subject): void;
  lifeline(fd: number, index: number, shared: boolean, subject: Subject): Lifeline | null;
  isHeld(fd: number, index: number, count: number, subject: Subject): boolean;
  watch(fd: number): number;
  unwatch(watch: number): void;
  /** What the core returned for that step, or the error of it. */
  checked(result: number, step: MappingStep, subject: Subject): number;
}

export const system: System = systemHere();

function systemHere(): System {
  if (core !== undefined) return darwinSystem(core, (fd) => native.close(fd));
  return process.platform === 'win32' ? windows : linux;
}
