// broken-init without its flaw: the object gets its name when it is ready.
//   repaired-init [PAUSE [NAME…]]
// PAUSE: so many seconds, or "enter", are between the creator's shm_open and its sem_init.

import { linkSync } from 'node:fs';
import type { MemspanError } from 'memspan';
import {
  close,
  ftruncate,
  MAP_SHARED,
  mmap,
  munmap,
  O_CREAT,
  O_EXCL,
  O_RDWR,
  PROT_READ,
  PROT_WRITE,
  sem_init,
  shm_open,
  shm_unlink,
} from 'memspan/posix';
import { print } from './terminal.ts';
import { holdUp, size, Visits, visit } from './visits.ts';

function map(fd: number): SharedArrayBuffer {
  const memory = mmap(null, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return memory;
}

/** Gives the object of the name `draft` the name `name`, which nobody may have; false if somebody has it. */
function publish(draft: string, name: string): boolean {
  try {
    linkSync(`/dev/shm${draft}`, `/dev/shm${name}`);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

function opened(name: string): number | undefined {
  try {
    return shm_open(name, O_RDWR);
  } catch (error) {
    if ((error as MemspanError).code !== 'ERR_MEMSPAN_NOT_FOUND') throw error;
    return undefined;
  }
}

function openVisits(name: string, pause: string): Visits {
  for (;;) {
    const fd = opened(name);
    if (fd !== undefined) {
      print(`opened ${name}`);
      return new Visits(map(fd));
    }

    const draft = `${name}.${process.pid}`;
    const fresh = shm_open(draft, O_RDWR | O_CREAT | O_EXCL, 0o600);
    print(`making ${name}`);
    ftruncate(fresh, size);
    const memory = map(fresh);
    const visits = new Visits(memory);
    holdUp(pause);
    sem_init(visits.lock, 1, 1);

    const published = publish(draft, name);
    shm_unlink(draft);
    if (published) return visits;
    munmap(memory); // another one was first: open that
  }
}

const [pause = '0', ...names] = process.argv.slice(2);
if (names.length === 0) names.push('/textbook-visits');
for (const name of names) visit(openVisits(name, pause));
