// The fault guard: makes a page fault inside one of our mappings harmless and marks that mapping.
//
// Two faults can be had in a mapping of ours: SIGBUS, because a peer truncated the file under it, and
// SIGSEGV, because JavaScript wrote to a read-only mapping. Both are answered by putting a private page
// in the faulting one's place (zeros, or a copy of what was there), so that the instruction can be run
// again. Pages mended one by one can use up the kernel's limit of mappings per process (65530 by default,
// /proc/sys/vm/max_map_count): zeros then take the place of the whole range, which is one mapping.
// Every other fault goes to the handler that was there before, V8's WebAssembly traps included.
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
  GuardSlot* next = nullptr;
};

// Installs the handlers, once per process. Returns 0 or -errno.
int InstallGuard();

GuardSlot* GuardRange(void* base, size_t length, bool writable, std::atomic<uint32_t>* status);
void UnguardRange(GuardSlot* slot);

}  // namespace memspan
