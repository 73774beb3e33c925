// A frame of the video as it lies in a chunk of a pool, and the span with the pools.

import { bytes, type Event, type Layout, type Pool, type Span, sizeOf, struct, u32 } from 'memspan';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** In place. */
export interface Frame {
  /** From 0. */
  number: number;
  /** 3: red, green and blue. 1: grey. */
  channels: number;
  /** Of the pixels (CRC-32). */
  checksum: number;
  /** Line by line; room for three channels. */
  readonly pixels: Uint8Array;
}

export const filters = ['edges', 'blur'] as const;
export type Filter = (typeof filters)[number];

/** How many chunks each pool has: one that is filled, those that two filters hold, and some for their being late. */
export const chunks = 6;

type FramePool = Pool<Frame, Frame, Frame>;

export interface Pools {
  /** From the camera to both filters. */
  readonly raw: FramePool;
  /** From each filter to the encoder. */
  readonly filtered: Readonly<Record<Filter, FramePool>>;
  /** Set when the last frame has been published. */
  readonly over: Event;
}

export function poolsIn(span: Span, size: Size): Pools {
  const options = { chunks, layout: layoutOf(size) };
  const pool = (name: string) => span.pool(name, options);
  return {
    raw: pool('raw'),
    filtered: { edges: pool('edges'), blur: pool('blur') },
    over: span.event('over'),
  };
}

/** Bytes of a span for the pools. */
export function spanSizeFor(size: Size): number {
  return 2 ** 20 + 3 * chunks * (sizeOf(layoutOf(size)) + 128);
}

function layoutOf({ width, height }: Size): Layout<Frame, Frame> {
  const pixels = bytes(3 * width * height);
  return struct({ number: u32, channels: u32, checksum: u32, pixels });
}

/** Says so in the frame. */
export function seal(frame: Frame, { width, height }: Size): void {
  frame.checksum = crc32(frame.pixels.subarray(0, frame.channels * width * height));
}

/** Whether the pixels are those that were sealed. */
export function isSound(frame: Frame, { width, height }: Size): boolean {
  return frame.checksum === crc32(frame.pixels.subarray(0, frame.channels * width * height));
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  return rest;
});

/** CRC-32 as PNG has it (ISO 3309). */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 255]!;
  return ~crc >>> 0;
}
