// Which decoder a directory entry's kind has. Codes and names are those of the rooms that define them
// (test/inspect/kinds.test.ts), which need not be loaded to look at what they have made.

import type { ShapeOf } from '../../layout/layout.ts';
import { LOCKS_KIND } from '../../locks/claims.layout.ts';
import type { Dissection, State } from './dissection.ts';
import { mutexState, onceState, rwLockState } from './exclusion.ts';
import { broadcastState, poolState } from './fans.ts';
import { lockSpaceState } from './lock-space.ts';
import {
  BARRIER_HEAD,
  barrierState,
  conditionState,
  eventState,
  semaphoreState,
} from './signals.ts';
import { type Extent, latestState, queueState, ringState } from './streams.ts';

export interface KindDecoder {
  readonly name: string;
  /** Bytes that it has at least. */
  readonly least: number;
  /** What its offset is a multiple of. */
  readonly align: 4 | 8;
  /** Undefined: what it is, its layout says. */
  readonly describe?: (found: Dissection, extent: Extent) => State;
}

const decoders = new Map<number, KindDecoder>([
  [1, { name: 'bytes', least: 0, align: 4 }],
  [
    2,
    {
      name: 'mutex',
      least: 4,
      align: 4,
      describe: (found, { offset, options }) =>
        mutexState(found, offset, { recursive: (options & 1) !== 0, fair: (options & 2) !== 0 }),
    },
  ],
  [
    3,
    {
      name: 'semaphore',
      least: 12,
      align: 4,
      describe: (found, { offset, length, options }) =>
        semaphoreState(found, offset, length, { undo: (options & 1) !== 0 }),
    },
  ],
  [
    4,
    {
      name: 'rwlock',
      least: 4,
      align: 4,
      describe: (found, { offset }) => rwLockState(found, offset),
    },
  ],
  [
    5,
    {
      name: 'condition',
      least: 4,
      align: 4,
      describe: (found, { offset }) => conditionState(found, offset),
    },
  ],
  [
    6,
    {
      name: 'barrier',
      least: BARRIER_HEAD,
      align: 4,
      describe: (found, extent) =>
        barrierState(found, extent.offset, extent.length, extent.options),
    },
  ],
  [
    7,
    {
      name: 'event',
      least: 4,
      align: 4,
      describe: (found, { offset, options }) =>
        eventState(found, offset, { auto: (options & 1) !== 0, initial: (options & 2) !== 0 }),
    },
  ],
  [
    8,
    { name: 'once', least: 4, align: 4, describe: (found, { offset }) => onceState(found, offset) },
  ],
  [9, { name: 'record', least: 0, align: 4 }],
  [LOCKS_KIND, { name: 'locks', least: 4, align: 4, describe: lockSpaceState }],
  [32, { name: 'ring', least: 1024, align: 8, describe: ringState }],
  [33, { name: 'queue', least: 512, align: 8, describe: queueState }],
  [34, { name: 'broadcast', least: 384, align: 8, describe: broadcastState }],
  [35, { name: 'latest', least: 256, align: 8, describe: latestState }],
  [36, { name: 'pool', least: 1408, align: 8, describe: poolState }],
]);

/** Undefined for a kind of a later memspan. */
export function decoderOf(code: number): KindDecoder | undefined {
  return decoders.get(code);
}

export function decoderCodes(): number[] {
  return [...decoders.keys()];
}

/** A lock or its kin in a record, of so many bytes. */
export function embeddedState(
  found: Dissection,
  { name, options }: ShapeOf<'embedded'>,
  offset: number,
  length: number,
): State {
  const has = (word: string): boolean => options.includes(word);
  switch (name) {
    case 'mutex':
      return mutexState(found, offset, { recursive: has('recursive'), fair: has('fair') });
    case 'rwlock':
      return rwLockState(found, offset);
    case 'once':
      return onceState(found, offset);
    case 'condition':
      return conditionState(found, offset);
    case 'event':
      return eventState(found, offset, { auto: has('auto'), initial: has('set') });
    case 'semaphore':
      return semaphoreState(found, offset, length, { undo: has('undo') });
    case 'barrier':
      return barrierState(found, offset, length, Number(options[0]));
  }
}
