// The native core on one screen; binding/absence.ts loads it. Functions that end in a system call
// return its result, or −errno; nothing here throws for what the system says.

import { isMainThread } from 'node:worker_threads';
import { load, refused } from './binding/absence.ts';
import type { DarwinBinding } from './binding/darwin.ts';
import type { WindowsBinding } from './binding/windows.ts';
import { checkWithout } from './binding/without.ts';
import { MemspanError } from './errors.ts';

/** Keeps a mapping; only the addon can look inside. */
export interface MappingHandle {
  readonly __mapping: never;
}

/** One mapped range. `status` holds Status bits and is 0 while all is well. */
export interface RawMapping {
  readonly handle: MappingHandle;
  readonly buffer: SharedArrayBuffer;
  readonly status: ArrayBuffer;
}

/** Bits of the status word (native/mapping.h). */
export const Status = { truncated: 1, wroteReadOnly: 2, closed: 4 } as const;

/** Flags of map() (native/mapping.h). */
export const MapFlag = { writable: 1, private: 2, populate: 4, lock: 8, hugePages: 16 } as const;

/** What a wait came to (native/sleep.h). From `firstTicket` on it is a pending wait's ticket. */
export const Outcome = {
  ok: 1,
  notEqual: 2,
  timedOut: 3,
  aborted: 4,
  closed: 5,
  damaged: 6,
  interrupted: 7,
  exhausted: 8,
  disturbed: 9,
  firstTicket: 16,
} as const;

export type WaitableArray = Int32Array | BigInt64Array;

/** The addon's functions; each is described where it is defined, in native/. */
interface Binding {
  /** Only in the core for Windows. */
  readonly windows?: WindowsBinding;
  /** Only in the core for macOS. */
  readonly darwin?: DarwinBinding;
  /** `hasLoop`: libuv's functions may be called. */
  start(isWorker: boolean, onSettled: OnSettled, hasLoop: boolean): number;
  map(fd: number, size: number, flags: number): RawMapping | number;
  mapProbe(): RawMapping | number;
  readProbe(handle: MappingHandle): number;
  bulk(handle: MappingHandle): ArrayBuffer;
  closeMapping(handle: MappingHandle, bulk: ArrayBuffer | undefined): number;
  healMapping(handle: MappingHandle, fd: number): number;
  cutMapping(handle: MappingHandle, size: number): number;
  syncMapping(handle: MappingHandle, offset: number, length: number): number;
  open(path: string, flags: number, mode: number): number;
  openMemory(name: string): number;
  close(fd: number): number;
  setMode(fd: number, mode: number): number;
  setSize(fd: number, size: number): number;
  allocate(fd: number, offset: number, length: number): number;
  sealShrink(fd: number): number;
  link(fd: number, path: string): number;
  renameNoReplace(from: string, to: string): number;
  lockByte(fd: number, offset: number, kind: number): number;
  probeBytes(fd: number, offset: number, length: number): number;
  isOnlyUser(fd: number): number;
  wait(
    view: WaitableArray,
    index: number,
    low: number,
    high: number,
    timeoutMs: number,
    watch: number,
    seen: number,
  ): number;
  notify(view: WaitableArray, index: number, count: number): number;
  waitAsync(
    view: WaitableArray,
    index: number,
    low: number,
    high: number,
    timeoutMs: number,
    watch: number,
    seen: number,
    confirm: boolean,
  ): number;
  cancelWait(ticket: number): void;
  watchFile(fd: number): number;
  unwatchFile(watch: number): void;
  countNews(): number;
  waitsForAny(): boolean;
  waitsByRing(): boolean;
  /** The system's own objects: src/os/native.ts has its type. */
  os: unknown;
}

/** What the cores for Windows and macOS lack, of what others of them call; macOS has wait and notify since 14.4. */
const LINUX_ONLY = [
  'healMapping',
  'cutMapping',
  'open',
  'openMemory',
  'setMode',
  'setSize',
  'allocate',
  'sealShrink',
  'link',
  'renameNoReplace',
  'lockByte',
  'probeBytes',
  'isOnlyUser',
  'wait',
  'notify',
  'waitAsync',
  'cancelWait',
  'watchFile',
  'unwatchFile',
  'countNews',
  'waitsForAny',
  'waitsByRing',
] as const satisfies readonly (keyof Binding)[];

type OnSettled = (ticket: number, outcome: number) => void;

/** Pending asynchronous waits of this thread, by ticket: called once with the outcome. */
export const settlements: Map<number, (outcome: number) => void> = new Map();

checkWithout(process.env.MEMSPAN_WITHOUT);

export const native: Binding = complete(load() as Binding);

/** Windows' part of the core, or undefined. */
export const windows: WindowsBinding | undefined = native.windows;

/** macOS' part of the core, or undefined. */
export const darwin: DarwinBinding | undefined = native.darwin;

/** False where the runtime gives no SharedArrayBuffer over foreign memory: buffers are ArrayBuffers. */
export const hasSharedBuffers: boolean = start() === 1;

/** What this platform's core lacks throws, and says what was asked for. */
function complete(core: Binding): Binding {
  const lacking = (operation: string) => (): never => {
    throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
      operation,
      cause: lackOf(core, operation),
      remedy: 'docs/platforms.md has the list of what there is',
    });
  };
  for (const operation of LINUX_ONLY) core[operation] ??= lacking(operation);
  const nothing = { get: (os: object, name: string) => Reflect.get(os, name) ?? lacking(name) };
  core.os ??= new Proxy({ facts: {} }, nothing);
  return core;
}

function lackOf({ darwin }: Binding, operation: string): string {
  const isWaiting = operation === 'wait' || operation === 'notify';
  if (darwin !== undefined && isWaiting) return 'it needs macOS 14.4 or newer';
  return `memspan does not have it on ${darwin === undefined ? process.platform : 'macOS'}`;
}

function start(): number {
  const settle = (ticket: number, outcome: number): void => {
    const settled = settlements.get(ticket);
    settlements.delete(ticket);
    settled?.(outcome);
  };
  // Bun has the names of libuv's functions, and ends the process when one is called.
  const hasLoop = process.versions.bun === undefined;
  const kind = native.start(!isMainThread, settle, hasLoop);
  const probe = kind < 0 ? kind : mapProbe();
  if (typeof probe === 'number' || !provesItself(probe)) {
    throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
      operation: 'import memspan',
      cause: 'the self-test failed: memory written through a buffer is not the mapped memory',
      remedy: `Report this with your runtime's version (${process.version})`,
    });
  }
  return kind;
}

/** The first buffer that is made of foreign memory. */
function mapProbe(): RawMapping | number {
  try {
    return native.mapProbe();
  } catch (error) {
    throw refused(error);
  }
}

/** Each side reads what the other has written. */
function provesItself({ handle, buffer }: RawMapping): boolean {
  const words = new Int32Array(buffer);
  if (words[0] !== 0x6d656d73) return false;
  words[0] = 0x7370616e;
  return native.readProbe(handle) === 0x7370616e && native.closeMapping(handle, undefined) === 0;
}
