// Blocking on a word; see sleep.h.

#include "sleep.h"

#include <cmath>
#include <mutex>

#include "futex.h"

namespace memspan {
namespace {

std::mutex listMutex;
Sleeper* first = nullptr;

constexpr int64_t kNsPerSecond = 1'000'000'000;
// Without futex_waitv a sleeper looks at its cancel word this often, and loses its place meanwhile.
constexpr int64_t kSliceNs = 50'000'000;
constexpr uint32_t kInterrupted = static_cast<uint32_t>(Outcome::interrupted);
constexpr uint32_t kDisturbed = static_cast<uint32_t>(Outcome::disturbed);

uint32_t* CancelWord(Sleeper* sleeper) { return reinterpret_cast<uint32_t*>(&sleeper->cancel); }

int64_t ToNs(const timespec& time) { return time.tv_sec * kNsPerSecond + time.tv_nsec; }

timespec ToTimespec(int64_t ns) {
  timespec time;
  time.tv_sec = ns / kNsPerSecond;
  time.tv_nsec = ns % kNsPerSecond;
  return time;
}

// How much a cancel weighs: what ends the sleep for good, then a disturbance, then an interruption.
int Weight(uint32_t cancel) {
  return cancel == 0 ? 0 : cancel == kInterrupted ? 1 : cancel == kDisturbed ? 2 : 3;
}

void Cancel(Sleeper* sleeper, Outcome why) {
  uint32_t before = 0;
  while (Weight(before) < Weight(static_cast<uint32_t>(why))) {
    if (sleeper->cancel.compare_exchange_weak(before, static_cast<uint32_t>(why))) break;
  }
  if (sleeper->rouse) {
    sleeper->rouse(sleeper);
  } else {
    FutexWake(CancelWord(sleeper), 1, true);
  }
}

// What it was cancelled for, 0 if it was not. What does not end it for good is thereby answered.
uint32_t TakeCancel(Sleeper* sleeper) {
  uint32_t cancelled = sleeper->cancel.load();
  while (Weight(cancelled) == 1 || Weight(cancelled) == 2) {
    if (sleeper->cancel.compare_exchange_weak(cancelled, 0)) break;
  }
  return cancelled;
}

int WaitAny(Sleeper* sleeper) {
  const WaitEntry entries[] = {
      {0, reinterpret_cast<uintptr_t>(CancelWord(sleeper)), kPrivateWord32, 0},
      {sleeper->low, reinterpret_cast<uintptr_t>(sleeper->target), kWord32, 0},
      {sleeper->high, reinterpret_cast<uintptr_t>(sleeper->target + 1), kPrivateWord32, 0},
  };
  const int woken =
      FutexWaitAny(entries, sleeper->wide ? 3 : 2, sleeper->bounded ? &sleeper->deadline : nullptr);
  return woken == 0 ? -ECANCELED : woken > 0 ? 0 : woken;
}

int WaitSlice(Sleeper* sleeper) {
  if (ValueDiffers(*sleeper)) return -EAGAIN;
  const int64_t end = NowNs() + kSliceNs;
  const bool last = sleeper->bounded && ToNs(sleeper->deadline) <= end;
  const timespec until = last ? sleeper->deadline : ToTimespec(end);
  const int result = FutexWait(sleeper->target, sleeper->low, &until);
  return result == -ETIMEDOUT && !last ? -EINTR : result;
}

// Once it has stood in the queue, it was the waker who changed the value.
Outcome Changed(const Sleeper* sleeper) {
  return sleeper->queued ? Outcome::ok : Outcome::notEqual;
}

}  // namespace

int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return ToNs(now);
}

bool IsTimeUp(const Sleeper& sleeper) {
  return sleeper.bounded && ToNs(sleeper.deadline) <= NowNs();
}

bool ValueDiffers(const Sleeper& sleeper) {
  if (!sleeper.wide) return __atomic_load_n(sleeper.target, __ATOMIC_SEQ_CST) != sleeper.low;
  const uint64_t expected = static_cast<uint64_t>(sleeper.high) << 32 | sleeper.low;
  return __atomic_load_n(reinterpret_cast<uint64_t*>(sleeper.target), __ATOMIC_SEQ_CST) != expected;
}

bool HasWaitAny() {
  static const bool has = [] {
    // A null array is refused as such only where the call exists and is allowed (else ENOSYS, EPERM).
    return FutexWaitAny(nullptr, 1, nullptr) == -EINVAL;
  }();
  return has;
}

void Enlist(Sleeper* sleeper) {
  std::lock_guard<std::mutex> hold(listMutex);
  sleeper->previous = nullptr;
  sleeper->next = first;
  if (first) first->previous = sleeper;
  first = sleeper;
}

void Delist(Sleeper* sleeper) {
  std::lock_guard<std::mutex> hold(listMutex);
  if (sleeper->previous) sleeper->previous->next = sleeper->next;
  if (sleeper->next) sleeper->next->previous = sleeper->previous;
  if (first == sleeper) first = sleeper->next;
}

void EndSleeper(Sleeper* sleeper, Outcome why) { Cancel(sleeper, why); }

void EndSleepersOf(int watch) {
  std::lock_guard<std::mutex> hold(listMutex);
  for (Sleeper* sleeper = first; sleeper; sleeper = sleeper->next) {
    if (sleeper->watch == watch) Cancel(sleeper, Outcome::disturbed);
  }
}

void EndSleepersIn(const void* base, size_t length, Outcome why) {
  std::lock_guard<std::mutex> hold(listMutex);
  const uintptr_t start = reinterpret_cast<uintptr_t>(base);
  for (Sleeper* sleeper = first; sleeper; sleeper = sleeper->next) {
    const uintptr_t at = reinterpret_cast<uintptr_t>(sleeper->target);
    if (at >= start && at - start < length) Cancel(sleeper, why);
  }
}

void SetTimeout(Sleeper* sleeper, double timeoutMs) {
  // Beyond a hundred years nobody can tell it from for ever, and the clock's range is not left.
  if (!(timeoutMs < 3.2e12)) return;
  sleeper->bounded = true;
  const double ns = std::ceil(timeoutMs * 1e6);
  sleeper->deadline = ToTimespec(NowNs() + static_cast<int64_t>(ns < 0 ? 0 : ns));
}

Outcome Sleep(Sleeper* sleeper, bool plain) {
  for (;;) {
    const uint32_t cancelled = TakeCancel(sleeper);
    if (cancelled != 0) return static_cast<Outcome>(cancelled);
    // The kernel compares the two halves one after the other.
    if (sleeper->wide && ValueDiffers(*sleeper)) return Changed(sleeper);
    int result;
    if (plain) {
      result =
          FutexWait(sleeper->target, sleeper->low, sleeper->bounded ? &sleeper->deadline : nullptr);
    } else {
      result = HasWaitAny() ? WaitAny(sleeper) : WaitSlice(sleeper);
    }
    switch (result) {
      case 0:
        return Outcome::ok;
      case -EAGAIN:
        if (sleeper->cancel.load() == 0) return Changed(sleeper);
        break;
      case -ECANCELED:
        // Also the late wake-up of a cancel that was seen before: then it is 0 again, and we go on.
        sleeper->queued = true;
        break;
      case -ETIMEDOUT:
        return Outcome::timedOut;
      case -EFAULT:
        return Outcome::damaged;
      case -EINTR:
        sleeper->queued = true;
        if (!plain && !HasWaitAny()) return Outcome::interrupted;
        break;
      default:
        return Outcome::exhausted;
    }
  }
}

Outcome SleepSlice(Sleeper* sleeper, double sliceMs) {
  Sleeper slice;
  SetTimeout(&slice, sliceMs);
  const bool bounded = sleeper->bounded;
  const timespec deadline = sleeper->deadline;
  if (!slice.bounded || (bounded && ToNs(deadline) <= ToNs(slice.deadline))) {
    return Sleep(sleeper, false);
  }
  sleeper->bounded = true;
  sleeper->deadline = slice.deadline;
  const Outcome outcome = Sleep(sleeper, false);
  sleeper->bounded = bounded;
  sleeper->deadline = deadline;
  if (outcome != Outcome::timedOut) return outcome;
  sleeper->queued = true;
  return Outcome::interrupted;
}

}  // namespace memspan
