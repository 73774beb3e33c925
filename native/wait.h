// wait, notify and waitAsync as JavaScript calls them (through binding.ts only).
#pragma once

#include <napi.h>

#include "environment.h"
#include "sleep.h"

namespace memspan {

// False once worker.terminate() or process.exit() wants this thread to end: Node-API then refuses every
// call that could run JavaScript.
bool MayRunJavaScript(napi_env env);

// Reads (view, index, low, high, timeoutMs, watch, seen) of a call into a sleeper. False, with a TypeError or
// RangeError pending, when they are not what binding.ts promises.
bool ReadSleeper(const Napi::CallbackInfo& info, Sleeper* sleeper);
// What can be said without sleeping, in the standard's order: closed, damaged, notEqual, timedOut; ok when
// it must sleep. A close() that is not seen here sees a sleeper that was enlisted before.
Outcome Look(const Sleeper& sleeper, double timeoutMs, const Environment** owner);

// Whether there is news that its code did not know when it last looked. Asked after it is enlisted.
bool HasNews(const Sleeper& sleeper);

// (view, index, low, high, timeoutMs, watch, seen) → Outcome. `watch` 0: it is not to be disturbed.
Napi::Value Wait(const Napi::CallbackInfo& info);
// (view, index, count) → how many were woken, or −Outcome
Napi::Value Notify(const Napi::CallbackInfo& info);

// (view, index, low, high, timeoutMs, watch, seen, confirm) → Outcome, or 16 + the ticket of a pending wait.
// With `confirm` the wait is in the kernel's queue when this returns.
Napi::Value WaitAsync(const Napi::CallbackInfo& info);
// (ticket) ends that wait as `aborted`, unless it has ended already.
Napi::Value CancelWait(const Napi::CallbackInfo& info);
// Ends every asynchronous wait of this environment and returns when no thread touches it any more.
void EndWaits(Environment* environment);

}  // namespace memspan
