// Mapping, unmapping and the list of what is mapped, on macOS: the part of mapping.h that it needs.
//
// There is no fault guard: nobody can make a POSIX shared memory object shorter (its size can be set once), and a write
// to a read-only mapping ends the process.

#include "../mapping.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <mutex>

namespace memspan {
namespace {

std::mutex registryMutex;
// By base address. Never destroyed: buffers may be let go of while the process exits.
std::map<uintptr_t, Mapping*>& registry = *new std::map<uintptr_t, Mapping*>;

size_t WholePages(uint64_t size) { return (size + PageSize() - 1) & ~(PageSize() - 1); }

// Makes the pages present; there is no MAP_POPULATE.
void Populate(const Mapping* mapping) {
  for (size_t at = 0; at < mapping->length; at += PageSize()) {
    static_cast<void>(*static_cast<volatile uint8_t*>(mapping->base + at));
  }
}

}  // namespace

size_t PageSize() {
  static const size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

Environment* Anybody() {
  static char anybody;
  return reinterpret_cast<Environment*>(&anybody);
}

int Map(int fd, uint64_t size, uint32_t flags, Environment* owner, Mapping** out) {
  // A private mapping of a shared memory object is refused by the system, too (EINVAL).
  if (size == 0 || (flags & kPrivate)) return -EINVAL;
  const int protection = PROT_READ | (flags & kWritable ? PROT_WRITE : 0);
  const size_t length = WholePages(size);
  const int kind = fd < 0 ? MAP_SHARED | MAP_ANON : MAP_SHARED;
  void* base = mmap(nullptr, length, protection, kind, fd < 0 ? -1 : fd, 0);
  if (base == MAP_FAILED) return -errno;
  if ((flags & kLock) && mlock(base, length) != 0) {
    const int failure = -errno;
    munmap(base, length);
    return failure;
  }
  Mapping* mapping = new Mapping;
  mapping->base = static_cast<uint8_t*>(base);
  mapping->length = length;
  mapping->size = size;
  mapping->flags = flags;
  mapping->owner = owner;
  if (flags & kPopulate) Populate(mapping);
  const std::lock_guard<std::mutex> hold(registryMutex);
  registry.emplace(reinterpret_cast<uintptr_t>(base), mapping);
  *out = mapping;
  return 0;
}

int MapAnonymous(uint64_t size, Mapping** out) { return Map(-1, size, kWritable, Anybody(), out); }

void Retain(Mapping* mapping) { mapping->references.fetch_add(1, std::memory_order_relaxed); }

void Release(Mapping* mapping) {
  if (mapping->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  {
    const std::lock_guard<std::mutex> hold(registryMutex);
    registry.erase(reinterpret_cast<uintptr_t>(mapping->base));
  }
  munmap(mapping->base, mapping->length);
  delete mapping;
}

int Close(Mapping* mapping) {
  const std::lock_guard<std::mutex> alone(mapping->change);
  if (mapping->status.load() & kClosed) return 0;
  // The new pages take the place of the old ones in one step: nobody who looks meanwhile faults.
  void* zeros = mmap(mapping->base, mapping->length, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0);
  if (zeros == MAP_FAILED) return -errno;
  // Waits on it look for this bit between their slices (wait.cc).
  mapping->status.fetch_or(kClosed);
  return 0;
}

int Sync(Mapping* mapping, uint64_t offset, uint64_t length) {
  if (offset > mapping->size || length > mapping->size - offset) return -EINVAL;
  const uint64_t start = offset & ~static_cast<uint64_t>(PageSize() - 1);
  if (msync(mapping->base + start, offset + length - start, MS_SYNC) != 0) return -errno;
  return 0;
}

Mapping* FindMapping(const void* address) {
  const uintptr_t at = reinterpret_cast<uintptr_t>(address);
  const std::lock_guard<std::mutex> hold(registryMutex);
  const auto after = registry.upper_bound(at);
  if (after == registry.begin()) return nullptr;
  Mapping* mapping = std::prev(after)->second;
  return at - reinterpret_cast<uintptr_t>(mapping->base) < mapping->length ? mapping : nullptr;
}

Found Find(const void* address) {
  const Mapping* mapping = FindMapping(address);
  return mapping ? Found{true, mapping->status.load(), mapping->owner} : Found{};
}

}  // namespace memspan
