// Boost's shared_memory_object and its mapped_region; segment.h.
//
//   cc -O2 -march=native -Wall -Wextra -Werror -pthread -flto -o boost-segment boost-segment.c boost.cc -lstdc++
#include "boost.h"
#include "segment.h"

static const char kUse[] = "boost-segment create|touch|open SIZE COUNT [--cpus A,B]";

static void* open_it(const char* name, uint64_t size) {
  (void)size;
  return boost_segment_open(name);
}

static void close_it(void* segment, uint64_t size) {
  (void)size;
  boost_segment_close(segment);
}

int main(int argc, char** argv) {
  int cpu[2];
  cpus_option(&argc, argv, cpu, kUse);
  if (argc != 4) usage(kUse);
  const uint64_t size = number(argv[2], 1, (uint64_t)1 << 34, kUse);
  const uint64_t count = number(argv[3], 1, 1u << 30, kUse);
  pin(cpu[0]);
  return segments(argv[1], size, count, kUse, boost_segment_create, open_it, boost_segment_address,
                  close_it, boost_segment_remove);
}
