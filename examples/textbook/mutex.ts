// A counter with a mutex before it, in one named object; who adds holds the mutex, and a plain ++ will do.
//   mutex create|add|remove [NAME [TIMES]]

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
  PTHREAD_PROCESS_SHARED,
  pthread_mutex_init,
  pthread_mutex_lock,
  pthread_mutex_t,
  pthread_mutex_unlock,
  shm_open,
  shm_unlink,
  sizeof,
} from 'memspan/posix';
import { print } from './terminal.ts';

// struct shared: the mutex, then the counter of 32 bits
const SIZE = sizeof.pthread_mutex_t + 4;

function map(fd: number): { mutex: pthread_mutex_t; counter: Int32Array } {
  const memory = mmap(null, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return {
    mutex: pthread_mutex_t(memory, 0),
    counter: new Int32Array(memory, sizeof.pthread_mutex_t, 1),
  };
}

function create(name: string): void {
  const fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600);
  ftruncate(fd, SIZE);
  pthread_mutex_init(map(fd).mutex, { pshared: PTHREAD_PROCESS_SHARED });
}

function add(name: string, times: number): void {
  const { mutex, counter } = map(shm_open(name, O_RDWR));
  for (let i = 0; i < times; i++) {
    pthread_mutex_lock(mutex);
    counter[0]!++;
    pthread_mutex_unlock(mutex);
  }
  print(`${counter[0]}`);
}

const [what = 'add', name = '/textbook-mutex', times = '100000'] = process.argv.slice(2);
if (what === 'create') create(name);
if (what === 'add') add(name, Number(times));
if (what === 'remove') shm_unlink(name);
