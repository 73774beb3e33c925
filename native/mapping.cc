// Mapping, unmapping and the list of what is mapped; see mapping.h.

#include "mapping.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "change.h"
#include "sleep.h"

namespace memspan {
namespace {

std::shared_mutex registryMutex;
// By base address. Never destroyed: buffers may be let go of while the process exits.
std::map<uintptr_t, Mapping*>& registry = *new std::map<uintptr_t, Mapping*>;
// Changes with the registry: what a thread has found before is good until then.
std::atomic<uint64_t> registryVersion{1};

int MmapFlags(uint32_t flags) {
  return (flags & kPrivate ? MAP_PRIVATE : MAP_SHARED) | (flags & kPopulate ? MAP_POPULATE : 0);
}

int Protection(uint32_t flags) { return PROT_READ | (flags & kWritable ? PROT_WRITE : 0); }

void Register(Mapping* mapping) {
  const uint32_t flags = mapping->flags;
  mapping->slot =
      GuardRange({.base = mapping->base,
                  .length = mapping->length,
                  .pageSize = PageSize(),
                  .access = AccessOf(Protection(flags)) | (flags & kLock ? kAccessLocked : 0u),
                  .flags = !(flags & kPrivate)            ? kKeepsOriginal
                           : flags & (kPosix | kWritable) ? kInPlace
                                                          : 0u,
                  .status = &mapping->status});
  std::unique_lock<std::shared_mutex> hold(registryMutex);
  registryVersion.fetch_add(1);
  registry.emplace(reinterpret_cast<uintptr_t>(mapping->base), mapping);
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
  // The caller has looked at the size before; look again here, where it is used.
  struct stat info;
  if (fstat(fd, &info) != 0) return -errno;
  if (size == 0 || info.st_size < 0) return -EINVAL;
  const size_t length = (size + PageSize() - 1) & ~(PageSize() - 1);
  void* base = mmap(nullptr, length, Protection(flags), MmapFlags(flags), fd, 0);
  if (base == MAP_FAILED) return -errno;
  if ((flags & kLock) && mlock(base, length) != 0) {
    const int failure = -errno;
    munmap(base, length);
    return failure;
  }
  // A hint: kernels without huge pages for this kind of memory say EINVAL, and nothing is lost.
  if (flags & kHugePages) madvise(base, length, MADV_HUGEPAGE);
  Mapping* mapping = new Mapping;
  mapping->base = static_cast<uint8_t*>(base);
  mapping->length = length;
  mapping->size = size;
  mapping->flags = flags;
  mapping->owner = owner;
  // Made shorter since that look: as if it had been a moment later.
  if (size > static_cast<uint64_t>(info.st_size)) mapping->status = kTruncated;
  Register(mapping);
  *out = mapping;
  return 0;
}

int MapAnonymous(uint64_t size, Mapping** out) {
  const size_t length = (size + PageSize() - 1) & ~(PageSize() - 1);
  void* base = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return -errno;
  *out = Adopt(base, length, size, kWritable);
  return 0;
}

Mapping* Adopt(void* base, size_t length, size_t size, uint32_t flags) {
  Mapping* mapping = new Mapping;
  mapping->base = static_cast<uint8_t*>(base);
  mapping->length = length;
  mapping->size = size;
  mapping->flags = flags;
  mapping->owner = Anybody();
  Register(mapping);
  return mapping;
}

void Retain(Mapping* mapping) { mapping->references.fetch_add(1, std::memory_order_relaxed); }

void Release(Mapping* mapping) {
  if (mapping->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  {
    std::unique_lock<std::shared_mutex> hold(registryMutex);
    registryVersion.fetch_add(1);
    registry.erase(reinterpret_cast<uintptr_t>(mapping->base));
  }
  UnguardRange(mapping->slot);
  munmap(mapping->base, mapping->length);
  delete mapping;
}

namespace {

struct Remains {
  int threadId;
  Mapping* mapping;
};

std::mutex remainsMutex;
// Never destroyed: threads may end while the process exits.
std::vector<Remains>& remains = *new std::vector<Remains>;

bool HasEnded(int threadId) {
  return syscall(SYS_tgkill, getpid(), threadId, 0) != 0 && errno == ESRCH;
}

void LetGoOfEnded() {
  std::vector<Mapping*> free;
  {
    std::lock_guard<std::mutex> hold(remainsMutex);
    std::erase_if(remains, [&](const Remains& remain) {
      if (!HasEnded(remain.threadId)) return false;
      free.push_back(remain.mapping);
      return true;
    });
  }
  for (Mapping* mapping : free) LetGo(mapping);
}

}  // namespace

void Hold(Mapping* mapping) {
  Retain(mapping);
  mapping->holds.fetch_add(1);
}

void LetGo(Mapping* mapping) {
  mapping->holds.fetch_sub(1);
  Release(mapping);
}

void LetGoAfter(Mapping* mapping, int threadId) {
  LetGoOfEnded();
  std::lock_guard<std::mutex> hold(remainsMutex);
  remains.push_back({threadId, mapping});
}

namespace {

// Sets `closing`, which calls on objects in there see before they begin and between their slices, and waits
// until none runs. False when one does not end: a barrier's, which the C library cannot leave.
bool EmptyOfCalls(Mapping* mapping) {
  constexpr int kLooksMax = 500;
  const timespec moment = {0, 1'000'000};
  mapping->closing.store(true);
  for (int looks = 0; mapping->calls.load() != 0; looks++) {
    if (looks == kLooksMax) return false;
    nanosleep(&moment, nullptr);
  }
  return true;
}

}  // namespace

int Close(Mapping* mapping) {
  static std::mutex closers;
  const std::lock_guard<std::mutex> one(closers);
  if (mapping->status.load() & kClosed) return 0;
  LetGoOfEnded();
  // Looked at first, so that a refusal does not end anybody's wait.
  if (mapping->holds.load() != 0) return -EBUSY;
  if (!EmptyOfCalls(mapping) || mapping->holds.load() != 0) {
    mapping->closing.store(false);
    return -EBUSY;
  }
  // CLOSED is stored before the waits are ended: a wait that comes too late to be ended sees the bit.
  int result;
  {
    const std::lock_guard<std::mutex> alone(mapping->change);
    if (mapping->status.fetch_or(kClosed) & kClosed) return 0;
    const GuardChange guarded(mapping->slot);
    result = PutZeros(mapping->base, mapping->length);
  }
  DropOriginal(mapping->slot);
  EndSleepersIn(mapping->base, mapping->length, Outcome::closed);
  return result;
}

int CutTail(Mapping* mapping, uint64_t size) {
  const size_t keep = (size + PageSize() - 1) & ~(PageSize() - 1);
  if (keep < mapping->length) {
    const std::lock_guard<std::mutex> alone(mapping->change);
    const GuardChange guarded(mapping->slot);
    uint8_t* tail = mapping->base + keep;
    const int result = PutZeros(tail, mapping->length - keep);
    if (result < 0) return result;
    EndSleepersIn(tail, mapping->length - keep, Outcome::damaged);
  }
  return static_cast<int>(mapping->references.load()) - 1;
}

int Heal(Mapping* mapping, int fd) {
  const std::lock_guard<std::mutex> alone(mapping->change);
  const uint32_t told = mapping->status.load();
  if (told & (kClosed | kTruncated)) return 0;
  const GuardChange guarded(mapping->slot);
  mapping->status.fetch_and(~told);
  mapping->slot->diverted.store(0);
  int result;
  if (mapping->slot->flags.load() & kInPlace) {
    result = Reprotect(mapping, 0, mapping->length);
  } else {
    void* fresh = mmap(nullptr, mapping->length, Protection(mapping->flags),
                       MmapFlags(mapping->flags), fd, 0);
    result = fresh == MAP_FAILED ? -errno : MoveIn(mapping, fresh, 0);
  }
  if (result < 0) {
    mapping->status.fetch_or(told);
  } else {
    DropOriginal(mapping->slot);
  }
  return result;
}

int Sync(Mapping* mapping, uint64_t offset, uint64_t length) {
  if (offset > mapping->size || length > mapping->size - offset) return -EINVAL;
  const uint64_t start = offset & ~static_cast<uint64_t>(PageSize() - 1);
  if (msync(mapping->base + start, offset + length - start, MS_SYNC) != 0) return -errno;
  return 0;
}

namespace {

struct Range {
  uint64_t version = 0;
  uintptr_t start = 0;
  size_t length = 0;
  Mapping* mapping = nullptr;
};

}  // namespace

Mapping* FindMapping(const void* address) {
  // The last range found by this thread, so that a loop of waits does not take the lock. The mapping behind
  // it is followed only for an address inside: the caller's view of that address keeps it alive.
  thread_local Range last;
  const uintptr_t at = reinterpret_cast<uintptr_t>(address);
  if (last.version != registryVersion.load(std::memory_order_acquire) ||
      at - last.start >= last.length) {
    std::shared_lock<std::shared_mutex> hold(registryMutex);
    auto after = registry.upper_bound(at);
    if (after == registry.begin()) return nullptr;
    Mapping* mapping = std::prev(after)->second;
    const uintptr_t start = reinterpret_cast<uintptr_t>(mapping->base);
    if (at - start >= mapping->length) return nullptr;
    last = {registryVersion.load(), start, mapping->length, mapping};
  }
  return last.mapping;
}

Found Find(const void* address) {
  const Mapping* mapping = FindMapping(address);
  if (!mapping) return {};
  uint32_t status = mapping->status.load();
  if (mapping->isChanged.load() && (AccessAt(mapping->slot, address, 1) & kAccessHole)) {
    status |= kClosed;
  }
  return {true, status, mapping->owner};
}

}  // namespace memspan
