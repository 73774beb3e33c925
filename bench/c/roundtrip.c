// Round trips between two processes: how long until the other one has seen a word and answered.
//
// The parent stores i in `ping`, the child answers with i in `pong`; each word has a line of its
// own in one shared anonymous page. `spin`: both look all the time. `futex`: both go straight to
// sleep in a shared FUTEX_WAIT until the other's FUTEX_WAKE, so a round trip is two sleeps and two
// wake-ups (across cores: pin them, unpinned ones drift onto one cpu). `futex-onecore`: the same
// with both on one cpu. `spin-calibrate`: 50 ms of `spin`, to see how near to each other the two
// cpus are just now.
//
//   cc -std=gnu11 -O2 -march=native -Wall -Wextra -Werror -o roundtrip roundtrip.c
#include "bench.h"

static const char kUse[] =
    "roundtrip spin N | futex N | futex-onecore N | spin-calibrate  [--cpus PARENT,CHILD]";
enum { kCalibrateNs = 50 * 1000 * 1000, kLookAtClock = 64 };
static const uint32_t kStop = UINT32_MAX;

struct page {
  OWN_LINE _Atomic uint32_t ping;
  OWN_LINE _Atomic uint32_t pong;
};

// Waits until the word is no longer `old`; returns what it is now.
static inline uint32_t changed(_Atomic uint32_t* word, uint32_t old, bool sleeps) {
  uint32_t seen;
  while ((seen = atomic_load_explicit(word, memory_order_acquire)) == old) {
    if (sleeps) {
      syscall(SYS_futex, word, FUTEX_WAIT, old, NULL, NULL, 0);
    } else {
      cpu_pause();
    }
  }
  return seen;
}

static inline void tell(_Atomic uint32_t* word, uint32_t value, bool sleeps) {
  atomic_store_explicit(word, value, memory_order_release);
  if (sleeps) syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void answer(struct page* page, bool sleeps) {
  for (uint32_t seen = 0; (seen = changed(&page->ping, seen, sleeps)) != kStop;) {
    tell(&page->pong, seen, sleeps);
  }
}

// Asks `count` times more, after `last` times so far.
static void ask(struct page* page, uint32_t last, uint32_t count, bool sleeps) {
  for (uint32_t i = last + 1; i <= last + count; i++) {
    tell(&page->ping, i, sleeps);
    if (changed(&page->pong, i - 1, sleeps) != i) fail("the answer is not what was asked");
  }
}

int main(int argc, char** argv) {
  int cpu[2];
  char name[40];
  cpus_option(&argc, argv, cpu, kUse);
  if (argc < 2) usage(kUse);
  const char* mode = argv[1];
  const bool calibrate = !strcmp(mode, "spin-calibrate"), onecore = !strcmp(mode, "futex-onecore");
  const bool sleeps = onecore || !strcmp(mode, "futex");
  if (!calibrate && !sleeps && strcmp(mode, "spin") != 0) usage(kUse);
  if (argc != (calibrate ? 2 : 3)) usage(kUse);
  uint32_t n = calibrate ? 0 : (uint32_t)number(argv[2], 1, kStop - 2, kUse);
  if (onecore) cpu[0] = cpu[1] = cpu[0] < 0 ? sched_getcpu() : cpu[0];

  struct page* page = shared(sizeof *page);
  if (start_child(cpu)) {
    answer(page, sleeps);
    _exit(0);
  }
  ask(page, 0, 1, sleeps);  // not counted: the child is there now
  const uint64_t start = now_ns();
  if (calibrate) {
    for (; now_ns() - start < kCalibrateNs; n += kLookAtClock) {
      ask(page, n + 1, kLookAtClock, sleeps);
    }
  } else {
    ask(page, 1, n, sleeps);
  }
  const uint64_t ns = now_ns() - start;
  tell(&page->ping, kStop, sleeps);
  snprintf(name, sizeof name, "roundtrip %s", mode);
  return finish(name, n, ns, 0, 0);
}
