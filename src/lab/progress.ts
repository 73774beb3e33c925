// Which exercises were done so far: one empty file each, under XDG_STATE_HOME, whose time says when. Several labs at once
// cannot lose each other's.

import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** When the exercise was last done; undefined if never, or if nobody can say. */
export function doneAt(name: string): Date | undefined {
  try {
    return statSync(path.join(directory(), name)).mtime;
  } catch {
    return undefined;
  }
}

/** Remembers that the exercise was done; where that cannot be written, it is not remembered. */
export function setDone(name: string): void {
  try {
    makeDirectory(directory());
    writeFileSync(path.join(directory(), name), '');
  } catch {
    // A read-only home is no reason to fail.
  }
}

/** With all above it. (`recursive` never returns where a file system takes no directories: /proc.) */
function makeDirectory(folder: string): void {
  if (existsSync(folder)) return;
  makeDirectory(path.dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

function directory(): string {
  const { XDG_STATE_HOME = '' } = process.env;
  // "All paths must be absolute": others are ignored (XDG Base Directory Specification).
  const state = path.isAbsolute(XDG_STATE_HOME)
    ? XDG_STATE_HOME
    : path.join(homedir(), '.local', 'state');
  return path.join(state, 'memspan', 'lab');
}
