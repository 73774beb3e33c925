// Calls that block, in slices: so that a worker can be terminated and memory unmapped meanwhile.
#pragma once

#include <errno.h>
#include <napi.h>

#include <atomic>
#include <ctime>

#include "region.h"

namespace memspan {

// Absolute, CLOCK_REALTIME: what sem_timedwait(3) and its like compare with.
struct Deadline {
  bool bounded = false;
  timespec at{};
};

// (…, seconds, nanoseconds) of a call; none when the seconds are undefined.
Deadline DeadlineOf(const Napi::CallbackInfo& info, size_t index);

// Whom a blocking call listens to between its slices.
struct Listener {
  const Pin* pin = nullptr;
  napi_env worker = nullptr;                     // a worker's: it may be terminated
  const std::atomic<bool>* cancelled = nullptr;  // an asynchronous call's
};

// That of a call which blocks the thread of this environment.
Listener ListenerOf(const Napi::CallbackInfo& info, const Pin& pin);
// 0, or the Refusal that it ends with.
int Interruption(const Listener& listener);
// The end of the next slice; false when the deadline comes first.
bool NextSlice(const Deadline& deadline, timespec* until, int64_t sliceNs = 25'000'000);

// Calls `attempt(until)`, which blocks until then and returns 0 or an errno, until that is not ETIMEDOUT, the
// deadline has passed, or there is an interruption.
template <typename Attempt>
int InSlices(const Listener& listener, const Deadline& deadline, Attempt attempt) {
  for (;;) {
    timespec until;
    const bool more = NextSlice(deadline, &until);
    const int result = attempt(&until);
    if (result != ETIMEDOUT || !more) return result;
    const int interruption = Interruption(listener);
    if (interruption != 0) return interruption;
  }
}

}  // namespace memspan
