// The messages of the ring and stream benchmarks, and how they are checked: each begins with its
// sequence number, and in each a byte (one per 64 KiB) at a place that depends on that number is
// changed before it is sent; both sides add those bytes up. Stale, torn, lost or repeated messages
// show.
#ifndef MEMSPAN_MESSAGE_H_
#define MEMSPAN_MESSAGE_H_

#include "bench.h"

enum { kMinMessage = 16, kOutbox = 8192, kBytesPerSample = 65536 };

// What the producer sends from. Messages take turns in 8 KiB: were each stamped just before it is
// copied, the copy would wait until the stamp has left the store buffer (a stall that real data,
// written a while ago, does not have).
struct outbox {
  uint8_t *first, *end, *slot;  // `slot`: the next message to send
  uint64_t size;
  uint64_t next, count;  // sequence number of the next to stamp; how many there will be
  uint64_t sum;
};

static inline uint8_t* private_bytes(uint64_t size) {
  uint8_t* bytes = aligned_alloc(64, (size + 63) & ~(uint64_t)63);
  if (!bytes) fail("out of memory");
  memset(bytes, 0, size);
  return bytes;
}

static inline uint64_t first_sample(uint64_t sequence, uint64_t size) {
  const uint64_t span = (size < kBytesPerSample ? size : kBytesPerSample) - 8;
  return 8 + ((uint32_t)(sequence * 2654435761u) * span >> 32);
}

// Makes the slot just sent a new message and goes on to the next slot.
static inline void outbox_sent(struct outbox* box) {
  uint8_t* message = box->slot;
  box->slot = message + box->size == box->end ? box->first : message + box->size;
  if (box->next == box->count) return;
  memcpy(message, &box->next, 8);
  for (uint64_t at = first_sample(box->next, box->size); at < box->size; at += kBytesPerSample) {
    box->sum += ++message[at] * (box->next + 1);
  }
  box->next++;
}

static inline struct outbox outbox_open(uint64_t size, uint64_t count) {
  const uint64_t slots = size < kOutbox ? kOutbox / size : 1;
  uint8_t* first = private_bytes(slots * size);
  struct outbox box = {first, first + slots * size, first, size, 0, count, 0};
  uint64_t noise = 1;
  for (uint8_t* byte = first; byte < box.end; byte++) {
    noise = noise * 6364136223846793005u + 1442695040888963407u;
    *byte = (uint8_t)(noise >> 56);
  }
  for (uint64_t i = 0; i < slots; i++) outbox_sent(&box);
  return box;
}

// For the start: lets others run until the word has that value.
static inline void await(const _Atomic uint32_t* word, uint32_t value) {
  while (atomic_load_explicit(word, memory_order_acquire) != value) sched_yield();
}

// Checks a received message and returns the sum of its samples.
static inline uint64_t message_check(const uint8_t* message, uint64_t size, uint64_t sequence) {
  uint64_t seen, sum = 0;
  memcpy(&seen, message, 8);
  if (seen != sequence) fail("a message is lost, repeated or torn");
  for (uint64_t at = first_sample(sequence, size); at < size; at += kBytesPerSample) {
    sum += message[at] * (sequence + 1);
  }
  return sum;
}

#endif  // MEMSPAN_MESSAGE_H_
