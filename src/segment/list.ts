// What segments there are on this machine: the regular files of /dev/shm.

import { lstatSync, readdirSync } from 'node:fs';
import { invalidArgument } from '../errors.ts';
import { SHM_DIRECTORY, TEMPORARY_PREFIX } from './name.ts';
import { attempt } from './object.ts';

export interface SegmentInfo {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes that the segment really occupies. */
  readonly residentSize: number;
  /** Permission bits. */
  readonly mode: number;
  /** User and group id of the owner. */
  readonly uid: number;
  readonly gid: number;
  /** When it was made, or last resized or written by a system call. */
  readonly modifiedAt: Date;
}

/**
 * Segments whose names match `pattern` (`*` any run of characters, `?` one character), sorted by name;
 * other people's POSIX shared memory is among them. One that vanishes meanwhile is left out, and so are
 * unfinished ones (`.memspan-…`) unless the pattern begins with a dot.
 */
export function listSegments(pattern = '*'): SegmentInfo[] {
  if (typeof pattern !== 'string') throw invalidArgument('a pattern is a string such as "game-*"');
  const isMatch = matcherOf(pattern);
  const isListed = (name: string): boolean =>
    isMatch(name) && (pattern.startsWith('.') || !name.startsWith(TEMPORARY_PREFIX));
  const names = attempt({ operation: 'Segment.list', object: SHM_DIRECTORY }, () =>
    readdirSync(SHM_DIRECTORY),
  );
  return names.filter(isListed).sort().flatMap(infoOf);
}

/**
 * A glob of `*` and `?` as a predicate; every other character stands for itself. Only the last `*` is ever
 * tried again, so that no name can make it slow, as one could a regular expression.
 */
export function matcherOf(pattern: string): (name: string) => boolean {
  const wanted = [...pattern];
  return (name) => {
    const characters = [...name];
    let at = 0;
    let star = -1;
    let resumeAt = 0;
    for (let i = 0; i < characters.length; ) {
      if (wanted[at] === '*') {
        star = at++;
        resumeAt = i;
      } else if (wanted[at] === '?' || wanted[at] === characters[i]) {
        at++;
        i++;
      } else if (star >= 0) {
        at = star + 1;
        i = ++resumeAt;
      } else {
        return false;
      }
    }
    while (wanted[at] === '*') at++;
    return at === wanted.length;
  };
}

function infoOf(name: string): SegmentInfo[] {
  const stat = lstatSync(`${SHM_DIRECTORY}/${name}`, { throwIfNoEntry: false });
  if (!stat?.isFile()) return [];
  return [
    {
      name,
      size: stat.size,
      residentSize: stat.blocks * 512,
      mode: stat.mode & 0o777,
      uid: stat.uid,
      gid: stat.gid,
      modifiedAt: stat.mtime,
    },
  ];
}
