// iceoryx through its C API: messages that are loaned, written, published, taken and released, both processes polling. It needs RouDi,
// with a pool whose chunks hold SIZE bytes: QUEUE of them and some more (bench/roudi.ts).
//
// `trips`: there and back, COUNT times. `copy`: one way, copied in from private memory and out into private memory, and checked, as
// ring.c does. `hand`: one way, only a number is written and looked at. A full queue has the publisher wait.
//
//   cc -std=gnu11 -O2 -march=native -Wall -Wextra -Werror -pthread -I/usr/include/iceoryx/v2.0.3 -o iceoryx iceoryx.c
//   -liceoryx_binding_c
#define _GNU_SOURCE  // as in bench.h, which comes later
#include <iceoryx_binding_c/enums.h>
#include <iceoryx_binding_c/log.h>
#include <iceoryx_binding_c/publisher.h>
#include <iceoryx_binding_c/runtime.h>
#include <iceoryx_binding_c/subscriber.h>
#include <iceoryx_binding_c/types.h>

#include "message.h"

static const char kUse[] = "iceoryx trips|copy|hand SIZE COUNT QUEUE NAME [--cpus PARENT,CHILD]";
enum { kThere = 1, kReady = 2, kSumSaid = 3 };

struct page {
  _Atomic uint32_t ready;
  _Atomic uint64_t sum;
};

struct ends {
  iox_pub_storage_t pub_storage;
  iox_sub_storage_t sub_storage;
  iox_pub_t pub;
  iox_sub_t sub;
};

// Each side publishes under its own name and subscribes to the other's. NAME is of this run, and begins the names of both processes.
static void ends_open(struct ends* e, const char* run, const char* own, const char* other,
                      uint64_t queue) {
  char name[80];
  snprintf(name, sizeof name, "%s-%s", run, own);
  iox_set_loglevel(Iceoryx_LogLevel_Error);
  iox_runtime_init(name);
  iox_pub_options_t pub;
  iox_pub_options_init(&pub);
  pub.subscriberTooSlowPolicy = ConsumerTooSlowPolicy_WAIT_FOR_CONSUMER;
  e->pub = iox_pub_init(&e->pub_storage, "memspan-bench", run, own, &pub);
  iox_sub_options_t sub;
  iox_sub_options_init(&sub);
  sub.queueCapacity = queue;
  sub.queueFullPolicy = QueueFullPolicy_BLOCK_PRODUCER;
  e->sub = iox_sub_init(&e->sub_storage, "memspan-bench", run, other, &sub);
  while (!iox_pub_has_subscribers(e->pub) ||
         iox_sub_get_subscription_state(e->sub) != SubscribeState_SUBSCRIBED) {
    sched_yield();
  }
}

// The runtime is left to exit: after iox_runtime_shutdown, too, about one run in fifteen never ended, the child waiting for an
// answer of RouDi's.
static void ends_close(struct ends* e) {
  iox_sub_deinit(e->sub);
  iox_pub_deinit(e->pub);
}

static inline void* loan(struct ends* e, uint64_t size) {
  void* chunk;
  // All chunks are in the queue, or held by the reader.
  while (iox_pub_loan_chunk(e->pub, &chunk, (uint32_t)size) != AllocationResult_SUCCESS) {
    cpu_pause();
  }
  return chunk;
}

static inline const void* take(struct ends* e) {
  const void* chunk;
  while (iox_sub_take_chunk(e->sub, &chunk) != ChunkReceiveResult_SUCCESS) cpu_pause();
  return chunk;
}

// One message with that number, of which nothing else is written.
static inline void hand(struct ends* e, uint64_t size, uint64_t number) {
  uint64_t* chunk = loan(e, size);
  *chunk = number;
  iox_pub_publish_chunk(e->pub, chunk);
}

static inline void expect(struct ends* e, uint64_t number) {
  const uint64_t* chunk = take(e);
  if (*chunk != number) fail("a message is lost or repeated");
  iox_sub_release_chunk(e->sub, chunk);
}

static inline void send_copy(struct ends* e, struct outbox* box) {
  void* chunk = loan(e, box->size);
  memcpy(chunk, box->slot, box->size);
  iox_pub_publish_chunk(e->pub, chunk);
  outbox_sent(box);
}

static inline uint64_t receive_copy(struct ends* e, uint8_t* message, uint64_t size, uint64_t i) {
  const void* chunk = take(e);
  memcpy(message, chunk, size);
  iox_sub_release_chunk(e->sub, chunk);
  return message_check(message, size, i);
}

static void work_of_child(struct page* page, struct ends* e, const char* mode, uint64_t size,
                          uint64_t count) {
  if (!strcmp(mode, "trips")) {
    for (uint64_t i = 0; i < count; i++) {
      expect(e, i);
      hand(e, size, i);
    }
  } else if (!strcmp(mode, "hand")) {
    for (uint64_t i = 0; i < count; i++) hand(e, size, i);
  } else {
    struct outbox box = outbox_open(size, count);
    for (uint64_t i = 0; i < count; i++) send_copy(e, &box);
    page->sum = box.sum;
  }
  page->ready = kSumSaid;
}

static uint64_t work_of_parent(struct ends* e, const char* mode, uint64_t size, uint64_t count) {
  uint64_t sum = 0;
  if (!strcmp(mode, "trips")) {
    for (uint64_t i = 0; i < count; i++) {
      hand(e, size, i);
      expect(e, i);
    }
  } else if (!strcmp(mode, "hand")) {
    for (uint64_t i = 0; i < count; i++) expect(e, i);
  } else {
    uint8_t* message = private_bytes(size);
    for (uint64_t i = 0; i < count; i++) sum += receive_copy(e, message, size, i);
  }
  return sum;
}

int main(int argc, char** argv) {
  int cpu[2];
  char name[40];
  cpus_option(&argc, argv, cpu, kUse);
  if (argc != 6 || strlen(argv[5]) > 60) usage(kUse);
  const char* mode = argv[1];
  if (strcmp(mode, "trips") != 0 && strcmp(mode, "copy") != 0 && strcmp(mode, "hand") != 0) {
    usage(kUse);
  }
  const uint64_t size = number(argv[2], kMinMessage, 1u << 30, kUse);
  const uint64_t count = number(argv[3], 1, UINT32_MAX, kUse);
  const uint64_t queue = number(argv[4], 1, 256, kUse);

  struct page* page = shared(sizeof *page);
  const char* run = argv[5];
  static struct ends ends;
  if (start_child(cpu)) {
    ends_open(&ends, run, "child", "parent", queue);
    page->ready = kThere;
    await(&page->ready, kReady);
    work_of_child(page, &ends, mode, size, count);
    ends_close(&ends);
    exit(0);  // RouDi is told then that it is gone
  }
  ends_open(&ends, run, "parent", "child", queue);
  await(&page->ready, kThere);
  const uint64_t start = now_ns();
  page->ready = kReady;
  const uint64_t sum = work_of_parent(&ends, mode, size, count);
  const uint64_t ns = now_ns() - start;
  await(&page->ready, kSumSaid);
  if (sum != page->sum) fail("the bytes received are not the bytes sent");
  ends_close(&ends);
  snprintf(name, sizeof name, "iceoryx %s %llu", mode, (unsigned long long)size);
  return finish(name, count, ns, 0, 0);
}
