// The encoder: takes the frames of both filters, checks them, and writes each as a PNG file.
//   encoder FOLDER WIDTH HEIGHT

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inherited, type MemspanError, type PoolReader, Span } from 'memspan';
import { type Filter, type Frame, filters, isSound, poolsIn } from './frame.ts';
import { png } from './png.ts';

/** What has come from a filter. */
export interface Written {
  readonly filter: Filter;
  readonly files: number;
  /** Frames whose checksum or number was wrong. */
  readonly damaged: number;
}

const [folder, ...numbers] = process.argv.slice(2) as [string, ...string[]];
const [width, height] = numbers.map(Number) as [number, number];
const size = { width, height };

if (!process.connected) process.exit(); // main has ended
process.once('disconnect', () => process.exit());
process.channel?.unref();

using span = Span.fromSegment(inherited('video'), { as: 'encoder' });
const { filtered } = poolsIn(span, size);
const readers = filters.map((filter) => ({ filter, reader: filtered[filter].reader() }));
process.send?.('ready');
const written = await Promise.all(readers.map(({ filter, reader }) => encode(filter, reader)));
process.send?.(written);
process.disconnect();

async function encode(filter: Filter, reader: PoolReader<Frame, Frame, Frame>): Promise<Written> {
  let [files, damaged, last] = [0, 0, -1];
  while (!reader.ended) {
    using taken = await next(reader);
    if (taken === null) continue;
    const frame = taken.value;
    if (!isSound(frame, size) || frame.number <= last) damaged++;
    last = frame.number;
    const name = `${filter}-${String(frame.number).padStart(4, '0')}.png`;
    const image = png(frame.pixels, frame.channels, size);
    taken.release(); // the chunk is not needed while the disk is at work
    await writeFile(path.join(folder, name), image);
    files++;
  }
  reader.close();
  return { filter, files, damaged };
}

/** The next frame, also over the death of a filter: main starts it again. Null when there is none yet, or no more. */
async function next(reader: PoolReader<Frame, Frame, Frame>) {
  try {
    return await reader.takeAsync();
  } catch (error) {
    if ((error as MemspanError).code !== 'ERR_MEMSPAN_PEER_DIED') throw error;
    await delay(10);
    return null;
  }
}
