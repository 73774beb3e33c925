// glibc's mutexes for several processes: lock and unlock alone, and by two processes at once (contest.h).
//
//   cc -std=gnu11 -O2 -march=native -Wall -Wextra -Werror -pthread -o mutex mutex.c
#include "contest.h"

static const char kUse[] = "mutex shared|robust alone|contest COUNT [--cpus PARENT,CHILD]";

struct page {
  OWN_LINE pthread_mutex_t mutex;
  struct contest contest;
};

static void mutex_init(pthread_mutex_t* mutex, bool robust) {
  pthread_mutexattr_t kind;
  if (pthread_mutexattr_init(&kind) ||
      pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED) ||
      (robust && pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST)) ||
      pthread_mutex_init(mutex, &kind)) {
    fail("cannot make the mutex");
  }
}

static inline void lock(void* mutex) {
  if (pthread_mutex_lock(mutex)) fail("cannot lock");
}

static inline void unlock(void* mutex) {
  if (pthread_mutex_unlock(mutex)) fail("cannot unlock");
}

int main(int argc, char** argv) {
  int cpu[2];
  char name[40];
  cpus_option(&argc, argv, cpu, kUse);
  if (argc != 4) usage(kUse);
  const bool robust = !strcmp(argv[1], "robust"), contested = !strcmp(argv[2], "contest");
  if (!robust && strcmp(argv[1], "shared") != 0) usage(kUse);
  if (!contested && strcmp(argv[2], "alone") != 0) usage(kUse);
  const uint32_t count = (uint32_t)number(argv[3], 1, 1u << 30, kUse);

  struct page* page = shared(sizeof *page);
  mutex_init(&page->mutex, robust);
  if (start_child(cpu)) {
    if (contested) contest_of_child(&page->contest, &page->mutex, lock, unlock, count);
    _exit(0);
  }
  snprintf(name, sizeof name, "mutex %s %s", argv[1], argv[2]);
  return contested ? contest(name, &page->contest, &page->mutex, lock, unlock, count)
                   : alone(name, &page->mutex, lock, unlock, count);
}
