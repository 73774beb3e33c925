// Making buffers over memory that is not V8's; see buffer.h.

#include "buffer.h"

#include <dlfcn.h>
#include <v8.h>

#include <cstdlib>
#include <cstring>

namespace memspan {
namespace {

using CreateShared = napi_status (*)(napi_env, void*, size_t, void (*)(void*, void*), void*,
                                     napi_value*);

// Looked up, never linked: Node 20 would end at the first call.
CreateShared FindCreateShared() {
  return reinterpret_cast<CreateShared>(
      dlsym(RTLD_DEFAULT, "node_api_create_external_sharedarraybuffer"));
}

// The two V8 functions that MakeByV8 calls; lazily bound, so their absence must be seen before.
bool HasV8Shared() {
  return dlsym(RTLD_DEFAULT, "_ZN2v817SharedArrayBuffer15NewBackingStoreEPvmPFvS1_mS1_ES1_") &&
         dlsym(RTLD_DEFAULT,
               "_ZN2v817SharedArrayBuffer3NewEPNS_7IsolateESt10shared_ptrINS_12BackingStoreEE");
}

// For tests of the fallback; the variable is described in binding.ts.
bool IsSwitchedOff() {
  const char* without = std::getenv("MEMSPAN_WITHOUT");
  return without && std::strstr(without, "sharedarraybuffer");
}

napi_value MakeByV8(Mapping* mapping) {
  auto store = v8::SharedArrayBuffer::NewBackingStore(
      mapping->base, mapping->size,
      [](void*, size_t, void* data) { Release(static_cast<Mapping*>(data)); }, mapping);
  v8::Local<v8::Value> buffer = v8::SharedArrayBuffer::New(
      v8::Isolate::GetCurrent(), std::shared_ptr<v8::BackingStore>(std::move(store)));
  // A napi_value is a Local's slot; Node's own v8impl::JsValueFromV8LocalValue does the same.
  napi_value value;
  static_assert(sizeof value == sizeof buffer);
  std::memcpy(static_cast<void*>(&value), &buffer, sizeof value);
  return value;
}

napi_value MakeExternal(napi_env env, void* data, size_t size, Mapping* mapping) {
  napi_value buffer = nullptr;
  Retain(mapping);
  const napi_status made = napi_create_external_arraybuffer(
      env, data, size, [](napi_env, void*, void* hint) { Release(static_cast<Mapping*>(hint)); },
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
  static const bool shared = !IsSwitchedOff() && (FindCreateShared() || HasV8Shared());
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
