// Making buffers over memory that is not V8's; see buffer.h.

#include "buffer.h"

#include <dlfcn.h>

#include <cstring>

#include "without.h"

namespace memspan {
namespace {

using CreateShared = napi_status (*)(napi_env, void*, size_t, void (*)(void*, void*), void*,
                                     napi_value*);

// Looked up, never linked: Node 20 would end at the first call.
CreateShared FindCreateShared() {
  return reinterpret_cast<CreateShared>(
      dlsym(RTLD_DEFAULT, "node_api_create_external_sharedarraybuffer"));
}

napi_value MakeExternal(napi_env env, void* data, size_t size, Mapping* mapping) {
  napi_value buffer = nullptr;
  Retain(mapping);
  static const bool isRefused = IsWithout("externalbuffers");
  const napi_status made =
      isRefused ? napi_no_external_buffers_allowed
                : napi_create_external_arraybuffer(
                      env, data, size,
                      [](napi_env, void*, void* hint) { Release(static_cast<Mapping*>(hint)); },
                      mapping, &buffer);
  if (made == napi_ok) return buffer;
  // Node has promised to call the finalizer by then, and does.
  if (made != napi_generic_failure) Release(mapping);
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, nullptr, "this runtime refuses external buffers");
  return nullptr;
}

}  // namespace

BufferKind KindOfBuffers() {
  static const bool shared =
      !IsWithout("sharedarraybuffer") && (FindCreateShared() || HasV8Shared());
  return shared ? BufferKind::shared : BufferKind::external;
}

napi_value MakeBuffer(napi_env env, Mapping* mapping) {
  static const CreateShared create = FindCreateShared();
  if (KindOfBuffers() != BufferKind::shared) {
    return MakeExternal(env, mapping->base, mapping->size, mapping);
  }
  Retain(mapping);
  if (!create) return MakeByV8(mapping);
  napi_value buffer = nullptr;
  const napi_status made = create(
      env, mapping->base, mapping->size,
      [](void*, void* hint) { Release(static_cast<Mapping*>(hint)); }, mapping, &buffer);
  if (made == napi_ok) return buffer;
  Release(mapping);
  napi_throw_error(env, nullptr, "this runtime refuses external shared buffers");
  return nullptr;
}

napi_value MakeBulkBuffer(napi_env env, Mapping* mapping) {
  return MakeExternal(env, mapping->base, mapping->size, mapping);
}

napi_value MakeStatusBuffer(napi_env env, Mapping* mapping) {
  return MakeExternal(env, &mapping->status, sizeof(uint32_t), mapping);
}

}  // namespace memspan
