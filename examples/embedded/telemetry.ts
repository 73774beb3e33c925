// The memory between firmware and Node: a header, and a ring of samples of fixed size. `telemetry.h`, which the firmware
// includes, is made from this.

import {
  array,
  atomic,
  checkHeader,
  type Elements,
  f32,
  f64,
  header,
  type Memory,
  sizeOf,
  struct,
  toC,
  u32,
  view,
  writeHeader,
} from 'memspan';

export const sensors = ['temperature', 'pressure', 'flow', 'vibration'] as const;
export const slots = 4096;
const format = { magic: 'TELEM', version: 1 };

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
  header: header(format),
  stop: atomic.u32,
  watchdog: atomic.u32,
  lost: atomic.u32,
  written: atomic.i32,
  read: atomic.i32,
  samples: array(struct({ number: u32, sensor: u32, time: f64, value: f32, check: u32 }), slots),
});

/** Bytes. */
export const size: number = sizeOf(layout);

/** The telemetry in fresh memory. */
export function initialize(memory: Memory): Telemetry {
  writeHeader(layout, memory);
  return view(layout, memory);
}

/** The telemetry that is there; throws if it is of another version, or something else. */
export function telemetryIn(memory: Memory): Telemetry {
  checkHeader(layout, memory);
  return view(layout, memory);
}

/** What the firmware includes. */
export function cHeader(): string {
  const constants = `SENSORS = ${sensors.length}, SLOTS = ${slots}, VERSION = ${format.version}`;
  return `${toC(layout, 'Telemetry')}
static const char MAGIC[8] = "${format.magic}";
enum { ${constants} };
`;
}
