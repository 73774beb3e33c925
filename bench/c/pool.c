// Chunks of shared memory that are handed over without a copy: one process fills, the other reads in place.
//
// The same words as memspan's pool: a state for each chunk, changed by compare-exchange from free to loaned, published to a
// reader, taken and free again; a sequence by which the reader finds the earliest. Both sides spin when there is nothing to
// do. Each message is SIZE bytes, all filled with one byte ("fill"), or only begun with its number ("hand"); the
// reader looks at one byte in each 64 KiB, or at the number. The time is from the first message taken to the last one.
//
//   cc -std=gnu11 -O2 -march=native -Wall -Wextra -Werror -o pool pool.c
#include "bench.h"

static const char kUse[] =
    "pool fill|hand SIZE COUNT CHUNKS [--cpus CONSUMER,PRODUCER]\n"
    "  SIZE >= 8; CHUNKS from 1 to 64";

enum { kFree, kLoaned, kPending, kTaken, kSample = 65536, kWarm = 10 };

struct chunk {
  OWN_LINE _Atomic uint32_t state;
  _Atomic uint32_t sequence;
  _Atomic uint32_t length;
};

struct page {
  OWN_LINE _Atomic uint32_t sent;
  _Atomic uint64_t bytes;
  OWN_LINE _Atomic uint32_t received;
  OWN_LINE _Atomic uint32_t ready;
  struct chunk chunks[64];
};

struct pool {
  struct page* page;
  uint8_t* data;
  uint64_t size;
  uint32_t count;
  bool fills;
};

static bool change(struct chunk* chunk, uint32_t from, uint32_t to) {
  return atomic_compare_exchange_strong(&chunk->state, &from, to);
}

static uint32_t loan(struct pool* pool) {
  for (uint32_t i = 0;; i = i + 1 < pool->count ? i + 1 : 0) {
    struct chunk* chunk = &pool->page->chunks[i];
    if (chunk->state == kFree && change(chunk, kFree, kLoaned)) return i;
  }
}

static void publish(struct pool* pool, uint32_t i) {
  struct chunk* chunk = &pool->page->chunks[i];
  chunk->sequence = pool->page->sent++;
  chunk->length = (uint32_t)pool->size;
  if (!change(chunk, kLoaned, kPending)) fail("somebody has taken a loan away");
  pool->page->bytes += pool->size;
}

static uint32_t take(struct pool* pool, uint32_t next) {
  for (;;) {
    uint32_t found = pool->count;
    uint32_t earliest = 0;
    for (uint32_t left = pool->count, i = next; left > 0; left--) {
      struct chunk* chunk = &pool->page->chunks[i];
      if (i != found && chunk->state == kPending) {
        const uint32_t sequence = chunk->sequence;
        if (found == pool->count || (int32_t)(sequence - earliest) < 0) {
          found = i;
          earliest = sequence;
          left = pool->count;
        }
      }
      i = i + 1 < pool->count ? i + 1 : 0;
    }
    if (found < pool->count && change(&pool->page->chunks[found], kPending, kTaken)) {
      pool->page->received++;
      return found;
    }
    cpu_pause();
  }
}

static void produce(struct pool* pool, uint64_t total) {
  pool->page->ready = 1;
  for (uint64_t n = 0; n < total; n++) {
    const uint32_t i = loan(pool);
    uint8_t* bytes = pool->data + i * pool->size;
    if (pool->fills) memset(bytes, (int)(n & 255), pool->size);
    memcpy(bytes, &(uint32_t){(uint32_t)n}, 4);
    publish(pool, i);
  }
}

static void consume(struct pool* pool, uint64_t from, uint64_t to) {
  uint32_t i = 0;
  for (uint64_t n = from; n < to; n++) {
    i = take(pool, i);
    const uint8_t* bytes = pool->data + i * pool->size;
    uint32_t seen;
    memcpy(&seen, bytes, 4);
    if (seen != (uint32_t)n) fail("a message is lost, repeated or torn");
    for (uint64_t at = kSample - 1; pool->fills && at < pool->size; at += kSample) {
      if (bytes[at] != (uint8_t)n) fail("a message is torn");
    }
    if (!change(&pool->page->chunks[i], kTaken, kFree)) fail("somebody has taken a chunk away");
  }
}

int main(int argc, char** argv) {
  int cpu[2];
  cpus_option(&argc, argv, cpu, kUse);
  if (argc != 5 || (strcmp(argv[1], "fill") && strcmp(argv[1], "hand"))) usage(kUse);
  struct pool pool = {
      .fills = strcmp(argv[1], "fill") == 0,
      .size = number(argv[2], 8, 1u << 30, kUse),
      .count = (uint32_t)number(argv[4], 1, 64, kUse),
      .page = shared(sizeof(struct page)),
  };
  const uint64_t count = number(argv[3], 1, UINT32_MAX / 2, kUse);
  const uint64_t warm = (count + kWarm - 1) / kWarm;
  pool.data = shared(pool.size * pool.count);
  memset(pool.data, 0, pool.size * pool.count);
  if (start_child(cpu)) {
    produce(&pool, warm + count);
    _exit(0);
  }
  while (pool.page->ready == 0) sched_yield();
  consume(&pool, 0, warm);
  const uint64_t start = now_ns();
  consume(&pool, warm, warm + count);
  return finish(argv[1], count, now_ns() - start, count * pool.size, 0);
}
