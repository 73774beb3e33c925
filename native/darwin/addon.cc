// The module on macOS: one environment's state, and the functions that binding.ts declares, as far as there are any.

#include <dlfcn.h>
#include <napi.h>
#include <unistd.h>

#include "../buffer.h"
#include "../environment.h"
#include "../mappings.h"
#include "../os/os.h"
#include "object.h"
#include "wait.h"
#include "wait_on_address.h"

namespace memspan {

// V8's own functions are C++, with names that depend on the library they were compiled with: an older Node gets an
// ArrayBuffer instead.
bool HasV8Shared() { return false; }
napi_value MakeByV8(Mapping*) { return nullptr; }

namespace {

// Buffers outlive the environment that loaded the addon: their finalizers must stay where they are.
void StayLoaded() {
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&StayLoaded), &self) == 0) return;
  static void* const kept = dlopen(self.dli_fname, RTLD_LAZY | RTLD_NODELETE);
  static_cast<void>(kept);
}

// (isWorker, …) → the kind of buffers that can be had
Napi::Value Start(const Napi::CallbackInfo& info) {
  Current(info.Env())->isWorker = info[0].As<Napi::Boolean>().Value();
  StayLoaded();
  return Napi::Number::New(info.Env(), static_cast<uint32_t>(KindOfBuffers()));
}

void EndEnvironment(void* data) {
  Environment* environment = static_cast<Environment*>(data);
  for (const int fd : environment->fds) close(fd);
  environment->fds.clear();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  Environment* environment = new Environment;
  environment->env = env;
  napi_set_instance_data(
      env, environment, [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); },
      nullptr);
  napi_add_env_cleanup_hook(env, EndEnvironment, environment);
  Napi::Object darwin = Napi::Object::New(env);
  Export<Start>(env, exports, "start");
  InitMappings(env, exports);
  InitObjects(env, exports, darwin);
  // What is not exported, binding.ts refuses.
  if (CanWaitOnAddress()) {
    Export<Wait>(env, exports, "wait");
    Export<Notify>(env, exports, "notify");
  }
  exports.Set("darwin", darwin);
  return exports;
}

}  // namespace
}  // namespace memspan

// NODE_API_MODULE would want a function of the global namespace.
static Napi::Object InitModule(Napi::Env env, Napi::Object exports) {
  return memspan::Init(env, exports);
}
NODE_API_MODULE(memspan, InitModule)
