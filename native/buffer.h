// JavaScript buffers over a mapping.
#pragma once

#include <node_api.h>

#include "mapping.h"

namespace memspan {

enum class BufferKind : uint32_t { shared = 1, external = 2, none = 0 };

// How a SharedArrayBuffer can be had here: by Node-API (Node 22.23.3, 24.16, 26.1, Bun), by V8 (Node 20),
// or not at all (Deno, Electron); then an external ArrayBuffer is the fallback.
BufferKind KindOfBuffers();

// The way by V8 (buffer_v8.cc; macOS's core does without): whether there is one, and the buffer, which takes over a
// reference to the mapping.
bool HasV8Shared();
napi_value MakeByV8(Mapping* mapping);

// The buffer over the mapping's `size` bytes; keeps the mapping. Null with an exception pending.
napi_value MakeBuffer(napi_env env, Mapping* mapping);
// An ArrayBuffer over the same bytes, for bulk copies; keeps the mapping, and can be detached.
napi_value MakeBulkBuffer(napi_env env, Mapping* mapping);
// An ArrayBuffer over the status word alone.
napi_value MakeStatusBuffer(napi_env env, Mapping* mapping);

}  // namespace memspan
