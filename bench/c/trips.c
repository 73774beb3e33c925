// Round trips of messages over two of the best rings that C makes (spsc.h): copied in and out on both sides, which poll.
//
//   cc -std=gnu11 -O2 -march=native -Wall -Wextra -Werror -o trips trips.c
#include "message.h"
#include "spsc.h"

static const char kUse[] = "trips SIZE COUNT [--cpus PARENT,CHILD]\n  SIZE >= 16";
enum { kRing = 65536, kStart = 2 };

struct page {
  struct spsc there, back;
  OWN_LINE _Atomic uint32_t ready;
};

static inline void put(struct spsc_end* end, const uint8_t* message, uint64_t size) {
  while (!spsc_try_send(end, message, size)) cpu_pause();
  spsc_publish(end);
}

static inline void get(struct spsc_end* end, uint8_t* message, uint64_t size) {
  while (spsc_try_receive(end, message, size) < 0) cpu_pause();
  spsc_publish(end);
}

static void echo(struct page* page, struct spsc_end in, struct spsc_end out, uint64_t size,
                 uint64_t count) {
  uint8_t* message = private_bytes(size);
  page->ready = 1;
  await(&page->ready, kStart);
  for (uint64_t i = 0; i < count; i++) {
    get(&in, message, size);
    put(&out, message, size);
  }
}

int main(int argc, char** argv) {
  int cpu[2];
  char name[40];
  cpus_option(&argc, argv, cpu, kUse);
  if (argc != 3) usage(kUse);
  const uint64_t size = number(argv[1], kMinMessage, kRing / 4, kUse);
  const uint64_t count = number(argv[2], 1, UINT32_MAX, kUse);

  struct page* page = shared(sizeof *page);
  uint8_t *there = spsc_map(kRing), *back = spsc_map(kRing);
  if (start_child(cpu)) {
    echo(page, spsc_open(&page->there, there, kRing, false),
         spsc_open(&page->back, back, kRing, true), size, count);
    _exit(0);
  }
  struct spsc_end out = spsc_open(&page->there, there, kRing, true);
  struct spsc_end in = spsc_open(&page->back, back, kRing, false);
  uint8_t* message = private_bytes(size);
  await(&page->ready, 1);
  const uint64_t start = now_ns();
  page->ready = kStart;
  for (uint64_t i = 0, seen; i < count; i++) {
    memcpy(message, &i, 8);
    put(&out, message, size);
    get(&in, message, size);
    memcpy(&seen, message, 8);
    if (seen != i) fail("the answer is not what was asked");
  }
  const uint64_t ns = now_ns() - start;
  snprintf(name, sizeof name, "trips %llu", (unsigned long long)size);
  return finish(name, count, ns, 0, 0);
}
