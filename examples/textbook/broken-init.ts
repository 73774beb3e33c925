// Counts its visitors, one at a time. There is a flaw: who comes while another one makes the object may wait for ever.
//   broken-init [PAUSE [NAME…]]
// PAUSE: so many seconds, or "enter", are between the creator's shm_open and its sem_init.

import type { MemspanError } from 'memspan';
import {
  close,
  ftruncate,
  MAP_SHARED,
  mmap,
  O_CREAT,
  O_EXCL,
  O_RDWR,
  PROT_READ,
  PROT_WRITE,
  sem_init,
  shm_open,
} from 'memspan/posix';
import { print } from './terminal.ts';
import { holdUp, size, Visits, visit } from './visits.ts';

function openVisits(name: string, pause: string): Visits {
  const [fd, creator] = opened(name);
  print(`${creator ? 'making' : 'opened'} ${name}`);

  ftruncate(fd, size);
  const visits = new Visits(mmap(null, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  close(fd);
  if (creator) {
    holdUp(pause);
    sem_init(visits.lock, 1, 1);
  }
  return visits;
}

function opened(name: string): [fd: number, creator: boolean] {
  try {
    return [shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600), true];
  } catch (error) {
    if ((error as MemspanError).code !== 'ERR_MEMSPAN_EXISTS') throw error;
    return [shm_open(name, O_RDWR), false];
  }
}

const [pause = '0', ...names] = process.argv.slice(2);
if (names.length === 0) names.push('/textbook-visits');
for (const name of names) visit(openVisits(name, pause));
