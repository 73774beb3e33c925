// Waiting for kernel objects, as JavaScript asks for it; see wait.h.

#include "wait.h"

#include <algorithm>
#include <atomic>
#include <vector>

namespace memspan {

namespace {

void Forget(Environment* environment, const std::shared_ptr<Wait>& wait) {
  if (environment->waits.erase(wait->ticket) != 0) CloseHandle(wait->thread);
}

void Settle(napi_env env, napi_value, void*, void* data) {
  const std::unique_ptr<std::shared_ptr<Wait>> parcel(static_cast<std::shared_ptr<Wait>*>(data));
  if (!env) return;
  const std::shared_ptr<Wait> wait = *parcel;
  Environment* environment = Current(env);
  wait->told = true;
  if (--environment->pending == 0) napi_unref_threadsafe_function(env, environment->settle);
  if (wait->mutexes.load() == 0 || wait->ending.load() == kClosed) Forget(environment, wait);
  napi_value function, undefined, arguments[2];
  napi_get_reference_value(env, environment->onSettled, &function);
  napi_get_undefined(env, &undefined);
  napi_create_uint32(env, wait->ticket, &arguments[0]);
  napi_create_double(env, wait->result, &arguments[1]);
  napi_call_function(env, undefined, function, 2, arguments, nullptr);
}

// The environment's way back to its thread. Null when none can be had: it is ending.
napi_threadsafe_function SettleOf(Environment* environment) {
  if (environment->settle) return environment->settle;
  napi_value name;
  napi_create_string_utf8(environment->env, "memspan", NAPI_AUTO_LENGTH, &name);
  const napi_status made =
      napi_create_threadsafe_function(environment->env, nullptr, nullptr, name, 0, 1, nullptr,
                                      nullptr, nullptr, Settle, &environment->settle);
  if (made != napi_ok) environment->settle = nullptr;
  if (environment->settle) napi_unref_threadsafe_function(environment->env, environment->settle);
  return environment->settle;
}

std::vector<HANDLE> HandlesOf(const Napi::Value& value) {
  const Napi::Array list = value.As<Napi::Array>();
  std::vector<HANDLE> handles;
  for (uint32_t i = 0; i < list.Length(); i++) handles.push_back(HandleOf(list.Get(i)));
  return handles;
}

// CompareObjectHandles is in kernelbase.dll only, for which there is no import library everywhere.
bool IsSame(HANDLE a, HANDLE b) {
  using Compare = BOOL(WINAPI*)(HANDLE, HANDLE);
  static const Compare compare = reinterpret_cast<Compare>(reinterpret_cast<void*>(
      GetProcAddress(GetModuleHandleW(L"kernelbase.dll"), "CompareObjectHandles")));
  return compare && compare(a, b);
}

// A mutex that an asynchronous wait of this very thread owns: it could not give it back while it waits.
bool HasOwnHand(Environment* environment, const std::vector<HANDLE>& handles) {
  for (const auto& [ticket, wait] : environment->waits) {
    if (wait->mutexes.load() == 0) continue;
    for (size_t i = 0; i < wait->handles.size(); i++) {
      if (!wait->isMutex[i]) continue;
      for (const HANDLE handle : handles) {
        if (IsSame(handle, wait->handles[i])) return true;
      }
    }
  }
  return false;
}

// (handles, all, milliseconds, forEver) → the result, −GetLastError() or a Refusal. `forEver`: in slices, perhaps.
Napi::Value WaitHere(const Napi::CallbackInfo& info) {
  const std::vector<HANDLE> handles = HandlesOf(info[0]);
  const DWORD count = static_cast<DWORD>(handles.size());
  const BOOL all = info[1].As<Napi::Boolean>().Value();
  const DWORD milliseconds = info[2].As<Napi::Number>().Uint32Value();
  DWORD result = WaitForMultipleObjects(count, handles.data(), all, 0);
  if (result == WAIT_TIMEOUT && milliseconds > 0) {
    if (info[3].As<Napi::Boolean>().Value() && (all || count == 1) &&
        HasOwnHand(Current(info.Env()), handles)) {
      return Napi::Number::New(info.Env(), kOwnHand);
    }
    result = WaitForMultipleObjects(count, handles.data(), all, milliseconds);
  }
  return result == WAIT_FAILED ? Failure(info) : Napi::Number::New(info.Env(), result);
}

bool Copy(HANDLE handle, HANDLE* copy) {
  return DuplicateHandle(GetCurrentProcess(), handle, GetCurrentProcess(), copy, 0, FALSE,
                         DUPLICATE_SAME_ACCESS);
}

Napi::Value Refused(const Napi::CallbackInfo& info, const Wait& wait, DWORD error) {
  for (const HANDLE handle : wait.handles) CloseHandle(handle);
  return Failure(info, error);
}

// (handles, isMutex[], all, milliseconds) → a ticket, or −GetLastError()
Napi::Value WaitElsewhere(const Napi::CallbackInfo& info) {
  static std::atomic<uint32_t> lastTicket{16};
  Environment* environment = Current(info.Env());
  auto wait = std::make_shared<Wait>();
  wait->ticket = lastTicket.fetch_add(1) + 1;
  wait->given = HandlesOf(info[0]);
  const Napi::Array isMutex = info[1].As<Napi::Array>();
  wait->all = info[2].As<Napi::Boolean>().Value();
  wait->milliseconds = info[3].As<Napi::Number>().Uint32Value();
  for (size_t i = 0; i < wait->given.size(); i++) {
    HANDLE copy = nullptr;
    if (!Copy(wait->given[i], &copy)) return Refused(info, *wait, GetLastError());
    wait->handles.push_back(copy);
    wait->isMutex.push_back(isMutex.Get(static_cast<uint32_t>(i)).As<Napi::Boolean>().Value());
  }
  wait->settle = SettleOf(environment);
  if (!wait->settle || napi_acquire_threadsafe_function(wait->settle) != napi_ok) {
    return Refused(info, *wait, ERROR_CANCELLED);
  }
  if (!Employ(wait)) {
    napi_release_threadsafe_function(wait->settle, napi_tsfn_release);
    return Refused(info, *wait, ERROR_MAX_THRDS_REACHED);
  }
  // The result comes back to this very thread, later.
  environment->waits.emplace(wait->ticket, wait);
  if (environment->pending++ == 0) napi_ref_threadsafe_function(info.Env(), wait->settle);
  return Napi::Number::New(info.Env(), wait->ticket);
}

// (ticket): it settles with kAborted, or with what it got just before.
Napi::Value CancelWait(const Napi::CallbackInfo& info) {
  Environment* environment = Current(info.Env());
  const auto found = environment->waits.find(info[0].As<Napi::Number>().Uint32Value());
  if (found != environment->waits.end() && !found->second->told) End(found->second, kAborted);
  return {};
}

// (mutex) → 0 or −GetLastError(). Whoever of this environment owns it gives it back: its thread, or a wait's.
Napi::Value GiveMutexBack(const Napi::CallbackInfo& info) {
  const HANDLE mutex = HandleOf(info[0]);
  if (ReleaseMutex(mutex)) return Napi::Number::New(info.Env(), 0);
  DWORD error = GetLastError();
  Environment* environment = Current(info.Env());
  for (const auto& [ticket, wait] : environment->waits) {
    if (error != ERROR_NOT_OWNER) break;
    if (!wait->told || wait->mutexes.load() == 0) continue;
    error = ReleaseThere(wait, mutex);
    if (error != 0) continue;
    if (wait->mutexes.load() == 0) Forget(environment, std::shared_ptr<Wait>(wait));
    return Napi::Number::New(info.Env(), 0);
  }
  return Failure(info, error);
}

}  // namespace

void EndWaitsOn(Environment* environment, HANDLE handle) {
  std::vector<std::shared_ptr<Wait>> owners;
  for (const auto& [ticket, wait] : environment->waits) {
    if (std::find(wait->given.begin(), wait->given.end(), handle) == wait->given.end()) continue;
    End(wait, kClosed);
    if (wait->told) owners.push_back(wait);
  }
  for (const auto& wait : owners) {
    WaitForSingleObject(wait->thread, INFINITE);
    Forget(environment, wait);
  }
}

void EndWaits(Environment* environment) {
  for (const auto& [ticket, wait] : environment->waits) End(wait, kClosed);
  for (const auto& [ticket, wait] : environment->waits) {
    WaitForSingleObject(wait->thread, INFINITE);
    CloseHandle(wait->thread);
  }
  environment->waits.clear();
}

void InitWaits(Napi::Env env, Napi::Object exports, Napi::Object windows) {
  Export<CancelWait>(env, exports, "cancelWait");
  Export<WaitHere>(env, windows, "wait");
  Export<WaitElsewhere>(env, windows, "waitAsync");
  Export<GiveMutexBack>(env, windows, "releaseMutex");
}

}  // namespace memspan
