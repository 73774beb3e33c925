// Writes Hello into shared memory and ends; reads it, later; removes it.
//   hello write|read|remove [NAME]

import {
  ftruncate,
  MAP_SHARED,
  mmap,
  O_CREAT,
  O_RDONLY,
  O_RDWR,
  PROT_READ,
  PROT_WRITE,
  shm_open,
  shm_unlink,
} from 'memspan/posix';
import { print, readText, writeText } from './terminal.ts';

const SIZE = 4096;

const [what = 'read', name = '/textbook-hello'] = process.argv.slice(2);
if (what === 'write') {
  const fd = shm_open(name, O_RDWR | O_CREAT, 0o666); // less what the umask takes away
  ftruncate(fd, SIZE);
  const text = mmap(null, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  writeText(new Uint8Array(text), 'Hello');
} else if (what === 'read') {
  const fd = shm_open(name, O_RDONLY);
  const text = mmap(null, SIZE, PROT_READ, MAP_SHARED, fd, 0);
  print(readText(new Uint8Array(text)));
} else if (what === 'remove') {
  shm_unlink(name);
}
