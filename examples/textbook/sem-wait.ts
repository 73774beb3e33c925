// Makes a semaphore of value 0 and waits for it.
//   sem-wait [NAME]

import { O_CREAT, O_EXCL, sem_close, sem_open, sem_unlink, sem_wait } from 'memspan/posix';
import { print } from './terminal.ts';

const name = process.argv[2] ?? '/textbook-semaphore';
const semaphore = sem_open(name, O_CREAT | O_EXCL, 0o600, 0);

print('waiting');
sem_wait(semaphore);
print('posted');

sem_close(semaphore);
sem_unlink(name);
