// A bounded queue as one writes it in C: a ring of cells behind a process-shared mutex and two conditions.
//
// Two producer processes on one processor, two consumer processes on the other. COUNT messages of SIZE bytes, half of them
// from each producer; each side copies, between private memory and the cell, holding the mutex. Each message begins with its
// number: the consumers add them up, and nothing may be missing. The time is from the start to the last one received.
//
//   cc -std=gnu11 -O2 -march=native -Wall -Wextra -Werror -pthread -o queue queue.c
#include "message.h"

static const char kUse[] = "queue SIZE COUNT CAPACITY [--cpus CONSUMERS,PRODUCERS]\n  SIZE >= 16";

struct page {
  OWN_LINE pthread_mutex_t mutex;
  pthread_cond_t message, room;
  uint64_t head, tail, left;        // guarded: taken, put, and how many are still to be taken
  OWN_LINE _Atomic uint32_t ready;  // how many producers are there; then kStart
  _Atomic uint64_t sum;
};

enum { kStart = 100 };

static uint64_t size, capacity;
static uint8_t* cells;

static void init(struct page* page, uint64_t count) {
  pthread_mutexattr_t mutex;
  pthread_condattr_t condition;
  if (pthread_mutexattr_init(&mutex) ||
      pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED) ||
      pthread_mutex_init(&page->mutex, &mutex) || pthread_condattr_init(&condition) ||
      pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED) ||
      pthread_cond_init(&page->message, &condition) || pthread_cond_init(&page->room, &condition)) {
    fail("cannot make the mutex and its conditions");
  }
  page->left = count;
}

static void produce(struct page* page, uint64_t first, uint64_t count) {
  uint8_t* message = private_bytes(size);
  page->ready++;
  await(&page->ready, kStart);
  for (uint64_t i = first; i < count; i += 2) {
    memcpy(message, &i, 8);
    pthread_mutex_lock(&page->mutex);
    while (page->tail - page->head == capacity) pthread_cond_wait(&page->room, &page->mutex);
    memcpy(cells + page->tail++ % capacity * size, message, size);
    pthread_cond_signal(&page->message);
    pthread_mutex_unlock(&page->mutex);
  }
}

static void consume(struct page* page) {
  uint8_t* message = private_bytes(size);
  uint64_t sum = 0, number;
  for (;;) {
    pthread_mutex_lock(&page->mutex);
    while (page->tail == page->head && page->left) {
      pthread_cond_wait(&page->message, &page->mutex);
    }
    const bool is_over = page->left == 0;
    if (!is_over) {
      memcpy(message, cells + page->head++ % capacity * size, size);
      if (--page->left == 0) pthread_cond_broadcast(&page->message);
      pthread_cond_signal(&page->room);
    }
    pthread_mutex_unlock(&page->mutex);
    if (is_over) break;
    memcpy(&number, message, 8);
    sum += number;
  }
  page->sum += sum;
}

int main(int argc, char** argv) {
  int cpu[2];
  char name[40];
  cpus_option(&argc, argv, cpu, kUse);
  if (argc != 4) usage(kUse);
  size = number(argv[1], kMinMessage, 1u << 24, kUse);
  const uint64_t count = number(argv[2], 1, 1u << 30, kUse);
  capacity = number(argv[3], 1, 1u << 20, kUse);

  struct page* page = shared(sizeof *page);
  cells = shared(capacity * size);
  init(page, count);
  if (start_child(cpu)) {
    const pid_t other = another();
    produce(page, other == 0 ? 1 : 0, count);
    if (other) reap(other);
    _exit(0);
  }
  await(&page->ready, 2);
  const uint64_t start = now_ns();
  page->ready = kStart;
  const pid_t other = another();
  consume(page);
  if (other == 0) _exit(0);
  reap(other);
  const uint64_t ns = now_ns() - start;
  if (page->sum != count * (count - 1) / 2) fail("a message is lost or repeated");
  snprintf(name, sizeof name, "queue %llu", (unsigned long long)size);
  return finish(name, count, ns, count * size, 0);
}
