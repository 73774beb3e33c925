// What one JavaScript environment (the main thread, or one worker) owns natively on Windows: its handles, its
// asynchronous waits and the error of its last call. Created by the module's init, ended by the cleanup hook.
#pragma once

#include <napi.h>
#include <windows.h>

#include <map>
#include <memory>
#include <set>

namespace memspan {

struct Wait;

struct Environment {
  napi_env env = nullptr;
  // Handles belong to the process: a worker that ends must close its own.
  std::set<HANDLE> handles;
  // A handle that is closed together with another one: the record beside a segment's section.
  std::map<HANDLE, HANDLE> companions;
  // Pending waits, and those whose thread owns a mutex, by ticket.
  std::map<uint32_t, std::shared_ptr<Wait>> waits;
  // Made by the first asynchronous wait.
  napi_threadsafe_function settle = nullptr;
  uint32_t pending = 0;
  napi_ref onSettled = nullptr;
  // What GetLastError() says: Node's own calls would overwrite the system's.
  DWORD lastError = 0;
};

// The environment that a callback runs in.
Environment* Current(napi_env env);

// What JavaScript is told beside results (from 0 up) and −GetLastError(): src/binding/windows.ts has the same.
enum Refusal : int {
  kNotMapped = -2000001,  // the view is over memory that is none of our mappings
  kGone = -2000002,       // the mapping is closed
  kDiverted = -2000003,   // there was a write to a read-only view
  kOwnHand = -2000004,  // an asynchronous wait of this thread owns the mutex that it would wait for
};

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
void Export(Napi::Env env, Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<function>(env, name));
}

bool HasSharedBuffers();

// One per file.
void InitViews(Napi::Env env, Napi::Object exports, Napi::Object windows);
void InitObjects(Napi::Env env, Napi::Object exports, Napi::Object windows);
void InitWaits(Napi::Env env, Napi::Object exports, Napi::Object windows);

// −GetLastError(), kept for the environment; never 0.
Napi::Value Failure(const Napi::CallbackInfo& info, DWORD error = GetLastError());
HANDLE HandleOf(const Napi::Value& value);
// For the handle's closing and for the environment's end. Again is harmless.
void EndWaitsOn(Environment* environment, HANDLE handle);
void EndWaits(Environment* environment);

}  // namespace memspan
