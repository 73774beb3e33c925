// The addon's functions for System V's objects (native/os/sysv_memory.cc, sysv_semaphores.cc). Numbers below zero are
// −errno, or a Refusal; those that end in Async return a ticket (../native.ts).

import { native } from '../../binding.ts';

interface SystemV {
  ftok(path: string, projId: number): number;
  shmget(key: number, size: number, flags: number): number;
  shmat(id: number, flags: number): SharedArrayBuffer | number;
  shmdt(bytes: Uint8Array): number;
  shmAsk(id: number, command: number): object | number;
  shmSet(id: number, uid: number, gid: number, mode: number): number;
  shmControl(id: number, command: number): number;
  semget(key: number, count: number, flags: number): number;
  semop(id: number, steps: Int16Array, seconds?: number, nanoseconds?: number): number;
  semopAsync(id: number, steps: Int16Array, seconds?: number, nanoseconds?: number): number;
  semAsk(id: number, command: number): object | number;
  semSet(id: number, uid: number, gid: number, mode: number): number;
  semControl(id: number, index: number, command: number, value: number): number;
  semTransfer(id: number, command: number, values: Uint16Array): number;
  userName(uid: number): string;
}

export const systemV: SystemV = native.os as SystemV;
