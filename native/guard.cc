// The fault guard; see guard.h. Everything in the handler is async-signal-safe: atomics and raw mmap.

#include "guard.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <mutex>
#include <thread>
#include <utility>

#include "mapping.h"

namespace memspan {
namespace {

std::atomic<GuardSlot*> slots{nullptr};
std::mutex writers;
struct sigaction previousBus;
struct sigaction previousSegv;
// What MendDenied says beside status bits: run the instruction again, nothing happened.
constexpr uint32_t kRetry = 1u << 31;

GuardSlot* SlotOf(uintptr_t address) {
  for (GuardSlot* slot = slots.load(std::memory_order_acquire); slot; slot = slot->next) {
    const uintptr_t end = slot->end.load(std::memory_order_acquire);
    const uintptr_t start = slot->start.load(std::memory_order_acquire);
    if (address < start || address >= end) continue;
    // Read again: a slot that was being reused could show one range's start and another's end.
    if (slot->end.load(std::memory_order_acquire) == end) return slot;
  }
  return nullptr;
}

bool PutZeros(uintptr_t start, size_t length, int protection) {
  return mmap(reinterpret_cast<void*>(start), length, protection,
              MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED;
}

// A private copy of the page, moved into its place in one step.
bool PutWritableCopy(uintptr_t start, size_t length) {
  void* page = reinterpret_cast<void*>(start);
  void* copy = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (copy == MAP_FAILED) return false;
  memcpy(copy, page, length);
  if (mremap(copy, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, page) != MAP_FAILED) return true;
  munmap(copy, length);
  return false;
}

bool Open(uintptr_t start, size_t length) {
  return mprotect(reinterpret_cast<void*>(start), length, PROT_READ | PROT_WRITE) == 0;
}

// Called before a page is replaced. A thread that comes meanwhile waits, or it might replace the page that is being
// taken; in a handler that lasts a system call.
void KeepOriginal(GuardSlot* slot, const Pieces& pieces) {
  if (!(slot->flags.load() & kKeepsOriginal)) return;
  uintptr_t state = kNoOriginal;
  if (!slot->original.compare_exchange_strong(state, kTaking)) {
    while (slot->original.load() == kTaking) {
    }
    return;
  }
  size_t first = 0;
  while (first < pieces.size() && (pieces[first].access & kAccessHole)) first++;
  uintptr_t kept = kFailed;
  if (first < pieces.size()) {
    const size_t offset = StartOf(pieces, first);
    const size_t length = slot->pageSize.load();
    void* page =
        mremap(reinterpret_cast<void*>(slot->start.load() + offset), 0, length, MREMAP_MAYMOVE);
    if (page != MAP_FAILED) {
      munlock(page, length);
      slot->originalOffset.store(offset);
      kept = reinterpret_cast<uintptr_t>(page);
    }
  }
  slot->original.store(kept);
}

// Zeros from the byte on, with the protection that each piece has.
bool PutZerosFrom(uintptr_t start, size_t offset, const Pieces& pieces) {
  for (size_t i = PieceAt(pieces, offset); i < pieces.size(); i++) {
    const size_t end = pieces[i].end;
    if (!(pieces[i].access & kAccessHole) &&
        !PutZeros(start + offset, end - offset, ProtectionOf(pieces[i].access))) {
      return false;
    }
    offset = end;
  }
  return true;
}

// Returns the status bit, or 0 for a fault that is none of ours.
uint32_t MendDenied(GuardSlot* slot, const Pieces& pieces, size_t offset) {
  constexpr uint32_t kRetriesMax = 1000;
  const size_t index = PieceAt(pieces, offset);
  const uint32_t access = pieces[index].access;
  if (access & (kAccessWrite | kAccessHole)) {
    // Allowed: an mprotect or munmap came between the fault and this look. Otherwise it is somebody else's doing.
    return slot->retries.fetch_add(1) < kRetriesMax ? kRetry : 0;
  }
  const uintptr_t start = slot->start.load();
  const uintptr_t page = start + offset;
  const size_t length = slot->pageSize.load();
  const bool isFew = slot->diverted.fetch_add(1) < kDivertedMax;
  const size_t from = StartOf(pieces, index);
  const size_t size = pieces[index].end - from;
  bool done;
  if (slot->flags.load() & kInPlace) {
    // The whole piece splits no mapping: that works when a process has as many as it may.
    done = (isFew && Open(page, length)) || Open(start + from, size);
  } else {
    KeepOriginal(slot, pieces);
    done = isFew && (access & kAccessRead ? PutWritableCopy(page, length)
                                          : PutZeros(page, length, PROT_READ | PROT_WRITE));
  }
  if (!done && !PutZeros(start + from, size, PROT_READ | PROT_WRITE)) return 0;
  return access & kAccessRead ? kWroteReadOnly : kDenied;
}

// In PutWritableCopy of a handler of this very thread, which is counted.
bool IsNested(int signal, const void* context) {
  return signal == SIGBUS &&
         sigismember(&static_cast<const ucontext_t*>(context)->uc_sigmask, SIGSEGV) == 1;
}

// True when the fault was ours and the instruction can be run again. The slot stays as it is meanwhile:
// whoever touches the memory keeps its mapping.
bool Mend(int signal, const siginfo_t* info, const void* context) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(info->si_addr);
  GuardSlot* slot = SlotOf(address);
  if (!slot) return false;
  slot->readers.fetch_add(1);
  // Who changes it has seen that nobody is counted, or is seen here.
  if (slot->changing.load() && !IsNested(signal, context)) {
    slot->readers.fetch_sub(1);
    sched_yield();
    return true;
  }
  const Pieces* pieces = slot->pieces.load();
  const uintptr_t start = slot->start.load();
  uint32_t damage = 0;
  if (pieces && address >= start && address < slot->end.load()) {
    const size_t offset = (address - start) & ~(slot->pageSize.load() - 1);
    if (signal == SIGBUS && info->si_code == BUS_ADRERR) {
      KeepOriginal(slot, *pieces);
      if (PutZerosFrom(start, offset, *pieces)) damage = kTruncated;
    } else if (signal == SIGSEGV &&
               (info->si_code == SEGV_ACCERR || info->si_code == SEGV_PKUERR)) {
      damage = MendDenied(slot, *pieces, offset);
    }
    // Told after the change: a Heal that comes between would take back the bit and miss the page.
    if (damage & ~kRetry) slot->status.load(std::memory_order_acquire)->fetch_or(damage);
  }
  slot->readers.fetch_sub(1);
  return damage != 0;
}

void Handle(int signal, siginfo_t* info, void* context) {
  const int savedErrno = errno;
  const bool mended =
      info->si_code > 0 && Mend(signal, info, context);  // > 0: the kernel's, not kill()
  errno = savedErrno;
  if (mended) return;
  const struct sigaction& previous = signal == SIGBUS ? previousBus : previousSegv;
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else if (previous.sa_handler == SIG_DFL || info->si_code > 0) {
    // Let the default happen: the instruction faults again, or the signal is sent again.
    sigaction(signal, &previous, nullptr);
    if (info->si_code <= 0) raise(signal);
  }
}

}  // namespace

int InstallGuard() {
  static std::once_flag once;
  static int result = 0;
  std::call_once(once, [] {
    struct sigaction action = {};
    action.sa_sigaction = Handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    // Known before ours is there: another thread may run into a WebAssembly trap at any time.
    const bool installed = sigaction(SIGBUS, nullptr, &previousBus) == 0 &&
                           sigaction(SIGSEGV, nullptr, &previousSegv) == 0 &&
                           sigaction(SIGBUS, &action, nullptr) == 0 &&
                           sigaction(SIGSEGV, &action, nullptr) == 0;
    if (!installed) result = -errno;
  });
  return result;
}

GuardSlot* GuardRange(const GuardedRange& range) {
  std::lock_guard<std::mutex> hold(writers);
  GuardSlot* slot = slots.load(std::memory_order_relaxed);
  while (slot && slot->end.load() != 0) slot = slot->next;
  if (!slot) {
    slot = new GuardSlot;
    slot->next = slots.load(std::memory_order_relaxed);
    slots.store(slot, std::memory_order_release);
  }
  const uintptr_t start = reinterpret_cast<uintptr_t>(range.base);
  slot->status.store(range.status);
  slot->flags.store(range.flags);
  slot->pageSize.store(range.pageSize);
  slot->diverted.store(0);
  slot->original.store(kNoOriginal);
  SetPieces(slot, {{range.length, range.access}});
  slot->start.store(start, std::memory_order_release);
  slot->end.store(start + range.length, std::memory_order_release);
  return slot;
}

void UnguardRange(GuardSlot* slot) {
  std::lock_guard<std::mutex> hold(writers);
  slot->end.store(0, std::memory_order_release);
  DropOriginal(slot);
}

GuardChange::GuardChange(GuardSlot* slot) : slot_(slot) {
  slot->changing.store(true);
  while (slot->readers.load() != 0) std::this_thread::yield();
}

void SetPieces(GuardSlot* slot, Pieces pieces) {
  const Pieces* former = slot->pieces.exchange(new Pieces(std::move(pieces)));
  slot->retries.store(0);
  while (slot->readers.load() != 0) std::this_thread::yield();
  delete former;
}

const Pieces& PiecesOf(const GuardSlot* slot) { return *slot->pieces.load(); }

uint32_t AccessAt(GuardSlot* slot, const void* address, size_t length) {
  slot->readers.fetch_add(1);
  const Pieces& pieces = *slot->pieces.load();
  const size_t offset = reinterpret_cast<uintptr_t>(address) - slot->start.load();
  size_t i = PieceAt(pieces, offset);
  uint32_t access = pieces[i].access;
  while (pieces[i].end < offset + length && ++i < pieces.size()) {
    access = (access & pieces[i].access) | ((access | pieces[i].access) & kAccessHole);
  }
  slot->readers.fetch_sub(1);
  return access;
}

void DropOriginal(GuardSlot* slot) {
  // Who is in the handler may be taking it.
  while (slot->readers.load() != 0) std::this_thread::yield();
  const uintptr_t page = slot->original.exchange(kNoOriginal);
  if (page != kNoOriginal && page != kFailed) {
    munmap(reinterpret_cast<void*>(page), slot->pageSize.load());
  }
}

}  // namespace memspan
