// Parent and child count to 100,000 each, in one counter, in memory without a name.
//   counter plain|atomic [TIMES]
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "terminal.h"

struct shared {
  _Atomic int32_t counter;
  _Atomic int32_t ready;
};

static void count(struct shared* shared, int is_atomic, int times) {
  volatile int32_t* plain = (volatile int32_t*)&shared->counter;
  // Both at once, or there would be nothing to see.
  atomic_fetch_add(&shared->ready, 1);
  while (atomic_load(&shared->ready) < 2) {
  }
  for (int i = 0; i < times; i++) {
    if (is_atomic)
      atomic_fetch_add(&shared->counter, 1);
    else
      *plain = *plain + 1;  // load, add, store
  }
}

int main(int argc, char** argv) {
  const int is_atomic = argc > 1 && strcmp(argv[1], "atomic") == 0;
  const int times = argc > 2 ? atoi(argv[2]) : 100000;
  struct shared* shared =
      mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  must(shared != MAP_FAILED, "mmap");

  const pid_t child = fork();
  must(child >= 0, "fork");
  count(shared, is_atomic, times);
  if (child == 0) return 0;
  waitpid(child, NULL, 0);
  printf("%d of %d\n", shared->counter, 2 * times);
  return 0;
}
