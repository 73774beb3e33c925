// The operating system's own objects: what each file of this folder adds to the addon's exports.
#pragma once

#include <napi.h>
#include <sys/mman.h>

#include "../mapping.h"

// Linux 5.14; musl's headers have them from 1.2.4 on.
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

namespace memspan {

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
void Export(Napi::Env env, Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<function>(env, name));
}

// What a call has come to: 0 or more, −errno, an error number as a pthread function returns it, a Refusal, a ticket.
inline Napi::Value Result(const Napi::CallbackInfo& info, double result) {
  return Napi::Number::New(info.Env(), result);
}

inline int Int(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().Int32Value();
}

inline int64_t Long(const Napi::CallbackInfo& info, size_t index) {
  bool lossless;
  return info[index].As<Napi::BigInt>().Int64Value(&lossless);
}

// All of the folder, under `exports.os`, as src/os/native.ts declares it.
void InitOs(Napi::Env env, Napi::Object exports);

// One per file.
void InitDescriptors(Napi::Env env, Napi::Object os);
void InitLimits(Napi::Env env, Napi::Object os);
void InitMemory(Napi::Env env, Napi::Object os);
void InitCalls(Napi::Env env, Napi::Object os);
void InitSemaphores(Napi::Env env, Napi::Object os);
void InitMutexes(Napi::Env env, Napi::Object os);
void InitConditions(Napi::Env env, Napi::Object os);
void InitRwLocks(Napi::Env env, Napi::Object os);
void InitBarriers(Napi::Env env, Napi::Object os);
void InitFacts(Napi::Env env, Napi::Object os);
void InitSystemVMemory(Napi::Env env, Napi::Object os);
void InitSystemVSemaphores(Napi::Env env, Napi::Object os);

// The buffer over a mapping, which is all that keeps it from now on.
Napi::Value BufferOver(const Napi::CallbackInfo& info, Mapping* mapping);

}  // namespace memspan
