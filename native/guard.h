// The fault guard: makes a page fault inside one of our mappings harmless and marks that mapping.
//
// Three faults can be had in a mapping of ours: SIGBUS, because there is no file behind it (a peer made it shorter, or
// it was mapped longer than the file is), SIGSEGV, because JavaScript wrote to what may only be read, and SIGSEGV,
// because it touched what may not be touched at all (PROT_NONE). The first is answered by zeros from that page
// to the end, for all behind it is gone as well; the second by a private copy of the page in its place; the third by a
// page of zeros. Then the instruction can be run again. Every other fault goes to the handler that was there before,
// V8's WebAssembly traps included.
//
// In a private mapping of mmap's (kInPlace) the page itself is opened instead: it is this process's own copy anyhow, and
// nothing could bring it back.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "pieces.h"

namespace memspan {

enum GuardFlag : uint32_t {
  kInPlace = 1u << 0,
  kKeepsOriginal = 1u << 1,  // shared memory: it can be mapped again from what is left of it
};

// One guarded range. Slots are never freed, only reused, so that the signal handler can walk them
// without a lock: `end` is stored last when a slot is filled and cleared first when it is emptied.
struct GuardSlot {
  std::atomic<uintptr_t> end{0};
  std::atomic<uintptr_t> start{0};
  std::atomic<std::atomic<uint32_t>*> status{nullptr};
  std::atomic<uint32_t> flags{0};
  std::atomic<size_t> pageSize{0};
  std::atomic<const Pieces*> pieces{nullptr};
  // Who reads `pieces` just now.
  std::atomic<uint32_t> readers{0};
  // What is mapped is being changed, so that the pieces say something else (GuardChange): nobody mends meanwhile.
  std::atomic<bool> changing{false};
  // Faults that the pieces allow: somebody changed them meanwhile, so the instruction is run again.
  std::atomic<uint32_t> retries{0};
  // Pages whose place a copy has taken. Each is a mapping of its own, and a process may have 65530 of them
  // (/proc/sys/vm/max_map_count): beyond kDivertedMax, zeros take the place of the whole piece.
  std::atomic<uint32_t> diverted{0};
  // A second mapping of one page, made before the first page is replaced; by it all can be mapped again (mremap(2) with
  // an old size of 0), when the descriptor is long closed. `original` is kNoOriginal, kTaking, kFailed or its address.
  std::atomic<uintptr_t> original{0};
  std::atomic<size_t> originalOffset{0};
  GuardSlot* next = nullptr;
};

constexpr uint32_t kDivertedMax = 4096;
constexpr uintptr_t kNoOriginal = 0;
constexpr uintptr_t kTaking = 1;
constexpr uintptr_t kFailed = 2;

// Installs the handlers, once per process. Returns 0 or -errno.
int InstallGuard();

struct GuardedRange {
  void* base;
  size_t length;
  size_t pageSize;
  uint32_t access;
  uint32_t flags;
  std::atomic<uint32_t>* status;
};

GuardSlot* GuardRange(const GuardedRange& range);
void UnguardRange(GuardSlot* slot);
// While there is one, who faults in the range runs the instruction again and again, and no handler changes what is
// mapped there. One at a time for each slot.
class GuardChange {
 public:
  explicit GuardChange(GuardSlot* slot);
  GuardChange(const GuardChange&) = delete;
  GuardChange& operator=(const GuardChange&) = delete;
  ~GuardChange() { slot_->changing.store(false); }

 private:
  GuardSlot* slot_;
};

// One thread at a time for each slot. Returns when no handler uses the old ones any more.
void SetPieces(GuardSlot* slot, Pieces pieces);
// For who is the one that may call SetPieces.
const Pieces& PiecesOf(const GuardSlot* slot);
// For everybody else: what all the pages of the range may be used for, and kAccessHole if one of them is a hole.
uint32_t AccessAt(GuardSlot* slot, const void* address, size_t length);
// Lets go of `original`, once zero pages are in the place of everything.
void DropOriginal(GuardSlot* slot);

}  // namespace memspan
