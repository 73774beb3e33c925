// What the benchmarks of locks share: a lock taken and given back alone, and by two processes at once.
//
// In a contest two processes loop over take, add one to two plain words (how often in all, and by this one),
// give back, until there were COUNT, after a tenth more that is not counted. None may be lost.
#ifndef MEMSPAN_CONTEST_H_
#define MEMSPAN_CONTEST_H_

#include "bench.h"

// Passed as constants to functions that are always inlined: no call through a pointer is measured.
typedef void step(void* lock);
#define INLINED static inline __attribute__((always_inline))

enum { kThere = 1, kWarm = 2, kStart = 3 };

struct contest {
  OWN_LINE uint32_t total;  // guarded by the lock, as is `by`
  uint32_t by[2];
  OWN_LINE _Atomic uint32_t ready;  // the child is there, has warmed up; the counting begins
};

INLINED void repeat(void* lock, step* take, step* give, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    take(lock);
    give(lock);
  }
}

INLINED int alone(const char* name, void* lock, step* take, step* give, uint32_t count) {
  repeat(lock, take, give, count / 10);
  const uint64_t start = now_ns();
  repeat(lock, take, give, count);
  return finish(name, count, now_ns() - start, 0, 0);
}

// Takes and gives back until there were `until` in all.
INLINED void contend(struct contest* c, int side, void* lock, step* take, step* give,
                     uint32_t until) {
  for (;;) {
    take(lock);
    const bool is_over = c->total >= until;
    if (!is_over) {
      c->total++;
      c->by[side]++;
    }
    give(lock);
    if (is_over) return;
  }
}

// For the child. One side may get all of the warm-up, so the counting waits for both.
INLINED void contest_of_child(struct contest* c, void* lock, step* take, step* give,
                              uint32_t count) {
  const uint32_t warm = count / 10;
  c->ready = kThere;
  contend(c, 1, lock, take, give, warm);
  c->ready = kWarm;
  while (c->ready < kStart) sched_yield();
  contend(c, 1, lock, take, give, warm + count);
}

INLINED int contest(const char* name, struct contest* c, void* lock, step* take, step* give,
                    uint32_t count) {
  const uint32_t warm = count / 10;
  while (c->ready < kThere) sched_yield();
  contend(c, 0, lock, take, give, warm);
  while (c->ready < kWarm) sched_yield();
  const uint32_t before = c->by[0];
  const uint64_t start = now_ns();
  c->ready = kStart;
  contend(c, 0, lock, take, give, warm + count);
  const uint64_t ns = now_ns() - start;
  const uint32_t own = c->by[0] - before;
  if (c->by[0] + c->by[1] != warm + count) fail("the lock let both in at once");
  return finish(name, count, ns, 0, (double)(own > count - own ? own : count - own) / count);
}

#endif  // MEMSPAN_CONTEST_H_
