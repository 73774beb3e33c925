// POSIX shared memory by hand: shm_open, ftruncate or posix_fallocate (which reserves the memory), mmap, munmap, shm_unlink; segment.h.
//
//   cc -std=gnu11 -O2 -march=native -Wall -Wextra -Werror -o segment segment.c
#include "segment.h"

#include <fcntl.h>
#include <sys/stat.h>

static const char kUse[] = "segment create|touch|open reserve|truncate SIZE COUNT [--cpus A,B]";
static bool reserves;

static void* map(int fd, uint64_t size) {
  void* at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return at == MAP_FAILED ? NULL : at;
}

static void* create(const char* name, uint64_t size) {
  const int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
  if (fd < 0) return NULL;
  const int failed = reserves ? posix_fallocate(fd, 0, (off_t)size) : ftruncate(fd, (off_t)size);
  return failed ? NULL : map(fd, size);
}

// Whoever opens it asks how large it is.
static void* open_it(const char* name, uint64_t size) {
  struct stat facts;
  const int fd = shm_open(name, O_RDWR, 0);
  if (fd < 0 || fstat(fd, &facts) || (uint64_t)facts.st_size != size) return NULL;
  return map(fd, (uint64_t)facts.st_size);
}

static void* address(void* segment) { return segment; }
static void close_it(void* segment, uint64_t size) { munmap(segment, size); }
static bool remove_it(const char* name) { return !shm_unlink(name); }

int main(int argc, char** argv) {
  int cpu[2];
  cpus_option(&argc, argv, cpu, kUse);
  if (argc != 5) usage(kUse);
  reserves = !strcmp(argv[2], "reserve");
  if (!reserves && strcmp(argv[2], "truncate") != 0) usage(kUse);
  const uint64_t size = number(argv[3], 1, (uint64_t)1 << 34, kUse);
  const uint64_t count = number(argv[4], 1, 1u << 30, kUse);
  pin(cpu[0]);
  return segments(argv[1], size, count, kUse, create, open_it, address, close_it, remove_it);
}
