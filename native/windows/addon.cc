// The module on Windows: one environment's state, and the functions that binding.ts declares, as far as there are any.

#include "environment.h"
#include "view.h"

namespace memspan {

Environment* Current(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return static_cast<Environment*>(data);
}

Napi::Value Failure(const Napi::CallbackInfo& info, DWORD error) {
  // Some calls fail without saying why.
  if (error == 0) error = ERROR_GEN_FAILURE;
  Current(info.Env())->lastError = error;
  return Napi::Number::New(info.Env(), -static_cast<double>(error));
}

namespace {

// (isWorker, onSettled(ticket, outcome), …) → the kind of buffers that can be had (native/buffer.h)
Napi::Value Start(const Napi::CallbackInfo& info) {
  napi_create_reference(info.Env(), info[1], 1, &Current(info.Env())->onSettled);
  InstallGuard();
  return Napi::Number::New(info.Env(), HasSharedBuffers() ? 1 : 2);
}

void EndEnvironment(void* data) {
  Environment* environment = static_cast<Environment*>(data);
  EndWaits(environment);
  for (const HANDLE handle : environment->handles) CloseHandle(handle);
  environment->handles.clear();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  Environment* environment = new Environment;
  environment->env = env;
  napi_set_instance_data(
      env, environment, [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); },
      nullptr);
  napi_add_env_cleanup_hook(env, EndEnvironment, environment);
  Napi::Object windows = Napi::Object::New(env);
  Export<Start>(env, exports, "start");
  InitViews(env, exports, windows);
  InitObjects(env, exports, windows);
  InitWaits(env, exports, windows);
  exports.Set("windows", windows);
  return exports;
}

}  // namespace
}  // namespace memspan

// NODE_API_MODULE would want a function of the global namespace.
static Napi::Object InitModule(Napi::Env env, Napi::Object exports) {
  return memspan::Init(env, exports);
}
NODE_API_MODULE(memspan, InitModule)
