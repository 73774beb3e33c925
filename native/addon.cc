// The module: one environment's state, and the functions that binding.ts declares.

#include <dlfcn.h>
#include <errno.h>
#include <napi.h>
#include <unistd.h>

#include "buffer.h"
#include "environment.h"
#include "file.h"
#include "guard.h"
#include "mappings.h"
#include "os/os.h"
#include "sleep.h"
#include "wait.h"
#include "wait_ring.h"
#include "watch.h"

namespace memspan {

namespace {

int FindLoopFd(napi_env env) {
  uv_loop_s* loop = nullptr;
  using BackendFd = int (*)(const uv_loop_s*);
  const auto backendFd = reinterpret_cast<BackendFd>(dlsym(RTLD_DEFAULT, "uv_backend_fd"));
  if (!backendFd || napi_get_uv_event_loop(env, &loop) != napi_ok || !loop) return -1;
  return backendFd(loop);
}

// (isWorker, onSettled(ticket, outcome), hasLoop) → the kind of buffers that can be had
Napi::Value Start(const Napi::CallbackInfo& info) {
  Environment* environment = Current(info.Env());
  environment->isWorker = info[0].As<Napi::Boolean>().Value();
  const bool hasLoop = info[2].As<Napi::Boolean>().Value();
  environment->mayRing = hasLoop;
  if (environment->isWorker && hasLoop) environment->loopFd = FindLoopFd(info.Env());
  napi_create_reference(info.Env(), info[1], 1, &environment->onSettled);
  const int guarded = InstallGuard();
  if (guarded < 0) return Napi::Number::New(info.Env(), guarded);
  return Napi::Number::New(info.Env(), static_cast<uint32_t>(KindOfBuffers()));
}

Napi::Value Failure(const Napi::CallbackInfo& info, int result) {
  return Napi::Number::New(info.Env(), result);
}

// () → whether one can wait for several words at once
Napi::Value WaitsForAny(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), HasWaitAny());
}

// () → whether asynchronous waits on 32-bit words go by io_uring
Napi::Value WaitsInRing(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), WaitsByRing(Current(info.Env())));
}

Napi::Value HealMapping(const Napi::CallbackInfo& info) {
  return Failure(info, Heal(MappingOf(info), info[1].As<Napi::Number>().Int32Value()));
}

Napi::Value CutMapping(const Napi::CallbackInfo& info) {
  const int64_t size = info[1].As<Napi::Number>().Int64Value();
  return Failure(info, size < 1 ? -EINVAL : CutTail(MappingOf(info), static_cast<uint64_t>(size)));
}

// Straight from Node-API: for what is called so often that the wrapper's share would show.
void ExportPlain(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) == napi_ok) {
    napi_set_named_property(env, exports, name, function);
  }
}

void EndEnvironment(void* data) {
  Environment* environment = static_cast<Environment*>(data);
  for (const int fd : environment->fds) close(fd);
  environment->fds.clear();
  EndWatches(environment);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  Environment* environment = new Environment;
  environment->env = env;
  napi_set_instance_data(
      env, environment, [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); },
      nullptr);
  napi_add_env_cleanup_hook(env, EndEnvironment, environment);
  Export<Start>(env, exports, "start");
  InitMappings(env, exports);
  Export<HealMapping>(env, exports, "healMapping");
  Export<CutMapping>(env, exports, "cutMapping");
  Export<OpenFile>(env, exports, "open");
  Export<OpenMemory>(env, exports, "openMemory");
  Export<CloseFile>(env, exports, "close");
  Export<SetMode>(env, exports, "setMode");
  Export<SetSize>(env, exports, "setSize");
  Export<Allocate>(env, exports, "allocate");
  Export<SealShrink>(env, exports, "sealShrink");
  Export<LinkFile>(env, exports, "link");
  Export<RenameNoReplace>(env, exports, "renameNoReplace");
  Export<LockByte>(env, exports, "lockByte");
  Export<ProbeBytes>(env, exports, "probeBytes");
  Export<IsOnlyUser>(env, exports, "isOnlyUser");
  ExportPlain(env, exports, "wait", Wait);
  ExportPlain(env, exports, "notify", Notify);
  ExportPlain(env, exports, "waitAsync", WaitAsync);
  Export<WatchFile>(env, exports, "watchFile");
  Export<UnwatchFile>(env, exports, "unwatchFile");
  Export<CountNews>(env, exports, "countNews");
  Export<WaitsForAny>(env, exports, "waitsForAny");
  Export<WaitsInRing>(env, exports, "waitsByRing");
  Export<CancelWait>(env, exports, "cancelWait");
  InitOs(env, exports);
  return exports;
}

}  // namespace
}  // namespace memspan

// NODE_API_MODULE would want a function of the global namespace.
static Napi::Object InitModule(Napi::Env env, Napi::Object exports) {
  return memspan::Init(env, exports);
}
NODE_API_MODULE(memspan, InitModule)
