// What a wait is asked for, its time and its first look, on every system; see sleep.h and wait.h.

#include <cmath>

#include "mapping.h"
#include "wait.h"

namespace memspan {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;

}  // namespace

bool MayRunJavaScript(napi_env env) {
  const Napi::HandleScope scope(env);
  napi_value global;
  bool has;
  return napi_get_global(env, &global) == napi_ok &&
         napi_has_named_property(env, global, "Object", &has) == napi_ok;
}

bool ReadSleeper(const Napi::CallbackInfo& info, Sleeper* sleeper) {
  napi_typedarray_type type;
  size_t length;
  void* data;
  size_t offset;
  if (napi_get_typedarray_info(info.Env(), info[0], &type, &length, &data, nullptr, &offset) !=
          napi_ok ||
      (type != napi_int32_array && type != napi_bigint64_array)) {
    Napi::TypeError::New(info.Env(), "expected an Int32Array or BigInt64Array")
        .ThrowAsJavaScriptException();
    return false;
  }
  const double index = info[1].As<Napi::Number>().DoubleValue();
  if (!(index >= 0) || index >= static_cast<double>(length)) {
    Napi::RangeError::New(info.Env(), "index out of range").ThrowAsJavaScriptException();
    return false;
  }
  sleeper->wide = type == napi_bigint64_array;
  const size_t width = sleeper->wide ? 8 : 4;
  sleeper->target =
      reinterpret_cast<uint32_t*>(static_cast<uint8_t*>(data) + static_cast<size_t>(index) * width);
  if (info.Length() < 5) return true;
  sleeper->low = static_cast<uint32_t>(info[2].As<Napi::Number>().Int32Value());
  sleeper->high = static_cast<uint32_t>(info[3].As<Napi::Number>().Int32Value());
  SetTimeout(sleeper, info[4].As<Napi::Number>().DoubleValue());
  sleeper->watch = info[5].As<Napi::Number>().Int32Value();
  sleeper->seen = info[6].As<Napi::Number>().Uint32Value();
  return true;
}

Outcome CheckMemory(const Sleeper& sleeper, const Environment** owner) {
  const Found found = Find(sleeper.target);
  *owner = found.owner;
  if (found.status & kClosed) return Outcome::closed;
  if (found.status & kTruncated) return Outcome::damaged;
  return Outcome::ok;
}

Outcome Look(const Sleeper& sleeper, double timeoutMs, const Environment** owner) {
  // Read before the status is: a page that is gone reads as zeros, and is known to be gone after that.
  const bool differs = ValueDiffers(sleeper);
  const Outcome usable = CheckMemory(sleeper, owner);
  if (usable != Outcome::ok) return usable;
  if (differs) return Outcome::notEqual;
  return timeoutMs <= 0 ? Outcome::timedOut : Outcome::ok;
}

int64_t ToNs(const timespec& time) { return time.tv_sec * kNsPerSecond + time.tv_nsec; }

int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return ToNs(now);
}

timespec ToTimespec(int64_t ns) {
  timespec time;
  time.tv_sec = ns / kNsPerSecond;
  time.tv_nsec = ns % kNsPerSecond;
  return time;
}

bool IsTimeUp(const Sleeper& sleeper) {
  return sleeper.bounded && ToNs(sleeper.deadline) <= NowNs();
}

bool ValueDiffers(const Sleeper& sleeper) {
  if (!sleeper.wide) return __atomic_load_n(sleeper.target, __ATOMIC_SEQ_CST) != sleeper.low;
  const uint64_t expected = static_cast<uint64_t>(sleeper.high) << 32 | sleeper.low;
  return __atomic_load_n(reinterpret_cast<uint64_t*>(sleeper.target), __ATOMIC_SEQ_CST) != expected;
}

void SetTimeout(Sleeper* sleeper, double timeoutMs) {
  // Beyond a hundred years nobody can tell it from for ever, and the clock's range is not left.
  if (!(timeoutMs < 3.2e12)) return;
  sleeper->bounded = true;
  const double ns = std::ceil(timeoutMs * 1e6);
  sleeper->deadline = ToTimespec(NowNs() + static_cast<int64_t>(ns < 0 ? 0 : ns));
}

}  // namespace memspan
