// Puts the folder together; see os.h.

#include "os.h"

#include "../buffer.h"

namespace memspan {

void InitOs(Napi::Env env, Napi::Object exports) {
  Napi::Object os = Napi::Object::New(env);
  InitDescriptors(env, os);
  InitMemory(env, os);
  InitCalls(env, os);
  InitSemaphores(env, os);
  InitMutexes(env, os);
  InitConditions(env, os);
  InitRwLocks(env, os);
  InitBarriers(env, os);
  InitFacts(env, os);
  InitLimits(env, os);
  InitSystemVMemory(env, os);
  InitSystemVSemaphores(env, os);
  exports.Set("os", os);
}

Napi::Value BufferOver(const Napi::CallbackInfo& info, Mapping* mapping) {
  const napi_value buffer = MakeBuffer(info.Env(), mapping);
  Release(mapping);
  return buffer ? Napi::Value(info.Env(), buffer) : Napi::Value();
}

}  // namespace memspan
