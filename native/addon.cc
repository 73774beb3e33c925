// The module: one environment's state, and the functions that binding.ts declares.

#include <dlfcn.h>
#include <errno.h>
#include <napi.h>
#include <unistd.h>

#include "buffer.h"
#include "environment.h"
#include "file.h"
#include "guard.h"
#include "mapping.h"
#include "os/os.h"
#include "sleep.h"
#include "wait.h"
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

// (isWorker, onSettled(ticket, outcome), without: string[]) → the kind of buffers that can be had
Napi::Value Start(const Napi::CallbackInfo& info) {
  Environment* environment = Current(info.Env());
  environment->isWorker = info[0].As<Napi::Boolean>().Value();
  if (environment->isWorker) environment->loopFd = FindLoopFd(info.Env());
  napi_create_reference(info.Env(), info[1], 1, &environment->onSettled);
  if (info[2].As<Napi::Boolean>().Value()) PretendNoWaitAny();
  const int guarded = InstallGuard();
  if (guarded < 0) return Napi::Number::New(info.Env(), guarded);
  return Napi::Number::New(info.Env(), static_cast<uint32_t>(KindOfBuffers()));
}

Mapping* MappingOf(const Napi::CallbackInfo& info) {
  return info[0].As<Napi::External<Mapping>>().Data();
}

Napi::Value Failure(const Napi::CallbackInfo& info, int result) {
  return Napi::Number::New(info.Env(), result);
}

// {handle, buffer, status}; the handle lets go of the mapping when it is collected.
Napi::Value Describe(const Napi::CallbackInfo& info, Mapping* mapping) {
  const Napi::Env env = info.Env();
  napi_value handle;
  const napi_status held = napi_create_external(
      env, mapping, [](napi_env, void* data, void*) { Release(static_cast<Mapping*>(data)); },
      nullptr, &handle);
  if (held != napi_ok) {
    // The worker is being terminated: no value can be made any more, and nobody will miss it.
    Release(mapping);
    return {};
  }
  const napi_value buffer = MakeBuffer(env, mapping);
  if (!buffer) return {};
  const napi_value status = MakeStatusBuffer(env, mapping);
  if (!status) return {};
  Napi::Object result = Napi::Object::New(env);
  result.Set("handle", handle);
  result.Set("buffer", buffer);
  result.Set("status", status);
  return result;
}

// (fd, size, flags) → {handle, buffer, status}, or −errno
Napi::Value MapFile(const Napi::CallbackInfo& info) {
  const double size = info[1].As<Napi::Number>().DoubleValue();
  if (!(size >= 1) || size > 9007199254740991.0) return Failure(info, -EINVAL);
  Mapping* mapping = nullptr;
  const int result = Map(info[0].As<Napi::Number>().Int32Value(), static_cast<uint64_t>(size),
                         info[2].As<Napi::Number>().Uint32Value(), Current(info.Env()), &mapping);
  if (result < 0) return Failure(info, result);
  return Describe(info, mapping);
}

// () → {handle, buffer, status} of one page in which the first word is 0x6d656d73 by native hand
Napi::Value MapProbe(const Napi::CallbackInfo& info) {
  Mapping* mapping = nullptr;
  const int result = MapAnonymous(PageSize(), &mapping);
  if (result < 0) return Failure(info, result);
  *reinterpret_cast<uint32_t*>(mapping->base) = 0x6d656d73;
  return Describe(info, mapping);
}

// () → whether one can wait for several words at once
Napi::Value WaitsForAny(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), HasWaitAny());
}

// (handle) → the first word as the mapped memory has it
Napi::Value ReadProbe(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), *reinterpret_cast<uint32_t*>(MappingOf(info)->base));
}

Napi::Value Bulk(const Napi::CallbackInfo& info) {
  const napi_value buffer = MakeBulkBuffer(info.Env(), MappingOf(info));
  return buffer ? Napi::Value(info.Env(), buffer) : Napi::Value();
}

// (handle, bulk?) → 0 or −errno; after −EBUSY all is as before
Napi::Value CloseMapping(const Napi::CallbackInfo& info) {
  const int result = Close(MappingOf(info));
  if (result != -EBUSY && info[1].IsArrayBuffer()) napi_detach_arraybuffer(info.Env(), info[1]);
  return Failure(info, result);
}

Napi::Value HealMapping(const Napi::CallbackInfo& info) {
  return Failure(info, Heal(MappingOf(info), info[1].As<Napi::Number>().Int32Value()));
}

Napi::Value CutMapping(const Napi::CallbackInfo& info) {
  const int64_t size = info[1].As<Napi::Number>().Int64Value();
  return Failure(info, size < 1 ? -EINVAL : CutTail(MappingOf(info), static_cast<uint64_t>(size)));
}

Napi::Value SyncMapping(const Napi::CallbackInfo& info) {
  const int64_t offset = info[1].As<Napi::Number>().Int64Value();
  const int64_t length = info[2].As<Napi::Number>().Int64Value();
  if (offset < 0 || length < 0) return Failure(info, -EINVAL);
  return Failure(
      info, Sync(MappingOf(info), static_cast<uint64_t>(offset), static_cast<uint64_t>(length)));
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
  Export<MapFile>(env, exports, "map");
  Export<MapProbe>(env, exports, "mapProbe");
  Export<ReadProbe>(env, exports, "readProbe");
  Export<Bulk>(env, exports, "bulk");
  Export<CloseMapping>(env, exports, "closeMapping");
  Export<HealMapping>(env, exports, "healMapping");
  Export<CutMapping>(env, exports, "cutMapping");
  Export<SyncMapping>(env, exports, "syncMapping");
  Export<OpenFile>(env, exports, "open");
  Export<OpenMemory>(env, exports, "openMemory");
  Export<CloseFile>(env, exports, "close");
  Export<Allocate>(env, exports, "allocate");
  Export<SealShrink>(env, exports, "sealShrink");
  Export<LinkFile>(env, exports, "link");
  Export<RenameNoReplace>(env, exports, "renameNoReplace");
  Export<LockByte>(env, exports, "lockByte");
  Export<ProbeBytes>(env, exports, "probeBytes");
  Export<IsOnlyUser>(env, exports, "isOnlyUser");
  Export<Wait>(env, exports, "wait");
  Export<Notify>(env, exports, "notify");
  Export<WaitAsync>(env, exports, "waitAsync");
  Export<WatchFile>(env, exports, "watchFile");
  Export<UnwatchFile>(env, exports, "unwatchFile");
  Export<CountNews>(env, exports, "countNews");
  Export<WaitsForAny>(env, exports, "waitsForAny");
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
