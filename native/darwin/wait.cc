// wait and notify on macOS; see ../wait.h.
//
// A word's waiters may come from Int32Array and BigInt64Array views of it; the system keeps the two widths apart, and has
// an error for who comes with the other one. A notify that finds nobody with its own width tries the other.

#include "../wait.h"

#include <errno.h>

#include <algorithm>
#include <cmath>

#include "wait_on_address.h"

namespace memspan {
namespace {

// Between two of them a worker can be terminated, and a mapping is seen to be closed by another thread.
constexpr int64_t kSliceNs = 50'000'000;
// Who is woken may come back and be woken again: so many are counted, the rest is woken at once.
constexpr double kCountedMax = 1024;

size_t WidthOf(const Sleeper& sleeper) { return sleeper.wide ? 8 : 4; }

// For how long to sleep, 0 for ever. The time is not up.
uint64_t RestOf(const Sleeper& sleeper, bool sliced) {
  if (!sleeper.bounded) return sliced ? kSliceNs : 0;
  const int64_t left = std::max<int64_t>(ToNs(sleeper.deadline) - NowNs(), 1);
  return static_cast<uint64_t>(sliced ? std::min(left, kSliceNs) : left);
}

// An Outcome, or −errno.
int SleepOn(Environment* environment, Sleeper* sleeper, bool sliced) {
  const uint64_t value =
      sleeper->wide ? static_cast<uint64_t>(sleeper->high) << 32 | sleeper->low : sleeper->low;
  for (;;) {
    const int result =
        WaitOnAddress(sleeper->target, value, WidthOf(*sleeper), RestOf(*sleeper, sliced));
    if (result == 0) return static_cast<int>(Outcome::ok);
    // It will be touched below; everything else is not for us to mend.
    if (result != -ETIMEDOUT && result != -EINTR && result != -EFAULT) return result;
    const Environment* owner;
    const Outcome usable = CheckMemory(*sleeper, &owner);
    if (usable != Outcome::ok) return static_cast<int>(usable);
    if (IsTimeUp(*sleeper)) return static_cast<int>(Outcome::timedOut);
    // Once it has stood in the queue, it was the waker who changed the value, and did not find it there just now.
    sleeper->queued |= result != -EFAULT;
    if (ValueDiffers(*sleeper)) {
      return static_cast<int>(sleeper->queued ? Outcome::ok : Outcome::notEqual);
    }
    if (environment->isWorker && !MayRunJavaScript(environment->env)) {
      return static_cast<int>(Outcome::interrupted);
    }
  }
}

bool WakeOne(const Sleeper& place) {
  const size_t width = WidthOf(place);
  if (WakeOnAddress(place.target, width, false)) return true;
  const size_t other = 12 - width;
  const bool isAligned = reinterpret_cast<uintptr_t>(place.target) % other == 0;
  return isAligned && WakeOnAddress(place.target, other, false);
}

}  // namespace

Napi::Value Wait(const Napi::CallbackInfo& info) {
  Environment* environment = Current(info.Env());
  Sleeper sleeper;
  if (!ReadSleeper(info, &sleeper)) return {};
  const Environment* owner;
  const Outcome outcome = Look(sleeper, info[4].As<Napi::Number>().DoubleValue(), &owner);
  if (outcome != Outcome::ok) {
    return Napi::Number::New(info.Env(), static_cast<uint32_t>(outcome));
  }
  // Only this thread could close its own mapping, and it is here.
  const bool sliced = environment->isWorker || (owner != environment && owner != nullptr);
  return Napi::Number::New(info.Env(), SleepOn(environment, &sleeper, sliced));
}

Napi::Value Notify(const Napi::CallbackInfo& info) {
  Sleeper place;
  if (!ReadSleeper(info, &place)) return {};
  const double count = info[2].As<Napi::Number>().DoubleValue();
  const Environment* owner;
  const Outcome outcome = CheckMemory(place, &owner);
  if (outcome != Outcome::ok) return Napi::Number::New(info.Env(), -static_cast<int>(outcome));
  double woken = 0;
  while (woken + 1 <= count) {
    if (std::isinf(count) && woken == kCountedMax) {
      WakeOnAddress(place.target, WidthOf(place), true);
      break;
    }
    if (!WakeOne(place)) break;
    woken++;
  }
  return Napi::Number::New(info.Env(), woken);
}

}  // namespace memspan
