// mmap(2) and what can be done with the memory it gives: munmap, msync, mprotect, madvise, mlock.
//
// Memory is given as (a byte at the beginning of the buffer, offset, length): a view of all of it could be longer than a
// typed array may be.

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#include "../change.h"
#include "../environment.h"
#include "call.h"
#include "os.h"
#include "region.h"

namespace memspan {
namespace {

// False for what is no number of bytes.
bool Bytes(const Napi::CallbackInfo& info, size_t index, size_t* bytes) {
  const double value = info[index].As<Napi::Number>().DoubleValue();
  if (!(value >= 0) || value > 9007199254740991.0) return false;
  *bytes = static_cast<size_t>(value);
  return true;
}

struct Range {
  Mapping* mapping = nullptr;
  size_t offset = 0;
  size_t length = 0;
  uint8_t* start() const { return mapping->base + offset; }
  bool IsAligned() const { return (offset & (mapping->slot->pageSize.load() - 1)) == 0; }
};

// (buffer's first byte, offset, length). Returns 0 or a Refusal.
int RangeOf(const Napi::CallbackInfo& info, Range* range) {
  Place place;
  const int found = PlaceOf(info, 0, &place);
  if (found != 0) return found;
  const Mapping* mapping = range->mapping = place.mapping;
  if (!Bytes(info, 1, &range->offset) || !Bytes(info, 2, &range->length)) return -EINVAL;
  range->offset += static_cast<size_t>(place.address - mapping->base);
  const bool isInside =
      range->offset <= mapping->length && range->length <= mapping->length - range->offset;
  return isInside ? 0 : -EINVAL;
}

// The same of memory that is in order; what the guard has put there is reported once, and taken back.
int UsableRangeOf(const Napi::CallbackInfo& info, Range* range) {
  const int found = RangeOf(info, range);
  if (found != 0) return found;
  const int told = Mend(range->mapping);
  if (told & kClosed) return kGone;
  if (told & kTruncated) return kCut;
  if (told & kWroteReadOnly) return kReadOnly;
  if (told & kDenied) return kForbidden;
  return HasHole(range->mapping, range->offset, range->length) ? kGone : 0;
}

size_t DefaultHugePageSize() {
  unsigned long kib = 2048;
  if (FILE* file = fopen("/proc/meminfo", "re")) {
    char line[128];
    while (fgets(line, sizeof line, file) && sscanf(line, "Hugepagesize: %lu", &kib) != 1) {
    }
    fclose(file);
  }
  return kib * 1024;
}

// What the kernel will round the length to.
size_t PageSizeOf(int flags, int fd) {
  constexpr unsigned long kHugetlbfs = 0x958458f6;
  struct statfs system;
  if (!(flags & MAP_ANONYMOUS) && fstatfs(fd, &system) == 0 &&
      static_cast<unsigned long>(system.f_type) == kHugetlbfs) {
    return static_cast<size_t>(system.f_bsize);
  }
  if (!(flags & MAP_HUGETLB)) return PageSize();
  const unsigned shift = (static_cast<unsigned>(flags) >> MAP_HUGE_SHIFT) & MAP_HUGE_MASK;
  return shift == 0 ? DefaultHugePageSize() : size_t{1} << shift;
}

// (length, prot, flags, fd, offset) → buffer, or −errno
Napi::Value MapMemory(const Napi::CallbackInfo& info) {
  size_t size;
  if (!Bytes(info, 0, &size)) return Result(info, -EINVAL);
  const int protection = Int(info, 1), flags = Int(info, 2), fd = Int(info, 3);
  // They would put it where other memory is, or let it grow into it.
  if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN)) return Result(info, -ENOTSUP);
  const size_t pageSize = PageSizeOf(flags, fd);
  void* base = mmap(nullptr, size, protection, flags, fd, Long(info, 4));
  if (base == MAP_FAILED) return Result(info, -errno);
  const bool isPrivate = (flags & MAP_TYPE) == MAP_PRIVATE;
  const size_t length = (size + pageSize - 1) & ~(pageSize - 1);
  Mapping* mapping =
      Adopt(base, length, size,
            kPosix | (isPrivate ? kPrivate : 0u) | (protection & PROT_WRITE ? kWritable : 0u));
  mapping->slot->pageSize.store(pageSize);
  SetPieces(mapping->slot,
            {{length, AccessOf(protection) | (flags & MAP_LOCKED ? kAccessLocked : 0u)}});
  return BufferOver(info, mapping);
}

// (range) → 0, −errno or a Refusal
Napi::Value UnmapMemory(const Napi::CallbackInfo& info) {
  Range range;
  const int found = RangeOf(info, &range);
  if (found != 0) return Result(info, found);
  Mapping* mapping = range.mapping;
  if (!range.IsAligned() || range.length == 0) return Result(info, -EINVAL);
  // A thread does not expect anybody else to close its segment while it sleeps in there (wait.cc).
  if (mapping->owner != Anybody() && mapping->owner != Current(info.Env())) {
    return Result(info, -EBUSY);
  }
  return Result(info, IsWhole(mapping, range.offset, range.length)
                          ? Close(mapping)
                          : UnmapPart(mapping, range.offset, range.length));
}

// (range, flags)
Napi::Value SyncMemory(const Napi::CallbackInfo& info) {
  Range range;
  const int usable = UsableRangeOf(info, &range);
  if (usable != 0) return Result(info, usable);
  return Result(info, msync(range.start(), range.length, Int(info, 3)) != 0 ? -errno : 0);
}

// Keeps the addresses: what is unmapped meanwhile is zero pages by then, which need no writing back.
struct SyncCall : Call {
  uint8_t* start;
  size_t length;
  int flags;
  Mapping* mapping;
  SyncCall(const Range& range, int with)
      : start(range.start()), length(range.length), flags(with), mapping(range.mapping) {
    Retain(mapping);
  }
  ~SyncCall() override { Release(mapping); }
  int Run(Hand*) override { return msync(start, length, flags) != 0 ? -errno : 0; }
};

// (range, flags) → ticket, or an error
Napi::Value SyncMemoryAsync(const Napi::CallbackInfo& info) {
  Range range;
  const int usable = UsableRangeOf(info, &range);
  if (usable != 0) return Result(info, usable);
  auto call = std::make_shared<SyncCall>(range, Int(info, 3));
  return Result(info, StartCall(Current(info.Env()), call));
}

// (range, prot)
Napi::Value ProtectMemory(const Napi::CallbackInfo& info) {
  Range range;
  const int usable = UsableRangeOf(info, &range);
  if (usable != 0) return Result(info, usable);
  if (!range.IsAligned()) return Result(info, -EINVAL);
  return Result(info, Protect(range.mapping, range.offset, range.length, Int(info, 3)));
}

// What does no more than madvise(2) says to memory that is ours alone: not those that make the processor or the kernel
// fault on purpose (MADV_HWPOISON, MADV_GUARD_INSTALL).
bool IsHarmless(int advice) {
  for (const int known :
       {MADV_NORMAL,        MADV_RANDOM,     MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED,
        MADV_FREE,          MADV_REMOVE,     MADV_DONTFORK,   MADV_DOFORK,   MADV_MERGEABLE,
        MADV_UNMERGEABLE,   MADV_HUGEPAGE,   MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP,
        MADV_WIPEONFORK,    MADV_KEEPONFORK, MADV_COLD,       MADV_PAGEOUT,  MADV_POPULATE_READ,
        MADV_POPULATE_WRITE}) {
    if (advice == known) return true;
  }
  return false;
}

// (range, advice)
Napi::Value AdviseMemory(const Napi::CallbackInfo& info) {
  Range range;
  const int usable = UsableRangeOf(info, &range);
  if (usable != 0) return Result(info, usable);
  const int advice = Int(info, 3);
  if (!IsHarmless(advice)) return Result(info, -EINVAL);
  return Result(info, madvise(range.start(), range.length, advice) != 0 ? -errno : 0);
}

// (range, locked)
Napi::Value LockMemory(const Napi::CallbackInfo& info) {
  Range range;
  const int usable = UsableRangeOf(info, &range);
  if (usable != 0) return Result(info, usable);
  return Result(
      info, Lock(range.mapping, range.offset, range.length, info[3].As<Napi::Boolean>().Value()));
}

// (range) → 0 or a Refusal
Napi::Value CheckMemory(const Napi::CallbackInfo& info) {
  Range range;
  return Result(info, UsableRangeOf(info, &range));
}

// (range) → its address, or a Refusal
Napi::Value AddressOf(const Napi::CallbackInfo& info) {
  Range range;
  const int found = RangeOf(info, &range);
  if (found != 0) return Result(info, found);
  return Napi::BigInt::New(info.Env(),
                           static_cast<uint64_t>(reinterpret_cast<uintptr_t>(range.start())));
}

}  // namespace

void InitMemory(Napi::Env env, Napi::Object os) {
  Export<MapMemory>(env, os, "mmap");
  Export<UnmapMemory>(env, os, "munmap");
  Export<SyncMemory>(env, os, "msync");
  Export<SyncMemoryAsync>(env, os, "msyncAsync");
  Export<ProtectMemory>(env, os, "mprotect");
  Export<AdviseMemory>(env, os, "madvise");
  Export<LockMemory>(env, os, "mlock");
  Export<CheckMemory>(env, os, "checkMemory");
  Export<AddressOf>(env, os, "addressOf");
}

}  // namespace memspan
