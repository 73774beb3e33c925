// The newest of values that a full-speed writer publishes: how often per second another process reads it whole.
//
// A sequence lock over BUFFERS buffers (Linux, seqlock.h): value s is copied into buffer s % BUFFERS and published by storing
// s; a reader copies the newest one and looks again. With one buffer it is the textbook's: the sequence is odd while the
// writer writes, and the reader begins anew until it was even and the same: under a full-speed writer it may not come to an end
// (64 KiB: not in a minute). A value has its number in all bytes; the first and the last are compared.
//
//   cc -std=gnu11 -O2 -march=native -Wall -Wextra -Werror -o latest latest.c
#include "bench.h"

static const char kUse[] = "latest SIZE COUNT BUFFERS [--cpus READER,WRITER]";

enum { kLines = 64 };

struct page {
  OWN_LINE _Atomic uint64_t published;  // with one buffer: twice that, odd while it is written
  OWN_LINE _Atomic uint32_t is_over;
  OWN_LINE uint8_t buffers[];
};

static uint64_t stride_of(uint64_t size) { return (size + 127) & ~(uint64_t)127; }

static void write_until_over(struct page* page, uint64_t size, uint64_t buffers) {
  uint8_t* lines = malloc(kLines * size);
  if (!lines) fail("out of memory");
  for (uint64_t i = 0; i < kLines; i++) memset(lines + i * size, (int)i, size);
  const uint64_t stride = stride_of(size);
  for (uint64_t s = 1; !atomic_load_explicit(&page->is_over, memory_order_relaxed); s++) {
    const uint8_t* line = lines + s % kLines * size;
    if (buffers == 1) {
      atomic_store_explicit(&page->published, 2 * s - 1, memory_order_relaxed);
      atomic_thread_fence(memory_order_release);
      memcpy(page->buffers, line, size);
      atomic_store_explicit(&page->published, 2 * s, memory_order_release);
    } else {
      atomic_thread_fence(memory_order_release);
      memcpy(page->buffers + s % buffers * stride, line, size);
      atomic_store_explicit(&page->published, s, memory_order_release);
    }
  }
}

static void read_one(struct page* page, uint8_t* copy, uint64_t size, uint64_t buffers) {
  const uint64_t stride = stride_of(size);
  for (;;) {
    const uint64_t s = atomic_load_explicit(&page->published, memory_order_acquire);
    if (buffers == 1 && s % 2 != 0) {
      cpu_pause();
      continue;
    }
    memcpy(copy, page->buffers + (buffers == 1 ? 0 : s % buffers * stride), size);
    atomic_thread_fence(memory_order_acquire);
    const uint64_t now = atomic_load_explicit(&page->published, memory_order_relaxed);
    if (buffers == 1 ? now == s : now - s <= buffers - 2) break;
  }
  if (copy[0] != copy[size - 1]) fail("read half of a value");
}

int main(int argc, char** argv) {
  int cpu[2];
  cpus_option(&argc, argv, cpu, kUse);
  if (argc != 4) usage(kUse);
  const uint64_t size = number(argv[1], 1, 1 << 26, kUse);
  const uint64_t count = number(argv[2], 1, 1u << 30, kUse);
  const uint64_t buffers = number(argv[3], 1, 1024, kUse);

  struct page* page = shared(sizeof *page + buffers * stride_of(size));
  if (start_child(cpu)) {
    write_until_over(page, size, buffers);
    _exit(0);
  }
  uint8_t* copy = calloc(1, size);
  if (!copy) fail("out of memory");
  while (page->published < 1000) sched_yield();
  for (uint64_t i = 0; i < count / 10; i++) read_one(page, copy, size, buffers);
  const uint64_t start = now_ns();
  for (uint64_t i = 0; i < count; i++) read_one(page, copy, size, buffers);
  const uint64_t ns = now_ns() - start;
  page->is_over = 1;
  return finish("latest", count, ns, 0, 0);
}
