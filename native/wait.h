// wait, notify and waitAsync as JavaScript calls them (through binding.ts only).
#pragma once

#include <napi.h>

#include "environment.h"
#include "sleep.h"

namespace memspan {

// False once worker.terminate() or process.exit() wants this thread to end: Node-API then refuses every
// call that could run JavaScript.
bool MayRunJavaScript(napi_env env);

// The arguments of a call. Read by hand: node-addon-api allocates memory for more than six.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info);
  // 0 for what is no number, or not there.
  double Number(size_t index) const;
  bool IsTrue(size_t index) const;

  static constexpr size_t kMax = 8;
  const napi_env env;
  size_t count = kMax;
  napi_value list[kMax];
};

// Reads (view, index, low, high, timeoutMs, watch, seen) of a call into a sleeper; the last two may be absent.
// False, with a TypeError or RangeError pending, when they are not what binding.ts promises.
bool ReadSleeper(const Arguments& given, Sleeper* sleeper);
napi_value ToValue(napi_env env, int number);
// What can be said without sleeping, in the standard's order: closed, damaged, notEqual, timedOut; ok when
// it must sleep. A close() that is not seen here sees a sleeper that was enlisted before.
Outcome Look(const Sleeper& sleeper, double timeoutMs, const Environment** owner);

// Whether there is news that its code did not know when it last looked. Asked after it is enlisted.
bool HasNews(const Sleeper& sleeper);

// (view, index, low, high, timeoutMs, watch, seen) → Outcome. `watch` 0: it is not to be disturbed.
napi_value Wait(napi_env env, napi_callback_info info);
// (view, index, count) → how many were woken, or −Outcome
napi_value Notify(napi_env env, napi_callback_info info);

// (view, index, low, high, timeoutMs, watch, seen, confirm) → Outcome, or 16 + the ticket of a pending wait.
// With `confirm` the wait is in the kernel's queue when this returns.
napi_value WaitAsync(napi_env env, napi_callback_info info);
// (ticket) ends that wait as `aborted`, unless it has ended already.
Napi::Value CancelWait(const Napi::CallbackInfo& info);
// Ends every asynchronous wait of this environment and returns when no thread touches it any more.
void EndWaits(Environment* environment);

}  // namespace memspan
