// One mapped range and who still needs it.
//
// A mapping is kept by its handle, by every buffer made over it, in any thread, and by nothing else; the
// last to let go unmaps it. A SharedArrayBuffer cannot be detached, so closing does not unmap: it puts
// anonymous zero pages over the range, which lets go of the shared pages at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "guard.h"

namespace memspan {

struct Environment;

// Bits of Mapping::status. Set by the guard and by Close, read by JavaScript through a view.
enum StatusBit : uint32_t {
  kTruncated = 1u << 0,      // a page was gone: somebody made the file shorter
  kWroteReadOnly = 1u << 1,  // a write to a read-only mapping was diverted
  kClosed = 1u << 2,
  kDenied = 1u << 3,  // a page that may not be touched at all was touched
};

enum MapFlag : uint32_t {
  kWritable = 1u << 0,
  kPrivate = 1u << 1,
  kPopulate = 1u << 2,
  kLock = 1u << 3,
  kHugePages = 1u << 4,
  kPosix = 1u << 8,           // made by mmap() of memspan/posix
  kNamedSemaphore = 1u << 5,  // made by sem_open, for sem_close
  kSystemV = 1u << 6,         // attached by shmat(2)
};

struct Mapping {
  uint8_t* base = nullptr;
  size_t length = 0;  // bytes mapped: `size` rounded up to whole pages
  size_t size = 0;    // bytes asked for
  uint32_t flags = 0;
  Environment* owner = nullptr;  // only compared, never followed
  std::atomic<uint32_t> status{0};
  std::atomic<uint32_t> references{1};
  // Calls on an object in it that run just now in this process (os/region.h), and locks in it that this process
  // holds. Close() asks the calls to leave, and refuses while there are locks.
  std::atomic<uint32_t> calls{0};
  std::atomic<uint32_t> holds{0};
  std::atomic<bool> closing{false};
  // UnmapPart() is looking whether there are any.
  std::atomic<bool> cutting{false};
  GuardSlot* slot = nullptr;
  // The slot's pieces say something else than `flags` (change.h).
  std::atomic<bool> isChanged{false};
  // Held by who maps something over a part of it, or changes the slot's pieces.
  std::mutex change;
};

// What a wait needs to know about the address it is given.
struct Found {
  bool known = false;  // inside one of our mappings
  uint32_t status = 0;
  const Environment* owner = nullptr;
};

size_t PageSize();
// The owner of mappings that every thread may close; not to be followed.
Environment* Anybody();

// Maps the first `size` bytes of the descriptor. Returns 0 or -errno.
int Map(int fd, uint64_t size, uint32_t flags, Environment* owner, Mapping** out);
// For the self-test: a mapping of anonymous memory. Returns 0 or -errno.
int MapAnonymous(uint64_t size, Mapping** out);
// The mapping of what is mapped already, from `base` on, whole pages; its first `size` bytes are for use.
Mapping* Adopt(void* base, size_t length, size_t size, uint32_t flags);
void Retain(Mapping* mapping);
void Release(Mapping* mapping);
// A lock in there that a thread of this process has: keeps the mapping, and Close() from closing it.
void Hold(Mapping* mapping);
void LetGo(Mapping* mapping);
// The same once that thread has ended: the C library has a robust mutex in a list of the thread's own, which the
// kernel walks at its end (get_robust_list(2)).
void LetGoAfter(Mapping* mapping, int threadId);
// Zero pages over the whole range and CLOSED; ends every wait on it in this process. -EBUSY, and nothing has
// changed, while this process holds a lock in it or a call on an object in it cannot be ended.
int Close(Mapping* mapping);
// Zero pages over what lies behind `size` bytes, before the file is made shorter on purpose; ends the waits
// there. Returns how many references there are besides the caller's, or -errno.
int CutTail(Mapping* mapping, uint64_t size);
// Maps the file again over the same range after a diverted write, and clears its bits if that can be done.
int Heal(Mapping* mapping, int fd);
int Sync(Mapping* mapping, uint64_t offset, uint64_t length);
Found Find(const void* address);
// The mapping that the address is in, or null. It stays one as long as the caller has a buffer over it.
Mapping* FindMapping(const void* address);

}  // namespace memspan
