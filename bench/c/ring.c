// The best ring that C makes of shared memory: messages per second from one process to another.
//
// COUNT messages of SIZE bytes go through a ring of RINGBYTES (spsc.h). Both sides copy: the child
// from private memory into the ring, the parent from the ring into private memory. Both spin when
// there is nothing to do. Each side publishes its cursor after every message, or after every K.
// Every message is checked (message.h); the time is from the first to the last one received.
//
//   cc -std=gnu11 -O2 -march=native -Wall -Wextra -Werror -o ring ring.c
#include "message.h"
#include "spsc.h"

static const char kUse[] =
    "ring SIZE COUNT RINGBYTES [--batch K] [--cpus CONSUMER,PRODUCER]\n"
    "  SIZE >= 16; RINGBYTES a power of two >= 4096 and >= SIZE + 16";

struct page {
  struct spsc ring;
  OWN_LINE _Atomic uint32_t ready;  // 1: the producer is there, 2: it may start, 3: `sum` is said
  _Atomic uint64_t sum;
};

static void produce(struct page* page, struct spsc_end end, uint64_t size, uint64_t count,
                    uint64_t batch) {
  struct outbox box = outbox_open(size, count);
  page->ready = 1;
  await(&page->ready, 2);
  for (uint64_t i = 0, pending = 0; i < count; i++) {
    while (!spsc_try_send(&end, box.slot, size)) {
      spsc_publish(&end);
      spsc_spin(&end, spsc_record(size), UINT64_MAX);
    }
    if (++pending >= batch) {
      spsc_publish(&end);
      pending = 0;
    }
    outbox_sent(&box);
  }
  spsc_publish(&end);
  page->sum = box.sum;
  page->ready = 3;
}

static uint64_t consume(struct spsc_end end, uint64_t size, uint64_t count, uint64_t batch) {
  uint8_t* message = private_bytes(size);
  uint64_t sum = 0;
  for (uint64_t i = 0, pending = 0; i < count; i++) {
    int64_t length;
    while ((length = spsc_try_receive(&end, message, size)) < 0) {
      spsc_publish(&end);
      spsc_spin(&end, 1, UINT64_MAX);
    }
    if (++pending >= batch) {
      spsc_publish(&end);
      pending = 0;
    }
    if ((uint64_t)length != size) fail("a message has another length than was sent");
    sum += message_check(message, size, i);
  }
  return sum;
}

int main(int argc, char** argv) {
  int cpu[2];
  char name[40];
  cpus_option(&argc, argv, cpu, kUse);
  const char* batch_text = option(&argc, argv, "--batch", kUse);
  if (argc != 4) usage(kUse);
  const uint64_t batch = batch_text ? number(batch_text, 1, UINT32_MAX, kUse) : 1;
  const uint64_t size = number(argv[1], kMinMessage, 1u << 30, kUse);
  const uint64_t count = number(argv[2], 1, UINT64_MAX / size, kUse);
  const uint64_t ring_bytes = number(argv[3], spsc_record(size), (uint64_t)1 << 34, kUse);
  if (ring_bytes < kPage || ring_bytes & (ring_bytes - 1)) usage(kUse);

  struct page* page = shared(sizeof *page);
  uint8_t* bytes = spsc_map(ring_bytes);
  if (start_child(cpu)) {
    produce(page, spsc_open(&page->ring, bytes, ring_bytes, true), size, count, batch);
    _exit(0);
  }
  struct spsc_end end = spsc_open(&page->ring, bytes, ring_bytes, false);
  await(&page->ready, 1);
  const uint64_t start = now_ns();
  page->ready = 2;
  const uint64_t sum = consume(end, size, count, batch);
  const uint64_t ns = now_ns() - start;
  await(&page->ready, 3);
  if (sum != page->sum) fail("the bytes received are not the bytes sent");
  snprintf(name, sizeof name, "ring %llu", (unsigned long long)size);
  return finish(name, count, ns, count * size, 0);
}
