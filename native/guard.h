// The fault guard: makes a page fault inside one of our mappings harmless and marks that mapping.
//
// Two faults can be had in a mapping of ours: SIGBUS, because a peer truncated the file under it, and
// SIGSEGV, because JavaScript wrote to a read-only mapping. The first is answered by zeros from that page
// to the end, for all behind it is gone as well; the second by a private copy of the page in its place. Then
// the instruction can be run again. Every other fault goes to the handler that was there before, V8's
// WebAssembly traps included.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace memspan {

// One guarded range. Slots are never freed, only reused, so that the signal handler can walk them
// without a lock: `end` is stored last when a slot is filled and cleared first when it is emptied.
struct GuardSlot {
  std::atomic<uintptr_t> end{0};
  std::atomic<uintptr_t> start{0};
  std::atomic<std::atomic<uint32_t>*> status{nullptr};
  std::atomic<bool> writable{false};
  // Pages whose place a copy has taken. Each is a mapping of its own, and a process may have 65530 of them
  // (/proc/sys/vm/max_map_count): beyond kDivertedMax, zeros take the place of the whole range.
  std::atomic<uint32_t> diverted{0};
  GuardSlot* next = nullptr;
};

constexpr uint32_t kDivertedMax = 4096;

// Installs the handlers, once per process. Returns 0 or -errno.
int InstallGuard();

GuardSlot* GuardRange(void* base, size_t length, bool writable, std::atomic<uint32_t>* status);
void UnguardRange(GuardSlot* slot);

}  // namespace memspan
