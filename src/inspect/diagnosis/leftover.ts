// Leftovers: what is provably nobody's, and its removal.
//
// | what            | whose it is, as the kernel says          | nobody's when                                           |
// |-----------------|------------------------------------------|---------------------------------------------------------|
// | a span whose    | participants: all hold its gate          | the gate can be had exclusively, and no process maps it |
// | lifetime is     | (span/gate.ts)                           | or has it open (segment/deserted.ts)                    |
// | 'last-close'    |                                          |                                                         |
// | a stream of     | its two sides: both hold its gate        | the same                                                |
// | send and recv   | (stream-mark.ts)                         |                                                         |
// | an unfinished   | its maker locks a byte of it             | that lock can be had                                    |
// | segment         | (segment/unfinished.ts)                  |                                                         |
//
// Nothing else is ever nobody's. A span that is 'until-unlinked' stays by its own word, also when all have died. A raw
// segment and a POSIX semaphore have no lifelines and live until they are unlinked: that no process maps them does not say that
// none is going to, which is what such names are for. System V's objects neither.
//
// Where the kernel does not say who has a file open, nobody knows, and it stays: /proc shows who has it, but not that nobody
// does, in another pid namespace for one.

import { MemspanError } from '../../errors.ts';
import { type Standing, unlinkDeserted } from '../../segment/deserted.ts';
import { hasMaker, removeUnfinished } from '../../segment/unfinished.ts';
import { GATE } from '../../span/gate.ts';
import { describe } from '../../span/geometry.ts';
import { HEADER_SIZE } from '../../span/header.layout.ts';
import { LABEL, LABEL_AT, STREAM_GATE, TRAILER_BYTES } from '../stream-mark.ts';
import { type Inode, lookAround } from './surroundings.ts';

/** Something that looked as if it were nobody's. */
export interface Leftover {
  readonly kind: 'span' | 'stream' | 'unfinished';
  readonly name: string;
  /** Bytes that removing it gives back. */
  readonly residentSize: number;
}

/** What became, or would become, of it. */
export interface Outcome extends Leftover {
  /**
   * 'removed', or with `dryRun` 'removable'; 'in-use': somebody has it after all; 'unknown': the kernel does not
   * tell whether anybody has it; 'gone': the name is, or leads to something else; 'failed'.
   */
  readonly outcome: 'removed' | 'removable' | 'in-use' | 'unknown' | 'gone' | 'failed';
  readonly why: string;
}

export interface CleanOptions {
  /** Removes nothing, says what it would do. */
  readonly dryRun?: boolean | undefined;
}

type Verdict = Pick<Outcome, 'outcome' | 'why'>;
type Reader = (offset: number, length: number) => Uint8Array;

const VERDICTS: Readonly<Record<Standing, Verdict>> = {
  removed: { outcome: 'removed', why: 'nobody had it' },
  removable: { outcome: 'removable', why: 'nobody has it' },
  held: { outcome: 'in-use', why: 'somebody alive is attached' },
  used: { outcome: 'in-use', why: 'a process maps it, or has it open' },
  unknown: { outcome: 'unknown', why: 'the kernel does not tell this user whether anybody has it' },
  gone: { outcome: 'gone', why: 'somebody else has removed or replaced it' },
};

/** Removes it unless somebody has it, or could have. */
export function removeLeftover(leftover: Leftover, { dryRun = false }: CleanOptions = {}): Outcome {
  try {
    const { kind, name } = leftover;
    if (kind === 'unfinished') return { ...leftover, ...unfinished(name, dryRun) };
    const [gate, isIt] = kind === 'span' ? [GATE, isSpan] : [STREAM_GATE, isStream];
    return { ...leftover, ...VERDICTS[unlinkDeserted(name, { gate, dryRun, isIt, isUsed })] };
  } catch (error) {
    if (!(error instanceof MemspanError)) throw error;
    return { ...leftover, outcome: 'failed', why: error.message };
  }
}

function unfinished(name: string, dryRun: boolean): Verdict {
  if (dryRun ? !hasMaker(name) : removeUnfinished(name)) {
    return { outcome: dryRun ? 'removable' : 'removed', why: 'its maker is dead' };
  }
  return { outcome: 'in-use', why: 'its maker lives, or it is finished' };
}

/** A sound one that goes with its last participant. */
function isSpan(size: number, read: Reader): boolean {
  const header = new SharedArrayBuffer(HEADER_SIZE);
  new Uint8Array(header).set(read(0, HEADER_SIZE));
  try {
    return describe(header, 'clean', undefined, size).lifetime === 'last-close';
  } catch (error) {
    if (error instanceof MemspanError) return false;
    throw error;
  }
}

function isStream(size: number, read: Reader): boolean {
  const label = size > TRAILER_BYTES && read(size - TRAILER_BYTES + LABEL_AT, LABEL.length);
  return label !== false && Buffer.from(label).toString('latin1') === LABEL;
}

function isUsed(inode: Inode): boolean {
  return lookAround().usersOf(inode).length > 0;
}
