// Boost's message_queue. `copy`: COUNT messages of SIZE bytes from one process to another, checked as ring.c does. `trips`: there and
// back over two queues, both sides polling (`try_send`, `try_receive`). `two`: two producers on one processor, two consumers
// on the other, as queue.c has it.
//
//   cc -O2 -march=native -Wall -Wextra -Werror -pthread -flto -o boost-queue boost-queue.c boost.cc -lstdc++
#include "boost.h"
#include "message.h"

static const char kUse[] =
    "boost-queue copy|trips|two SIZE COUNT CAPACITY [--cpus CONSUMER,PRODUCER]\n  SIZE >= 16";
enum { kStart = 100, kSumSaid = 101 };

struct page {
  OWN_LINE _Atomic uint32_t ready;  // how many producers are there; then kStart
  _Atomic uint64_t sum;
  OWN_LINE _Atomic int64_t left;  // `two`: how many are still to be taken
};

static uint64_t size, count;
static void *there, *back;

static void produce_checked(struct page* page) {
  struct outbox box = outbox_open(size, count);
  page->ready++;
  await(&page->ready, kStart);
  for (uint64_t i = 0; i < count; i++) {
    boost_queue_send(there, box.slot, size);
    outbox_sent(&box);
  }
  page->sum = box.sum;
  page->ready = kSumSaid;
}

static void consume_checked(struct page* page) {
  uint8_t* message = private_bytes(size);
  uint64_t sum = 0;
  for (uint64_t i = 0; i < count; i++) {
    if (boost_queue_receive(there, message, size) != size) fail("a message has another length");
    sum += message_check(message, size, i);
  }
  await(&page->ready, kSumSaid);
  if (sum != page->sum) fail("the bytes received are not the bytes sent");
}

static void put(void* queue, const uint8_t* message) {
  while (!boost_queue_try_send(queue, message, size)) cpu_pause();
}

static void get(void* queue, uint8_t* message) {
  while (!boost_queue_try_receive(queue, message, size)) cpu_pause();
}

static void echo(struct page* page) {
  uint8_t* message = private_bytes(size);
  page->ready++;
  await(&page->ready, kStart);
  for (uint64_t i = 0; i < count; i++) {
    get(there, message);
    put(back, message);
  }
}

static void travel(void) {
  uint8_t* message = private_bytes(size);
  for (uint64_t i = 0, seen; i < count; i++) {
    memcpy(message, &i, 8);
    put(there, message);
    get(back, message);
    memcpy(&seen, message, 8);
    if (seen != i) fail("the answer is not what was asked");
  }
}

static void produce_half(struct page* page, uint64_t first) {
  uint8_t* message = private_bytes(size);
  page->ready++;
  await(&page->ready, kStart);
  for (uint64_t i = first; i < count; i += 2) {
    memcpy(message, &i, 8);
    boost_queue_send(there, message, size);
  }
}

static void consume_some(struct page* page) {
  uint8_t* message = private_bytes(size);
  uint64_t sum = 0, seen;
  while (page->left-- > 0) {
    boost_queue_receive(there, message, size);
    memcpy(&seen, message, 8);
    sum += seen;
  }
  page->sum += sum;
}

static void work_of_child(struct page* page, const char* mode) {
  if (!strcmp(mode, "copy")) {
    produce_checked(page);
  } else if (!strcmp(mode, "trips")) {
    echo(page);
  } else {
    const pid_t other = another();
    produce_half(page, other == 0 ? 1 : 0);
    if (other) reap(other);
  }
}

static void work_of_parent(struct page* page, const char* mode) {
  if (!strcmp(mode, "copy")) {
    consume_checked(page);
  } else if (!strcmp(mode, "trips")) {
    travel();
  } else {
    const pid_t other = another();
    consume_some(page);
    if (other == 0) _exit(0);
    reap(other);
    if (page->sum != count * (count - 1) / 2) fail("a message is lost or repeated");
  }
}

static void* queue_make(const char* name, uint64_t capacity) {
  char whole[60];
  snprintf(whole, sizeof whole, "memspan-bench-%d-%s", (int)getpid(), name);
  void* queue = boost_queue_make(whole, capacity, size);
  if (!queue) fail("cannot make the queue");
  return queue;
}

int main(int argc, char** argv) {
  int cpu[2];
  char name[40];
  cpus_option(&argc, argv, cpu, kUse);
  if (argc != 5) usage(kUse);
  const char* mode = argv[1];
  if (strcmp(mode, "copy") != 0 && strcmp(mode, "trips") != 0 && strcmp(mode, "two") != 0) {
    usage(kUse);
  }
  size = number(argv[2], kMinMessage, 1u << 24, kUse);
  count = number(argv[3], 1, 1u << 30, kUse);
  const uint64_t capacity = number(argv[4], 1, 1u << 20, kUse);

  struct page* page = shared(sizeof *page);
  page->left = (int64_t)count;
  there = queue_make("there", capacity);
  back = queue_make("back", capacity);
  if (start_child(cpu)) {
    work_of_child(page, mode);
    _exit(0);
  }
  await(&page->ready, !strcmp(mode, "two") ? 2 : 1);
  const uint64_t start = now_ns();
  page->ready = kStart;
  work_of_parent(page, mode);
  const uint64_t ns = now_ns() - start;
  snprintf(name, sizeof name, "boost-queue %s %llu", mode, (unsigned long long)size);
  return finish(name, count, ns, 0, 0);
}
