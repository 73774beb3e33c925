// A SharedArrayBuffer by V8's own functions, for Node 20; see buffer.h.

#include <dlfcn.h>
#include <v8.h>

#include <cstring>

#include "buffer.h"

namespace memspan {

// The two V8 functions that MakeByV8 calls; lazily bound, so their absence must be seen before.
bool HasV8Shared() {
  return dlsym(RTLD_DEFAULT, "_ZN2v817SharedArrayBuffer15NewBackingStoreEPvmPFvS1_mS1_ES1_") &&
         dlsym(RTLD_DEFAULT,
               "_ZN2v817SharedArrayBuffer3NewEPNS_7IsolateESt10shared_ptrINS_12BackingStoreEE");
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

}  // namespace memspan
