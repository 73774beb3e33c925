// Boost's interprocess_mutex: lock and unlock alone, and by two processes at once (contest.h).
//
//   cc -O2 -march=native -Wall -Wextra -Werror -pthread -flto -o boost-mutex boost-mutex.c boost.cc -lstdc++
#include "boost.h"
#include "contest.h"

static const char kUse[] = "boost-mutex alone|contest COUNT [--cpus PARENT,CHILD]";

struct page {
  OWN_LINE uint8_t mutex[128];
  struct contest contest;
};

int main(int argc, char** argv) {
  int cpu[2];
  char name[40];
  cpus_option(&argc, argv, cpu, kUse);
  if (argc != 3) usage(kUse);
  const bool contested = !strcmp(argv[1], "contest");
  if (!contested && strcmp(argv[1], "alone") != 0) usage(kUse);
  const uint32_t count = (uint32_t)number(argv[2], 1, 1u << 30, kUse);

  struct page* page = shared(sizeof *page);
  if (boost_mutex_size() > sizeof page->mutex) fail("the mutex is larger than its place");
  boost_mutex_make(page->mutex);
  if (start_child(cpu)) {
    if (contested) {
      contest_of_child(&page->contest, page->mutex, boost_mutex_lock, boost_mutex_unlock, count);
    }
    _exit(0);
  }
  snprintf(name, sizeof name, "boost-mutex %s", argv[1]);
  return contested ? contest(name, &page->contest, page->mutex, boost_mutex_lock,
                             boost_mutex_unlock, count)
                   : alone(name, page->mutex, boost_mutex_lock, boost_mutex_unlock, count);
}
