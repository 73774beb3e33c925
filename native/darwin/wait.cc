// wait and notify on macOS; see wait.h.
//
// A word's waiters may come from Int32Array and BigInt64Array views of it; the system keeps the two widths apart, and has
// an error for who comes with the other one. A notify that finds nobody with its own width tries the other.

#include "wait.h"

#include <errno.h>
#include <time.h>

#include <algorithm>
#include <cmath>

#include "../environment.h"
#include "../mapping.h"
#include "../sleep.h"
#include "wait_on_address.h"

namespace memspan {
namespace {

// Between two of them a worker can be terminated, and a mapping is seen to be closed by another thread.
constexpr int64_t kSliceNs = 50'000'000;
// Beyond a hundred years nobody can tell it from for ever, and the clock's range is not left.
constexpr double kForEverMs = 3.2e12;
// Who is woken may come back and be woken again: so many are counted, the rest is woken at once.
constexpr double kCountedMax = 1024;

struct Word {
  void* address = nullptr;
  size_t width = 4;
};

int64_t Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

double NumberAt(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().DoubleValue();
}

// False, with an error pending, when the first two arguments are not what binding.ts promises.
bool ReadWord(const Napi::CallbackInfo& info, Word* word) {
  napi_typedarray_type type;
  size_t length;
  void* data;
  if (napi_get_typedarray_info(info.Env(), info[0], &type, &length, &data, nullptr, nullptr) !=
          napi_ok ||
      (type != napi_int32_array && type != napi_bigint64_array)) {
    napi_throw_type_error(info.Env(), nullptr, "expected an Int32Array or BigInt64Array");
    return false;
  }
  const double index = NumberAt(info, 1);
  if (!(index >= 0) || index >= static_cast<double>(length)) {
    napi_throw_range_error(info.Env(), nullptr, "index out of range");
    return false;
  }
  word->width = type == napi_int32_array ? 4 : 8;
  word->address = static_cast<uint8_t*>(data) + static_cast<size_t>(index) * word->width;
  return true;
}

uint64_t ReadValue(const Napi::CallbackInfo& info, const Word& word) {
  const uint64_t low = static_cast<uint32_t>(info[2].As<Napi::Number>().Int32Value());
  const uint64_t high = static_cast<uint32_t>(info[3].As<Napi::Number>().Int32Value());
  return word.width == 4 ? low : high << 32 | low;
}

uint64_t Load(const Word& word) {
  return word.width == 4
             ? __atomic_load_n(static_cast<const uint32_t*>(word.address), __ATOMIC_SEQ_CST)
             : __atomic_load_n(static_cast<const uint64_t*>(word.address), __ATOMIC_SEQ_CST);
}

bool IsClosed(const Word& word) { return Find(word.address).status & kClosed; }

// False once worker.terminate() or process.exit() wants this thread to end: Node-API then refuses every call that could
// run JavaScript.
bool MayRunJavaScript(napi_env env) {
  const Napi::HandleScope scope(env);
  napi_value global;
  bool has;
  return napi_get_global(env, &global) == napi_ok &&
         napi_has_named_property(env, global, "Object", &has) == napi_ok;
}

// An Outcome, or −errno. Looks are in the standard's order: the value, the time.
int SleepOn(const Word& word, uint64_t expected, double timeoutMs, Environment* environment) {
  const bool bounded = timeoutMs < kForEverMs;
  const int64_t end = bounded ? Now() + static_cast<int64_t>(std::ceil(timeoutMs * 1e6)) : 0;
  // Only this thread could close its own mapping, and it is here.
  const Found found = Find(word.address);
  const bool sliced = environment->isWorker || (found.known && found.owner != environment);
  // It has stood in the queue: then it was the waker who changed the value, and did not find it there just now.
  bool queued = false;
  for (;;) {
    // The page is present after this; the system does not bring it in (EFAULT).
    const bool differs = Load(word) != expected;
    if (IsClosed(word)) return static_cast<int>(Outcome::closed);
    const int64_t left = bounded ? end - Now() : kSliceNs;
    if (queued && left <= 0) return static_cast<int>(Outcome::timedOut);
    if (differs) return static_cast<int>(queued ? Outcome::ok : Outcome::notEqual);
    if (left <= 0) return static_cast<int>(Outcome::timedOut);
    if (environment->isWorker && !MayRunJavaScript(environment->env)) {
      return static_cast<int>(Outcome::interrupted);
    }
    const int64_t rest = sliced ? std::min(left, kSliceNs) : bounded ? left : 0;
    const int result =
        WaitOnAddress(word.address, expected, word.width, static_cast<uint64_t>(rest));
    if (result == 0) return static_cast<int>(Outcome::ok);
    if (result == -ETIMEDOUT || result == -EINTR)
      queued = true;
    else if (result != -EFAULT)
      return result;
  }
}

bool WakeOne(const Word& word) {
  if (WakeOnAddress(word.address, word.width, false)) return true;
  const size_t other = word.width == 4 ? 8 : 4;
  return reinterpret_cast<uintptr_t>(word.address) % other == 0 &&
         WakeOnAddress(word.address, other, false);
}

}  // namespace

Napi::Value Wait(const Napi::CallbackInfo& info) {
  Word word;
  if (!ReadWord(info, &word)) return {};
  const int result = SleepOn(word, ReadValue(info, word), NumberAt(info, 4), Current(info.Env()));
  return Napi::Number::New(info.Env(), result);
}

Napi::Value Notify(const Napi::CallbackInfo& info) {
  Word word;
  if (!ReadWord(info, &word)) return {};
  const double count = NumberAt(info, 2);
  if (IsClosed(word)) return Napi::Number::New(info.Env(), -static_cast<int>(Outcome::closed));
  double woken = 0;
  while (woken + 1 <= count) {
    if (std::isinf(count) && woken == kCountedMax) {
      WakeOnAddress(word.address, word.width, true);
      break;
    }
    if (!WakeOne(word)) break;
    woken++;
  }
  return Napi::Number::New(info.Env(), woken);
}

}  // namespace memspan
