// Looking at files of /proc whose processes may end at any moment, and belong to somebody else.

import fs from 'node:fs';

/** As bytes, a character each. Of what has vanished there is ''; null of what may not be read. */
export function textOf(file: string): string | null {
  return seen(() => read(file), '');
}

/** What `look` sees; `gone` when what it looks at has vanished meanwhile, null when it may not look. */
export function seen<T>(look: () => T): T | null | undefined;
export function seen<T>(look: () => T, gone: T): T | null;
export function seen<T>(look: () => T, gone?: T): T | null | undefined {
  try {
    return look();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (GONE.has(code)) return gone;
    if (FORBIDDEN.has(code)) return null;
    throw error;
  }
}

const GONE = new Set(['ENOENT', 'ESRCH', 'ENOTDIR']);
const FORBIDDEN = new Set(['EACCES', 'EPERM']);

const block = Buffer.allocUnsafeSlow(64 * 1024);

/** Not by readFileSync, which asks for the size first and copies twice: there are many, and it is to be quick. */
function read(file: string): string {
  const fd = fs.openSync(file, 'r');
  try {
    let text = '';
    for (;;) {
      const bytes = fs.readSync(fd, block, 0, block.length, null);
      if (bytes === 0) return text;
      text += block.toString('latin1', 0, bytes);
    }
  } finally {
    fs.closeSync(fd);
  }
}

export function decoded(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString();
}
