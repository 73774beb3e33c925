// Opens the semaphore of sem-wait and posts: the one that waits goes on.
//   sem-post [NAME]
#include <semaphore.h>

#include "terminal.h"

int main(int argc, char** argv) {
  sem_t* semaphore = sem_open(argc > 1 ? argv[1] : "/textbook-semaphore", 0);
  must(semaphore != SEM_FAILED, "sem_open");
  must(sem_post(semaphore) == 0, "sem_post");
  sem_close(semaphore);
  return 0;
}
