// glibc's reader-writer lock for several processes: taken and given back to write, alone; to read, alone; and to
// read, by two processes at once.
//
// A reader looks at a pair of words. `readers`: the parent does so COUNT times, and what the child has done
// meanwhile counts, too; the child goes on until then.
//
//   cc -std=gnu11 -O2 -march=native -Wall -Wextra -Werror -pthread -o rwlock rwlock.c
#include "contest.h"

static const char kUse[] = "rwlock read|write|readers COUNT [--cpus PARENT,CHILD]";

struct page {
  OWN_LINE pthread_rwlock_t lock;
  OWN_LINE uint32_t pair[2];        // guarded by the lock
  OWN_LINE _Atomic uint32_t reads;  // by the child
  OWN_LINE _Atomic uint32_t is_over;
};

static inline void read_lock(void* lock) {
  if (pthread_rwlock_rdlock(lock)) fail("cannot lock to read");
}

static inline void write_lock(void* lock) {
  if (pthread_rwlock_wrlock(lock)) fail("cannot lock to write");
}

static inline void unlock(void* lock) {
  if (pthread_rwlock_unlock(lock)) fail("cannot unlock");
}

static inline void read_pair(struct page* page) {
  read_lock(&page->lock);
  volatile uint32_t* pair = page->pair;
  if (pair[0] != pair[1]) fail("read half of a pair");
  unlock(&page->lock);
}

static void read_until_over(struct page* page) {
  for (uint32_t reads = 1; !atomic_load_explicit(&page->is_over, memory_order_relaxed); reads++) {
    read_pair(page);
    atomic_store_explicit(&page->reads, reads, memory_order_relaxed);
  }
}

static int read_some(const char* name, struct page* page, uint32_t count, bool two) {
  while (two && page->reads == 0) sched_yield();
  for (uint32_t i = 0; i < count / 10; i++) read_pair(page);
  const uint32_t before = page->reads;
  const uint64_t start = now_ns();
  for (uint32_t i = 0; i < count; i++) read_pair(page);
  const uint64_t ns = now_ns() - start;
  const uint32_t others = page->reads - before;
  page->is_over = 1;
  return finish(name, (uint64_t)count + others, ns, 0, 0);
}

int main(int argc, char** argv) {
  int cpu[2];
  char name[40];
  pthread_rwlockattr_t kind;
  cpus_option(&argc, argv, cpu, kUse);
  if (argc != 3) usage(kUse);
  const bool writes = !strcmp(argv[1], "write"), two = !strcmp(argv[1], "readers");
  if (!writes && !two && strcmp(argv[1], "read") != 0) usage(kUse);
  const uint32_t count = (uint32_t)number(argv[2], 1, 1u << 30, kUse);

  struct page* page = shared(sizeof *page);
  if (pthread_rwlockattr_init(&kind) ||
      pthread_rwlockattr_setpshared(&kind, PTHREAD_PROCESS_SHARED) ||
      pthread_rwlock_init(&page->lock, &kind)) {
    fail("cannot make the lock");
  }
  if (start_child(cpu)) {
    if (two) read_until_over(page);
    _exit(0);
  }
  snprintf(name, sizeof name, "rwlock %s", argv[1]);
  return writes ? alone(name, &page->lock, write_lock, unlock, count)
                : read_some(name, page, count, two);
}
