// What the core for Windows has beside the rest, as TypeScript sees it; each function is described where it is defined,
// in native/windows. Results are from 0 up, −GetLastError(), or one of the refusals.

import type { RawMapping } from '../binding.ts';

/** Beside errors of the system (native/windows/environment.h). */
export const Refusal = {
  notMapped: -2_000_001,
  gone: -2_000_002,
  diverted: -2_000_003,
  ownHand: -2_000_004,
} as const;

/** What an asynchronous wait can come to beside what WaitForMultipleObjects returns (native/windows/wait.cc). */
export const Ended = { aborted: 0x40000001, closed: 0x40000002 } as const;

/** A HANDLE's value. */
export type RawHandle = number;

export interface WindowsBinding {
  createSection(
    fd: number,
    inherit: boolean,
    protect: number,
    sizeHigh: number,
    sizeLow: number,
    name: string | null,
  ): RawHandle;
  openSection(access: number, inherit: boolean, name: string): RawHandle;
  measureSection(section: RawHandle): number;
  mapSection(section: RawHandle, access: number, offset: number, size: number): RawMapping | number;
  flushRegion(bytes: Uint8Array, count: number): number;
  unmapRegion(bytes: Uint8Array): number;
  createMutex(inherit: boolean, initialOwner: boolean, name: string | null): RawHandle;
  openMutex(access: number, inherit: boolean, name: string): RawHandle;
  releaseMutex(mutex: RawHandle): number;
  createSemaphore(
    inherit: boolean,
    initial: number,
    maximum: number,
    name: string | null,
  ): RawHandle;
  openSemaphore(access: number, inherit: boolean, name: string): RawHandle;
  releaseSemaphore(semaphore: RawHandle, count: number): number;
  createEvent(
    inherit: boolean,
    manualReset: boolean,
    initialState: boolean,
    name: string | null,
  ): RawHandle;
  openEvent(access: number, inherit: boolean, name: string): RawHandle;
  setEvent(event: RawHandle): number;
  resetEvent(event: RawHandle): number;
  accompany(handle: RawHandle, companion: RawHandle): number;
  lastError(): number;
  wait(handles: readonly RawHandle[], all: boolean, milliseconds: number, forEver: boolean): number;
  waitAsync(
    handles: readonly RawHandle[],
    isMutex: readonly boolean[],
    all: boolean,
    milliseconds: number,
  ): number;
}
