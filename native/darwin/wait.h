// wait and notify on macOS, as JavaScript calls them (through binding.ts only); outcomes are those of ../sleep.h.
#pragma once

#include <napi.h>

namespace memspan {

// (view, index, low, high, timeoutMs, …) → Outcome, or −errno
Napi::Value Wait(const Napi::CallbackInfo& info);
// (view, index, count) → how many were woken, or −Outcome
Napi::Value Notify(const Napi::CallbackInfo& info);

}  // namespace memspan
