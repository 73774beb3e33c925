// glibc's mutexes for several processes: lock and unlock alone, and by two processes at once.
//
// `alone`: one process locks and unlocks COUNT times; the other one is not there. `contest`: two processes
// loop over lock, add one to two plain words (how often in all, and by this one), unlock, until there were
// COUNT, after a tenth more that is not counted. None may be lost.
//
//   cc -std=gnu11 -O2 -march=native -Wall -Wextra -Werror -pthread -o mutex mutex.c
#include "bench.h"

static const char kUse[] = "mutex shared|robust alone|contest COUNT [--cpus PARENT,CHILD]";

enum { kThere = 1, kWarm = 2, kStart = 3 };

struct page {
  OWN_LINE pthread_mutex_t mutex;
  OWN_LINE uint32_t total;  // guarded by the mutex, as is `by`
  uint32_t by[2];
  OWN_LINE _Atomic uint32_t ready;  // the child is there, has warmed up; the counting begins
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

static inline void lock(pthread_mutex_t* mutex) {
  if (pthread_mutex_lock(mutex)) fail("cannot lock");
}

static inline void unlock(pthread_mutex_t* mutex) {
  if (pthread_mutex_unlock(mutex)) fail("cannot unlock");
}

// Locks and unlocks until there were `until` in all.
static void contend(struct page* page, int side, uint32_t until) {
  for (;;) {
    lock(&page->mutex);
    const bool is_over = page->total >= until;
    if (!is_over) {
      page->total++;
      page->by[side]++;
    }
    unlock(&page->mutex);
    if (is_over) return;
  }
}

static int alone(struct page* page, const char* name, uint32_t count) {
  for (uint32_t i = 0; i < count / 10; i++) {
    lock(&page->mutex);
    unlock(&page->mutex);
  }
  const uint64_t start = now_ns();
  for (uint32_t i = 0; i < count; i++) {
    lock(&page->mutex);
    unlock(&page->mutex);
  }
  return finish(name, count, now_ns() - start, 0, 0);
}

// For the child. One side may get all of the warm-up, so the counting waits for both.
static void contest_of_child(struct page* page, uint32_t warm, uint32_t count) {
  page->ready = kThere;
  contend(page, 1, warm);
  page->ready = kWarm;
  while (page->ready < kStart) sched_yield();
  contend(page, 1, warm + count);
}

static int contest(struct page* page, const char* name, uint32_t warm, uint32_t count) {
  while (page->ready < kThere) sched_yield();
  contend(page, 0, warm);
  while (page->ready < kWarm) sched_yield();
  const uint32_t before = page->by[0];
  const uint64_t start = now_ns();
  page->ready = kStart;
  contend(page, 0, warm + count);
  const uint64_t ns = now_ns() - start;
  const uint32_t own = page->by[0] - before;
  if (page->by[0] + page->by[1] != warm + count) fail("the mutex let both in at once");
  return finish(name, count, ns, 0, (double)(own > count - own ? own : count - own) / count);
}

int main(int argc, char** argv) {
  int cpu[2];
  char name[40];
  cpus_option(&argc, argv, cpu, kUse);
  if (argc != 4) usage(kUse);
  const bool robust = !strcmp(argv[1], "robust"), contested = !strcmp(argv[2], "contest");
  if (!robust && strcmp(argv[1], "shared") != 0) usage(kUse);
  if (!contested && strcmp(argv[2], "alone") != 0) usage(kUse);
  const uint32_t count = (uint32_t)number(argv[3], 1, 1u << 30, kUse), warm = count / 10;

  struct page* page = shared(sizeof *page);
  mutex_init(&page->mutex, robust);
  if (start_child(cpu)) {
    if (contested) contest_of_child(page, warm, count);
    _exit(0);
  }
  snprintf(name, sizeof name, "mutex %s %s", argv[1], argv[2]);
  return contested ? contest(page, name, warm, count) : alone(page, name, count);
}
