// A PNG file of pixels of 8 bits a channel (PNG Specification, third edition, W3C 2025).

import { deflateSync } from 'node:zlib';
import { crc32, type Size } from './frame.ts';

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const GREY = 0;
const COLOUR = 2;

export function png(pixels: Uint8Array, channels: number, { width, height }: Size): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8; // bits
  header[9] = channels === 1 ? GREY : COLOUR;
  // Each line begins with how it is filtered: 0, not at all.
  const line = width * channels;
  const lines = Buffer.alloc((line + 1) * height);
  for (let y = 0; y < height; y++) {
    lines.set(pixels.subarray(y * line, (y + 1) * line), y * (line + 1) + 1);
  }
  const data = deflateSync(lines, { level: 1 });
  return Buffer.concat([signature, part('IHDR', header), part('IDAT', data), part('IEND')]);
}

function part(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(content));
  return Buffer.concat([length, content, sum]);
}
