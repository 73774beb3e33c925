// A byte stream whose ends sleep: TOTAL bytes, CHUNK at a time, from one process to another.
//
// The chunks go through the ring of spsc.h, copied in by the child and out by the parent. Whoever
// finds it full (or empty) spins for 20 us, then sleeps in a shared futex: it arms its bell, looks
// once more, sleeps. The other rings only an armed bell, and a full ring's only when a quarter of
// it is free: nobody makes a syscall while the other is awake. The one going to sleep pays for the
// barrier of both (membarrier; 64 B: 185 M chunks/s, with a fence in each publish 50 M; where there
// is no membarrier the fences are used). Every chunk is checked (message.h); the time is from the
// first to the last one received.
//
//   cc -std=gnu11 -O2 -march=native -Wall -Wextra -Werror -o stream stream.c
#include <linux/membarrier.h>

#include "message.h"
#include "spsc.h"

static const char kUse[] =
    "stream TOTAL CHUNK RINGBYTES [--cpus CONSUMER,PRODUCER]\n"
    "  CHUNK >= 16; TOTAL a multiple of it; RINGBYTES a power of two >= 4096 and >= CHUNK + 16";
enum { kSpinNs = 20000 };

struct bell {
  OWN_LINE _Atomic uint32_t armed;  // 1: its owner sleeps, or is about to
  _Atomic uint64_t when;            // the cursor of the other at which to ring
};

struct page {
  struct spsc ring;
  struct bell producer, consumer;
  OWN_LINE _Atomic uint32_t ready;  // 1: the producer is there, 2: it may start, 3: `sum` is said
  _Atomic uint64_t sum;
};

static bool has_membarrier;  // decided before the fork, so the same on both sides

static inline void publish_and_ring(struct spsc_end* end, struct bell* other) {
  spsc_publish(end);
  if (has_membarrier) {
    atomic_signal_fence(memory_order_seq_cst);
  } else {
    atomic_thread_fence(memory_order_seq_cst);
  }
  if (atomic_load_explicit(&other->armed, memory_order_acquire) &&
      end->mine >= atomic_load_explicit(&other->when, memory_order_relaxed) &&
      atomic_exchange(&other->armed, 0)) {
    syscall(SYS_futex, &other->armed, FUTEX_WAKE, 1, NULL, NULL, 0);
  }
}

// Until there are `need` bytes to write or read.
static void wait_for(struct spsc_end* end, uint64_t need, struct bell* mine) {
  while (!spsc_spin(end, need, kSpinNs)) {
    const uint64_t quarter = end->size / 4;
    const uint64_t enough = end->room && need < quarter ? quarter : need;
    atomic_store_explicit(&mine->when, end->mine + enough - end->room, memory_order_relaxed);
    atomic_store_explicit(&mine->armed, 1, memory_order_seq_cst);
    if (has_membarrier) {
      syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0);
    } else {
      atomic_thread_fence(memory_order_seq_cst);
    }
    if (spsc_look(end) < enough) syscall(SYS_futex, &mine->armed, FUTEX_WAIT, 1, NULL, NULL, 0);
    atomic_store_explicit(&mine->armed, 0, memory_order_relaxed);
  }
}

static void produce(struct page* page, struct spsc_end end, uint64_t size, uint64_t count) {
  struct outbox box = outbox_open(size, count);
  page->ready = 1;
  await(&page->ready, 2);
  for (uint64_t i = 0; i < count; i++) {
    while (!spsc_try_send(&end, box.slot, size)) {
      wait_for(&end, spsc_record(size), &page->producer);
    }
    outbox_sent(&box);
    publish_and_ring(&end, &page->consumer);
  }
  page->sum = box.sum;
  page->ready = 3;
}

static uint64_t consume(struct page* page, struct spsc_end end, uint64_t size, uint64_t count) {
  uint8_t* chunk = private_bytes(size);
  uint64_t sum = 0;
  for (uint64_t i = 0; i < count; i++) {
    int64_t length;
    while ((length = spsc_try_receive(&end, chunk, size)) < 0) wait_for(&end, 1, &page->consumer);
    publish_and_ring(&end, &page->producer);
    if ((uint64_t)length != size) fail("a chunk has another length than was sent");
    sum += message_check(chunk, size, i);
  }
  return sum;
}

static void register_membarrier(void) {
  if (has_membarrier && syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0)) {
    fail("cannot register for membarrier");
  }
}

int main(int argc, char** argv) {
  int cpu[2];
  char name[40];
  cpus_option(&argc, argv, cpu, kUse);
  if (argc != 4) usage(kUse);
  const uint64_t size = number(argv[2], kMinMessage, 1u << 30, kUse);
  const uint64_t total = number(argv[1], size, INT64_MAX, kUse);
  const uint64_t ring_bytes = number(argv[3], spsc_record(size), (uint64_t)1 << 34, kUse);
  if (total % size || ring_bytes < kPage || ring_bytes & (ring_bytes - 1)) usage(kUse);
  const long barriers = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  has_membarrier = barriers > 0 && (barriers & MEMBARRIER_CMD_GLOBAL_EXPEDITED);

  struct page* page = shared(sizeof *page);
  uint8_t* bytes = spsc_map(ring_bytes);
  const bool child = start_child(cpu);
  register_membarrier();
  struct spsc_end end = spsc_open(&page->ring, bytes, ring_bytes, child);
  if (child) {
    produce(page, end, size, total / size);
    _exit(0);
  }
  await(&page->ready, 1);
  const uint64_t start = now_ns();
  page->ready = 2;
  const uint64_t sum = consume(page, end, size, total / size);
  const uint64_t ns = now_ns() - start;
  await(&page->ready, 3);
  if (sum != page->sum) fail("the bytes received are not the bytes sent");
  snprintf(name, sizeof name, "stream %llu", (unsigned long long)size);
  return finish(name, total / size, ns, total, 0);
}
