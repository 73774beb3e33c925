// POSIX semaphores for several processes (sem_t): one of one permit, taken and given back alone and by two
// processes at once (contest.h); and two of no permits, a round trip: the parent posts one and waits for the other.
//
//   cc -std=gnu11 -O2 -march=native -Wall -Wextra -Werror -pthread -o semaphore semaphore.c
#include "contest.h"

static const char kUse[] = "semaphore alone|contest|pingpong COUNT [--cpus PARENT,CHILD]";

struct page {
  OWN_LINE sem_t permit;
  OWN_LINE sem_t there;
  OWN_LINE sem_t back;
  struct contest contest;
};

static inline void acquire(void* semaphore) {
  while (sem_wait(semaphore)) {
    if (errno != EINTR) fail("cannot wait");
  }
}

static inline void release(void* semaphore) {
  if (sem_post(semaphore)) fail("cannot post");
}

static void echo(struct page* page, uint32_t trips) {
  for (uint32_t i = 0; i < trips; i++) {
    acquire(&page->there);
    release(&page->back);
  }
}

static void travel(struct page* page, uint32_t trips) {
  for (uint32_t i = 0; i < trips; i++) {
    release(&page->there);
    acquire(&page->back);
  }
}

static int pingpong(const char* name, struct page* page, uint32_t count) {
  travel(page, count / 10);
  const uint64_t start = now_ns();
  travel(page, count);
  return finish(name, count, now_ns() - start, 0, 0);
}

int main(int argc, char** argv) {
  int cpu[2];
  char name[40];
  cpus_option(&argc, argv, cpu, kUse);
  if (argc != 3) usage(kUse);
  const bool contested = !strcmp(argv[1], "contest"), trips = !strcmp(argv[1], "pingpong");
  if (!contested && !trips && strcmp(argv[1], "alone") != 0) usage(kUse);
  const uint32_t count = (uint32_t)number(argv[2], 1, 1u << 30, kUse);

  struct page* page = shared(sizeof *page);
  if (sem_init(&page->permit, 1, 1) || sem_init(&page->there, 1, 0) ||
      sem_init(&page->back, 1, 0)) {
    fail("cannot make the semaphores");
  }
  if (start_child(cpu)) {
    if (contested) contest_of_child(&page->contest, &page->permit, acquire, release, count);
    if (trips) echo(page, count / 10 + count);
    _exit(0);
  }
  snprintf(name, sizeof name, "semaphore %s", argv[1]);
  if (trips) return pingpong(name, page, count);
  return contested ? contest(name, &page->contest, &page->permit, acquire, release, count)
                   : alone(name, &page->permit, acquire, release, count);
}
