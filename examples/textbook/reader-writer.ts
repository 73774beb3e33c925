// A text in shared memory, for as many terminals as you like.
//   reader-writer [NAME] [read-only] [1M]
//   r reads, w TEXT writes, i NUM and d NUM count up and down, t OFFSET touches a byte of the mapping, q ends
// read-only maps it with PROT_READ, 1M maps 1 MiB, of which the object is only the beginning.

import {
  addressof,
  check,
  close,
  ftruncate,
  MAP_SHARED,
  mmap,
  munmap,
  O_CREAT,
  O_RDONLY,
  O_RDWR,
  PROT_READ,
  PROT_WRITE,
  shm_open,
} from 'memspan/posix';
import { commands, print, readText, writeText } from './terminal.ts';
import { offset, size, textSize } from './text.ts';

let name = '/textbook-text';
let length = size;
let readOnly = false;
for (const argument of process.argv.slice(2)) {
  if (argument === 'read-only') readOnly = true;
  else if (argument === '1M') length = 1 << 20;
  else name = argument;
}

const fd = shm_open(name, readOnly ? O_RDONLY : O_RDWR | O_CREAT, 0o600);
if (!readOnly) ftruncate(fd, size);
const protection = readOnly ? PROT_READ : PROT_READ | PROT_WRITE;
const shared = mmap(null, length, protection, MAP_SHARED, fd, 0);
close(fd);
print(`${length} bytes at 0x${addressof(shared).toString(16)}`);

const bytes = new Uint8Array(shared);
const version = new Int32Array(shared, offset.version, 1);
const text = new Uint8Array(shared, offset.text, textSize);
const counter = new Int32Array(shared, offset.counter, 1);

for await (const [letter, rest] of commands()) {
  if (letter === 'r') {
    print(`version ${version[0]}, counter ${Atomics.load(counter, 0)}: ${readText(text)}`);
  } else if (letter === 'w') {
    writeText(text, rest);
    version[0]!++;
  } else if (letter === 'i') {
    Atomics.add(counter, 0, Number.parseInt(rest, 10));
  } else if (letter === 'd') {
    Atomics.sub(counter, 0, Number.parseInt(rest, 10));
  } else if (letter === 't') {
    print(`${bytes[Number.parseInt(rest, 10)]}`);
  } else {
    print('r, w TEXT, i NUM, d NUM, t OFFSET, q');
  }
  // What ends the C program by a signal is an error here, and the program may go on.
  try {
    check(shared);
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    print(`${code}: ${message}`);
  }
}
munmap(shared);
