// The memory between firmware and Node: a header, and a ring of samples of fixed size. `telemetry.h`, which the firmware
// includes, is made from this.

import {
  array,
  atomic,
  type Elements,
  f32,
  f64,
  type Memory,
  sizeOf,
  struct,
  toC,
  u32,
  view,
} from 'memspan';

export const sensors = ['temperature', 'pressure', 'flow', 'vibration'] as const;
export const slots = 4096;
const MAGIC = 0x3130_4d54; // "TM01"

/** 24 bytes, six words. The exclusive or of the words is 0: what is half of one sample and half of another is noticed. */
export interface Sample {
  /** Counts all samples, also those that were lost. */
  number: number;
  sensor: number;
  /** Seconds, of CLOCK_MONOTONIC. */
  time: number;
  value: number;
  check: number;
}

export interface Telemetry {
  magic: number;
  size: number;
  /** Not 0: all shall end. Written by main. */
  readonly stop: Uint32Array;
  /** Changes as long as the firmware is at work. */
  readonly watchdog: Uint32Array;
  /** Samples that found no room: the firmware waits for nobody. */
  readonly lost: Uint32Array;
  /** How many samples have been put into the ring. Written by the firmware; the reader sleeps on it. */
  readonly written: Int32Array;
  /** How many have been taken out. Written by the reader. */
  readonly read: Int32Array;
  readonly samples: Elements<Sample, Sample>;
}

const layout = struct({
  magic: u32,
  size: u32,
  stop: atomic.u32,
  watchdog: atomic.u32,
  lost: atomic.u32,
  written: atomic.i32,
  read: atomic.i32,
  reserved: u32,
  samples: array(struct({ number: u32, sensor: u32, time: f64, value: f32, check: u32 }), slots),
});

/** Bytes. */
export const size: number = sizeOf(layout);

/** The telemetry in fresh memory. */
export function initialize(memory: Memory): Telemetry {
  return Object.assign(view(layout, memory), { magic: MAGIC, size });
}

/** The telemetry that is there. */
export function telemetryIn(memory: Memory): Telemetry {
  const telemetry = view(layout, memory);
  if (telemetry.magic === MAGIC && telemetry.size === size) return telemetry;
  throw new Error('this is no telemetry, or that of another version');
}

/** What the firmware includes. */
export function header(): string {
  const constants = `SENSORS = ${sensors.length}, SLOTS = ${slots}, MAGIC = ${MAGIC}`;
  return `${toC(layout, 'Telemetry')}\nenum { ${constants} };\n`;
}
