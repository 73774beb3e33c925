// A ring buffer: at most CAPACITY items are on their way.
//   ring [NAME]
//   p TEXT puts an item, and waits while the ring is full; g gets the oldest, and waits while it is empty; q ends
//
// Every member is valid when it is zero, and sem_open makes and initialises in one step: whoever comes first, it is ready.

import {
  close,
  ftruncate,
  MAP_SHARED,
  mmap,
  O_CREAT,
  O_RDWR,
  PROT_READ,
  PROT_WRITE,
  sem_open,
  sem_post,
  sem_wait,
  shm_open,
} from 'memspan/posix';
import { commands, print, readText, writeText } from './terminal.ts';

// A slot more than items, or the indices of a full ring would be those of an empty one.
const CAPACITY = 4;
const SLOTS = CAPACITY + 1;
const ITEM = 256;

// struct ring: two indices of 32 bits, then the slots
const IN = 0;
const OUT = 1;
const SIZE = 8 + SLOTS * ITEM;

const name = process.argv[2] ?? '/textbook-ring';
const fd = shm_open(name, O_RDWR | O_CREAT, 0o600);
ftruncate(fd, SIZE);
const ring = mmap(null, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
close(fd);
const room = sem_open(`${name}-room`, O_CREAT, 0o600, CAPACITY);
const items = sem_open(`${name}-items`, O_CREAT, 0o600, 0);
const turn = sem_open(`${name}-turn`, O_CREAT, 0o600, 1); // who may change the ring: several put, several get

const next = new Uint32Array(ring, 0, 2); // the slots of the next put and the next get
const slots = Array.from(
  { length: SLOTS },
  (_, slot) => new Uint8Array(ring, 8 + slot * ITEM, ITEM),
);

for await (const [letter, rest] of commands()) {
  if (letter === 'p') {
    sem_wait(room);
    sem_wait(turn);
    writeText(slots[next[IN]!]!, rest);
    next[IN] = (next[IN]! + 1) % SLOTS;
    sem_post(turn);
    sem_post(items);
  } else if (letter === 'g') {
    sem_wait(items);
    sem_wait(turn);
    print(readText(slots[next[OUT]!]!));
    next[OUT] = (next[OUT]! + 1) % SLOTS;
    sem_post(turn);
    sem_post(room);
  } else {
    print('p TEXT, g, q');
  }
}
