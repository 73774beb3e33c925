// Fills the text of reader-writer with a, then with b and so on, without end: Ctrl-C.
//   tearing [NAME]

import {
  close,
  ftruncate,
  MAP_SHARED,
  mmap,
  O_CREAT,
  O_RDWR,
  PROT_READ,
  PROT_WRITE,
  shm_open,
} from 'memspan/posix';
import { print } from './terminal.ts';
import { offset, size, textSize } from './text.ts';

const fd = shm_open(process.argv[2] ?? '/textbook-text', O_RDWR | O_CREAT, 0o600);
ftruncate(fd, size);
const shared = mmap(null, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
close(fd);

print('writing; Ctrl-C ends it');
const text = new Uint8Array(shared, offset.text, textSize - 1);
for (;;) {
  for (const letter of Buffer.from('abcdefghijklmnopqrstuvwxyz')) {
    for (let i = 0; i < text.length; i++) text[i] = letter;
  }
}
