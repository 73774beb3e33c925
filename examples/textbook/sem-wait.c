// Makes a semaphore of value 0 and waits for it.
//   sem-wait [NAME]
#include <fcntl.h>
#include <semaphore.h>

#include "terminal.h"

int main(int argc, char** argv) {
  const char* name = argc > 1 ? argv[1] : "/textbook-semaphore";
  sem_t* semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
  must(semaphore != SEM_FAILED, "sem_open");

  printf("waiting\n");
  fflush(stdout);
  must(sem_wait(semaphore) == 0, "sem_wait");
  printf("posted\n");

  sem_close(semaphore);
  sem_unlink(name);
  return 0;
}
