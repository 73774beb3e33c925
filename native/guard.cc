// The fault guard; see guard.h. Everything in the handler is async-signal-safe: atomics and raw mmap.

#include "guard.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <mutex>

#include "mapping.h"

namespace memspan {
namespace {

std::atomic<GuardSlot*> slots{nullptr};
std::mutex writers;
struct sigaction previousBus;
struct sigaction previousSegv;
uintptr_t pageMask;

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
bool PutWritableCopy(uintptr_t start) {
  void* page = reinterpret_cast<void*>(start);
  const size_t length = ~pageMask + 1;
  void* copy = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (copy == MAP_FAILED) return false;
  memcpy(copy, page, length);
  if (mremap(copy, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, page) != MAP_FAILED) return true;
  munmap(copy, length);
  return false;
}

// True when the fault was ours and the instruction can be run again. The slot stays as it is meanwhile:
// whoever touches the memory keeps its mapping.
bool Mend(int signal, const siginfo_t* info) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(info->si_addr);
  GuardSlot* slot = SlotOf(address);
  if (!slot) return false;
  const bool writable = slot->writable.load(std::memory_order_acquire);
  const uintptr_t start = slot->start.load(std::memory_order_acquire);
  const uintptr_t end = slot->end.load(std::memory_order_acquire);
  const uintptr_t page = address & pageMask;
  uint32_t damage;
  if (signal == SIGBUS && info->si_code == BUS_ADRERR) {
    damage = kTruncated;
    if (!PutZeros(page, end - page, PROT_READ | (writable ? PROT_WRITE : 0))) return false;
  } else if (signal == SIGSEGV && info->si_code == SEGV_ACCERR && !writable) {
    damage = kWroteReadOnly;
    const bool copied = slot->diverted.fetch_add(1) < kDivertedMax && PutWritableCopy(page);
    if (!copied && !PutZeros(start, end - start, PROT_READ | PROT_WRITE)) return false;
  } else {
    return false;
  }
  // Told after the change: a Heal that comes between would take back the bit and miss the page.
  slot->status.load(std::memory_order_acquire)->fetch_or(damage);
  return true;
}

void Handle(int signal, siginfo_t* info, void* context) {
  const int savedErrno = errno;
  const bool mended = info->si_code > 0 && Mend(signal, info);  // > 0: the kernel's, not kill()
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
    pageMask = ~(static_cast<uintptr_t>(PageSize()) - 1);
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

GuardSlot* GuardRange(void* base, size_t length, bool writable, std::atomic<uint32_t>* status) {
  std::lock_guard<std::mutex> hold(writers);
  GuardSlot* slot = slots.load(std::memory_order_relaxed);
  while (slot && slot->end.load(std::memory_order_relaxed) != 0) slot = slot->next;
  if (!slot) {
    slot = new GuardSlot;
    slot->next = slots.load(std::memory_order_relaxed);
    slots.store(slot, std::memory_order_release);
  }
  const uintptr_t start = reinterpret_cast<uintptr_t>(base);
  slot->status.store(status, std::memory_order_release);
  slot->writable.store(writable, std::memory_order_release);
  slot->diverted.store(0, std::memory_order_release);
  slot->start.store(start, std::memory_order_release);
  slot->end.store(start + length, std::memory_order_release);
  return slot;
}

void UnguardRange(GuardSlot* slot) {
  std::lock_guard<std::mutex> hold(writers);
  slot->end.store(0, std::memory_order_release);
}

}  // namespace memspan
