// Deadlines, and what a blocking call looks at between its slices; see slice.h.

#include "slice.h"

#include "../environment.h"
#include "../wait.h"

namespace memspan {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;

}  // namespace

Deadline DeadlineOf(const Napi::CallbackInfo& info, size_t index) {
  if (!info[index].IsNumber()) return {};
  const double seconds = info[index].As<Napi::Number>().DoubleValue();
  const double nanoseconds = info[index + 1].As<Napi::Number>().DoubleValue();
  timespec at;
  // Beyond what the kernel's clock can come to, there is no deadline; but what is no time shall be told.
  const bool isTime = nanoseconds >= 0 && nanoseconds < static_cast<double>(kNsPerSecond);
  if (isTime && !(seconds < 9e9)) return {};
  at.tv_sec = isTime ? static_cast<time_t>(seconds) : 0;
  at.tv_nsec = static_cast<long>(nanoseconds);
  return {true, at};
}

Listener ListenerOf(const Napi::CallbackInfo& info, const Pin& pin) {
  const Environment* environment = Current(info.Env());
  return {&pin, environment->isWorker ? environment->env : nullptr, nullptr};
}

int Interruption(const Listener& listener) {
  if (listener.cancelled && listener.cancelled->load()) return kAborted;
  if (listener.pin) {
    const int state = listener.pin->Check();
    if (state != 0) return state;
  }
  return listener.worker && !MayRunJavaScript(listener.worker) ? kEnding : 0;
}

bool NextSlice(const Deadline& deadline, timespec* until, int64_t sliceNs) {
  clock_gettime(CLOCK_REALTIME, until);
  int64_t ns = until->tv_nsec + sliceNs;
  until->tv_sec += ns / kNsPerSecond;
  until->tv_nsec = ns % kNsPerSecond;
  if (!deadline.bounded) return true;
  // Not a time: the C library is to say so.
  if (deadline.at.tv_nsec < 0 || deadline.at.tv_nsec >= kNsPerSecond) {
    *until = deadline.at;
    return false;
  }
  const bool sooner = deadline.at.tv_sec < until->tv_sec || (deadline.at.tv_sec == until->tv_sec &&
                                                             deadline.at.tv_nsec <= until->tv_nsec);
  if (sooner) *until = deadline.at;
  return !sooner;
}

}  // namespace memspan
