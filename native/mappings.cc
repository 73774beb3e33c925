// Mappings as JavaScript has them; see mappings.h.

#include "mappings.h"

#include <errno.h>

#include "buffer.h"
#include "environment.h"
#include "os/os.h"

namespace memspan {
namespace {

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
  // First, as Electron's refusal is an error here, and in V8's own function for shared ones the end of the process.
  const napi_value status = MakeStatusBuffer(env, mapping);
  if (!status) return {};
  const napi_value buffer = MakeBuffer(env, mapping);
  if (!buffer) return {};
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

Napi::Value SyncMapping(const Napi::CallbackInfo& info) {
  const int64_t offset = info[1].As<Napi::Number>().Int64Value();
  const int64_t length = info[2].As<Napi::Number>().Int64Value();
  if (offset < 0 || length < 0) return Failure(info, -EINVAL);
  return Failure(
      info, Sync(MappingOf(info), static_cast<uint64_t>(offset), static_cast<uint64_t>(length)));
}

}  // namespace

Mapping* MappingOf(const Napi::CallbackInfo& info) {
  return info[0].As<Napi::External<Mapping>>().Data();
}

void InitMappings(Napi::Env env, Napi::Object exports) {
  Export<MapFile>(env, exports, "map");
  Export<MapProbe>(env, exports, "mapProbe");
  Export<ReadProbe>(env, exports, "readProbe");
  Export<Bulk>(env, exports, "bulk");
  Export<CloseMapping>(env, exports, "closeMapping");
  Export<SyncMapping>(env, exports, "syncMapping");
}

}  // namespace memspan
