// Opens the semaphore of sem-wait and posts: the one that waits goes on.
//   sem-post [NAME]

import { sem_close, sem_open, sem_post } from 'memspan/posix';

const semaphore = sem_open(process.argv[2] ?? '/textbook-semaphore', 0);
sem_post(semaphore);
sem_close(semaphore);
