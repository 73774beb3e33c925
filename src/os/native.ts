// The addon's part for the system's own objects, as TypeScript sees it; each function is described where it is defined,
// in native/os.
//
// They return what the call returns, or −errno, or one of the refusals. The pthread functions return their error numbers as they
// are, positive. An asynchronous call returns a ticket (≥ firstTicket), under which `settlements` is told its result.

import { native, settlements } from '../binding.ts';

/** Beside errors of the system (native/os/region.h). */
export const Refusal = {
  notMapped: -20001,
  gone: -20002,
  cut: -20003,
  readOnly: -20004,
  aborted: -20005,
  ending: -20006,
  corrupt: -20008,
  forbidden: -20007,
} as const;

/** Tickets are beyond all that a call can return (native/os/call.cc). */
export const firstTicket: number = 2 ** 32;

type Time = [seconds?: number, nanoseconds?: number];
type Simple = (view: Uint8Array) => number;
type Blocking = (view: Uint8Array, ...deadline: Time) => number;

/** Memory: a view of the first byte of a buffer, and which bytes of the buffer. */
type Memory = [first: Uint8Array, offset: number, length: number];

export interface OsBinding {
  shmOpen(name: string, oflag: number, mode: number): number;
  shmUnlink(name: string): number;
  ftruncate(fd: number, length: bigint): number;
  posixFallocate(fd: number, offset: bigint, length: bigint): number;
  posixFallocateAsync(fd: number, offset: bigint, length: bigint): number;
  closeDescriptor(fd: number): number;
  sysconf(name: number): number;

  mmap(
    length: number,
    prot: number,
    flags: number,
    fd: number,
    offset: bigint,
  ): SharedArrayBuffer | number;
  munmap(...memory: Memory): number;
  msync(...arguments_: [...Memory, flags: number]): number;
  msyncAsync(...arguments_: [...Memory, flags: number]): number;
  mprotect(...arguments_: [...Memory, prot: number]): number;
  madvise(...arguments_: [...Memory, advice: number]): number;
  mlock(...arguments_: [...Memory, locked: boolean]): number;
  checkMemory(...memory: Memory): number;
  addressOf(...memory: Memory): bigint | number;

  cancelCall(ticket: number): void;

  semOpen(name: string, oflag: number, mode: number, value: number): SharedArrayBuffer | number;
  semClose: Simple;
  semUnlink(name: string): number;
  semInit(view: Uint8Array, pshared: number, value: number): number;
  semDestroy: Simple;
  semPost: Simple;
  semTryWait: Simple;
  semGetValue: Simple;
  semWait: Blocking;
  semWaitAsync: Blocking;

  mutexInit(
    view: Uint8Array,
    type: number,
    pshared: number,
    robust: number,
    protocol: number,
  ): number;
  mutexDestroy: Simple;
  mutexLock: Blocking;
  mutexTryLock: Simple;
  mutexUnlock: Simple;
  mutexConsistent: Simple;
  mutexLockAsync: Blocking;

  conditionInit(view: Uint8Array, pshared: number): number;
  conditionDestroy: Simple;
  conditionSignal: Simple;
  conditionBroadcast: Simple;
  conditionWait(view: Uint8Array, mutex: Uint8Array, ...deadline: Time): number;
  conditionWaitAsync(view: Uint8Array, mutex: Uint8Array, ...deadline: Time): number;

  rwlockInit(view: Uint8Array, pshared: number): number;
  rwlockDestroy: Simple;
  rwlockRead: Blocking;
  rwlockWrite: Blocking;
  rwlockTryRead: Simple;
  rwlockTryWrite: Simple;
  rwlockUnlock: Simple;
  rwlockReadAsync: Blocking;
  rwlockWriteAsync: Blocking;

  barrierInit(view: Uint8Array, pshared: number, count: number): number;
  barrierDestroy: Simple;
  barrierWait: Simple;
  barrierWaitAsync: Simple;

  /** `sizeof` and `alignof` of the C types, and values of the constants, on this platform. */
  readonly facts: Readonly<Record<string, number>>;
}

export const os: OsBinding = native.os as OsBinding;

export { settlements };
