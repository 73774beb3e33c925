// The lines of /proc/PID/maps (proc(5)) that are about shared memory.

import { decoded } from './looking.ts';

/** A line of /proc/PID/maps. */
export interface Region {
  /** Addresses, as map_files calls them. */
  readonly range: string;
  readonly readOnly: boolean;
  readonly dev: string;
  readonly ino: string;
  readonly path: string;
  /** Offset in the file at which it ends. */
  readonly end: number;
}

// address-address rw-s offset major:minor inode path; [1]: addresses
const SHARED = line('s', '[\\da-f]+:[\\da-f]+');

function line(sharing: string, device: string): RegExp {
  const source = `^([\\da-f]+-[\\da-f]+) [r-]([w-])[x-]${sharing} ([\\da-f]+) (${device}) (\\d+) +(.*)$`;
  return new RegExp(source, 'gm');
}

/** What is mapped shared, and what of device `dev` is mapped at all. */
export function* regionsOf(maps: string, dev: string | undefined): Iterable<Region> {
  for (const match of maps.matchAll(SHARED)) yield regionOf(match);
  if (dev === undefined || !maps.includes(` ${devicePair(dev)} `)) return;
  for (const match of maps.matchAll(line('p', devicePair(dev)))) yield regionOf(match);
}

function regionOf(match: RegExpExecArray): Region {
  const [, range = '', write, offset = '', device = '', ino = '', path = ''] = match;
  const [from = 0, to = 0] = range.split('-').map((address) => Number.parseInt(address, 16));
  return {
    range,
    readOnly: write !== 'w',
    dev: deviceNumber(device),
    ino,
    // The kernel escapes a line feed, and nothing else.
    path: decoded(path).replaceAll('\\012', '\n'),
    end: Number.parseInt(offset, 16) + to - from,
  };
}

/** 'fe:00' as the one number that stat(2) has for it (makedev(3)). */
function deviceNumber(pair: string): string {
  const [major = 0n, minor = 0n] = pair.split(':').map((digits) => BigInt(`0x${digits}`));
  const high = ((major & ~0xfffn) << 32n) | ((minor & ~0xffn) << 12n);
  return String(high | ((major & 0xfffn) << 8n) | (minor & 0xffn));
}

function devicePair(dev: string): string {
  const number = BigInt(dev);
  const major = ((number >> 32n) & ~0xfffn) | ((number >> 8n) & 0xfffn);
  const minor = ((number >> 12n) & ~0xffn) | (number & 0xffn);
  const two = (value: bigint): string => value.toString(16).padStart(2, '0');
  return `${two(major)}:${two(minor)}`;
}
