// A counter with a mutex before it, in one named object; who adds holds the mutex, and a plain ++ will do.
//   mutex create|add|remove [NAME [TIMES]]
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "terminal.h"

struct shared {
  pthread_mutex_t mutex;
  int32_t counter;
};

static struct shared* map(int fd) {
  must(fd >= 0, "shm_open");
  struct shared* shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  must(shared != MAP_FAILED, "mmap");
  close(fd);
  return shared;
}

static void create(const char* name) {
  const int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  must(fd >= 0 && ftruncate(fd, sizeof(struct shared)) == 0, "shm_open, ftruncate");
  struct shared* shared = map(fd);
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&shared->mutex, &attributes);
}

static void add(const char* name, int times) {
  struct shared* shared = map(shm_open(name, O_RDWR, 0));
  for (int i = 0; i < times; i++) {
    pthread_mutex_lock(&shared->mutex);
    shared->counter++;
    pthread_mutex_unlock(&shared->mutex);
  }
  printf("%d\n", shared->counter);
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "add";
  const char* name = argc > 2 ? argv[2] : "/textbook-mutex";
  if (strcmp(what, "create") == 0) create(name);
  if (strcmp(what, "add") == 0) add(name, argc > 3 ? atoi(argv[3]) : 100000);
  if (strcmp(what, "remove") == 0) must(shm_unlink(name) == 0, "shm_unlink");
  return 0;
}
