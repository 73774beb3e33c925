// How a segment's life is measured, whatever makes it: COUNT times, `create`: made, mapped, unmapped and removed; `touch`: each page of
// it written in between; `open`: one that is there opened, its last byte read, and closed.
#ifndef MEMSPAN_SEGMENT_H_
#define MEMSPAN_SEGMENT_H_

#include "bench.h"

enum { kPageBytes = 4096 };

// Passed as constants to a function that is always inlined.
typedef void* segment_create(const char* name, uint64_t size);
typedef void* segment_open(const char* name, uint64_t size);
typedef void* segment_address(void* segment);
typedef void segment_close(void* segment, uint64_t size);
typedef bool segment_remove(const char* name);

static inline __attribute__((always_inline)) int segments(
    const char* mode, uint64_t size, uint64_t count, const char* use, segment_create* create,
    segment_open* open, segment_address* address, segment_close* close, segment_remove* remove) {
  char name[60];
  snprintf(name, sizeof name, "/memspan-bench-%d-segment", (int)getpid());
  const bool opens = !strcmp(mode, "open"), touches = !strcmp(mode, "touch");
  if (!opens && !touches && strcmp(mode, "create") != 0) usage(use);
  void* kept = opens ? create(name, size) : NULL;
  if (opens && !kept) fail("cannot make the segment");
  uint64_t start = 0, sum = 0;
  const uint64_t warm = count / 10 + 1;
  for (uint64_t i = 0; i < warm + count; i++) {
    if (i == warm) start = now_ns();
    void* segment = opens ? open(name, size) : create(name, size);
    if (!segment) fail("cannot make or open the segment");
    volatile uint8_t* bytes = address(segment);
    for (uint64_t at = 0; touches && at < size; at += kPageBytes) bytes[at] = 1;
    if (opens) sum += bytes[size - 1];
    close(segment, size);
    if (!opens && !remove(name)) fail("cannot remove the segment");
  }
  const uint64_t ns = now_ns() - start;
  if (opens) {
    close(kept, size);
    if (!remove(name)) fail("cannot remove the segment");
  }
  if (sum) fail("a byte of a new segment is not zero");
  return finish("segment", count, ns, 0, 0);
}

#endif  // MEMSPAN_SEGMENT_H_
