// What was typed before, kept from one shell to the next in $XDG_STATE_HOME/memspan/shell-history. All that can go
// wrong with that file is no reason for a shell to fail: then there is no history.

import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

const LINES_MAX = 1000;

/** The lines that are kept, the newest first, as node:readline wants them. */
export function recall(): string[] {
  return quietly(() => {
    const file = fileOf();
    const all = readFileSync(file, 'utf8').split('\n').filter(isPlain);
    if (all.length > 2 * LINES_MAX) {
      // Another shell's line that comes between is lost, no more.
      const next = `${file}.${process.pid}`;
      writeFileSync(next, `${all.slice(-LINES_MAX).join('\n')}\n`, { mode: 0o600 });
      renameSync(next, file);
    }
    return all.slice(-LINES_MAX).reverse();
  }, []);
}

/** Written at once and at the file's end: several shells do so, and one that is killed has lost nothing. */
export function remember(line: string): void {
  if (!isPlain(line)) return;
  quietly(() => {
    const file = fileOf();
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    appendFileSync(file, `${line}\n`, { mode: 0o600 });
  }, undefined);
}

/** What the terminal may be shown again. */
function isPlain(line: string): boolean {
  return line.trim() !== '' && !/\p{Cc}/u.test(line);
}

function fileOf(): string {
  const given = process.env.XDG_STATE_HOME ?? '';
  // XDG Base Directory Specification: a relative path is none.
  const state = path.isAbsolute(given) ? given : path.join(homedir(), '.local', 'state');
  return path.join(state, 'memspan', 'shell-history');
}

function quietly<T>(act: () => T, otherwise: T): T {
  try {
    return act();
  } catch {
    return otherwise;
  }
}
