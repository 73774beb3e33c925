// Views as JavaScript has them: buffers over them, and the functions of binding.ts that map, flush and close.

#include "environment.h"
#include "view.h"

namespace memspan {
namespace {

using CreateShared = napi_status (*)(napi_env, void*, size_t, void (*)(void*, void*), void*,
                                     napi_value*);

// Looked up, never linked: older Node versions lack it.
CreateShared FindCreateShared() {
  static const CreateShared create = reinterpret_cast<CreateShared>(reinterpret_cast<void*>(
      GetProcAddress(GetModuleHandleW(nullptr), "node_api_create_external_sharedarraybuffer")));
  return create;
}

napi_value MakeExternal(napi_env env, void* data, size_t size, View* view) {
  napi_value buffer = nullptr;
  Retain(view);
  const napi_status made = napi_create_external_arraybuffer(
      env, data, size, [](napi_env, void*, void* hint) { Release(static_cast<View*>(hint)); }, view,
      &buffer);
  if (made == napi_ok) return buffer;
  // Node has promised to call the finalizer by then, and does.
  if (made != napi_generic_failure) Release(view);
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, nullptr, "this runtime refuses external buffers");
  return nullptr;
}

napi_value MakeBuffer(napi_env env, View* view) {
  const CreateShared create = FindCreateShared();
  if (!create) return MakeExternal(env, view->base, view->size, view);
  napi_value buffer = nullptr;
  Retain(view);
  const napi_status made = create(
      env, view->base, view->size, [](void*, void* hint) { Release(static_cast<View*>(hint)); },
      view, &buffer);
  if (made == napi_ok) return buffer;
  Release(view);
  napi_throw_error(env, nullptr, "this runtime refuses external shared buffers");
  return nullptr;
}

// {handle, buffer, status}; the handle lets go of the view when it is collected.
Napi::Value Describe(const Napi::CallbackInfo& info, View* view) {
  const Napi::Env env = info.Env();
  napi_value handle;
  const napi_status held = napi_create_external(
      env, view, [](napi_env, void* data, void*) { Release(static_cast<View*>(data)); }, nullptr,
      &handle);
  if (held != napi_ok) {
    // The worker is being terminated: no value can be made any more, and nobody will miss it.
    Release(view);
    return {};
  }
  const napi_value buffer = MakeBuffer(env, view);
  if (!buffer) return {};
  const napi_value status = MakeExternal(env, &view->status, sizeof(uint32_t), view);
  if (!status) return {};
  Napi::Object result = Napi::Object::New(env);
  result.Set("handle", handle);
  result.Set("buffer", buffer);
  result.Set("status", status);
  return result;
}

View* ViewOf(const Napi::CallbackInfo& info) { return info[0].As<Napi::External<View>>().Data(); }

Napi::Value Result(const Napi::CallbackInfo& info, DWORD error) {
  return error == 0 ? Napi::Number::New(info.Env(), 0) : Failure(info, error);
}

// Makes the pages present, as far as the system has them.
void Populate(View* view) {
  for (size_t at = 0; at < view->length; at += 4096) {
    static_cast<void>(*static_cast<volatile uint8_t*>(view->base + at));
  }
}

// (section, size, flags) → {handle, buffer, status}, or −GetLastError()
Napi::Value Map(const Napi::CallbackInfo& info) {
  // native/mapping.h has the flags.
  enum : uint32_t { kWritable = 1, kPrivate = 2, kPopulate = 4, kLock = 8 };
  const uint32_t flags = info[2].As<Napi::Number>().Uint32Value();
  const Access access = flags & kPrivate    ? Access::copy
                        : flags & kWritable ? Access::write
                                            : Access::read;
  View* view = nullptr;
  DWORD error =
      MapView(HandleOf(info[0]), 0, static_cast<uint64_t>(info[1].As<Napi::Number>().DoubleValue()),
              access, &view);
  if (error != 0) return Failure(info, error);
  if (flags & kPopulate) Populate(view);
  if ((flags & kLock) && !VirtualLock(view->base, view->length)) {
    error = GetLastError();
    Release(view);
    return Failure(info, error);
  }
  return Describe(info, view);
}

// (section, access, offset, size) → {handle, buffer, status}, or −GetLastError()
Napi::Value MapSection(const Napi::CallbackInfo& info) {
  const uint32_t wanted = info[1].As<Napi::Number>().Uint32Value();
  const Access access = wanted & FILE_MAP_WRITE   ? Access::write
                        : wanted == FILE_MAP_COPY ? Access::copy
                                                  : Access::read;
  View* view = nullptr;
  const DWORD error =
      MapView(HandleOf(info[0]), static_cast<uint64_t>(info[2].As<Napi::Number>().DoubleValue()),
              static_cast<uint64_t>(info[3].As<Napi::Number>().DoubleValue()), access, &view);
  return error == 0 ? Describe(info, view) : Failure(info, error);
}

// () → {handle, buffer, status} of one page in which the first word is 0x6d656d73 by native hand
Napi::Value MapProbe(const Napi::CallbackInfo& info) {
  const HANDLE section =
      CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, 4096, nullptr);
  if (!section) return Failure(info);
  View* view = nullptr;
  const DWORD error = MapView(section, 0, 4096, Access::write, &view);
  CloseHandle(section);
  if (error != 0) return Failure(info, error);
  *reinterpret_cast<uint32_t*>(view->base) = 0x6d656d73;
  return Describe(info, view);
}

// (handle) → the first word as the mapped memory has it
Napi::Value ReadProbe(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), *reinterpret_cast<uint32_t*>(ViewOf(info)->base));
}

Napi::Value Bulk(const Napi::CallbackInfo& info) {
  View* view = ViewOf(info);
  const napi_value buffer = MakeExternal(info.Env(), view->base, view->size, view);
  return buffer ? Napi::Value(info.Env(), buffer) : Napi::Value();
}

// (handle, bulk?) → 0 or −GetLastError()
Napi::Value CloseMapping(const Napi::CallbackInfo& info) {
  if (info[1].IsArrayBuffer()) napi_detach_arraybuffer(info.Env(), info[1]);
  return Result(info, CloseView(ViewOf(info)));
}

Napi::Value HealMapping(const Napi::CallbackInfo& info) {
  return Result(info, HealView(ViewOf(info), HandleOf(info[1])));
}

// (handle, offset, length), checked by the caller
Napi::Value SyncMapping(const Napi::CallbackInfo& info) {
  View* view = ViewOf(info);
  const uint64_t offset = static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value());
  const uint64_t length = static_cast<uint64_t>(info[2].As<Napi::Number>().Int64Value());
  if (offset > view->size || length > view->size - offset) {
    return Failure(info, ERROR_INVALID_PARAMETER);
  }
  // 0 would mean all the rest.
  return Result(info, length == 0 ? 0 : FlushView(view, view->base + offset, length));
}

struct Region {
  uint8_t* address = nullptr;
  View* view = nullptr;
};

// The first byte of a typed array argument. Returns 0 or a Refusal.
int RegionOf(const Napi::CallbackInfo& info, Region* region) {
  void* address = nullptr;
  napi_get_typedarray_info(info.Env(), info[0], nullptr, nullptr, &address, nullptr, nullptr);
  region->address = static_cast<uint8_t*>(address);
  region->view = FindView(address);
  if (!region->view) return kNotMapped;
  return region->view->status.load() & kClosed ? static_cast<int>(kGone) : 0;
}

// (bytes, count) → 0, −GetLastError() or a Refusal
Napi::Value FlushRegion(const Napi::CallbackInfo& info) {
  Region region;
  const int refusal = RegionOf(info, &region);
  if (refusal != 0) return Napi::Number::New(info.Env(), refusal);
  if (region.view->status.load() & kWroteReadOnly) return Napi::Number::New(info.Env(), kDiverted);
  const size_t left = region.view->size - static_cast<size_t>(region.address - region.view->base);
  const double wanted = info[1].As<Napi::Number>().DoubleValue();
  if (wanted > static_cast<double>(left)) return Failure(info, ERROR_INVALID_ADDRESS);
  const size_t count = wanted == 0 ? left : static_cast<size_t>(wanted);
  return Result(info, FlushView(region.view, region.address, count));
}

// (bytes) → 0, −GetLastError() or a Refusal
Napi::Value UnmapRegion(const Napi::CallbackInfo& info) {
  Region region;
  const int refusal = RegionOf(info, &region);
  if (refusal != 0) return Napi::Number::New(info.Env(), refusal);
  if (region.address != region.view->base) return Failure(info, ERROR_INVALID_ADDRESS);
  return Result(info, CloseView(region.view));
}

}  // namespace

bool HasSharedBuffers() { return FindCreateShared() != nullptr; }

void InitViews(Napi::Env env, Napi::Object exports, Napi::Object windows) {
  Export<Map>(env, exports, "map");
  Export<MapProbe>(env, exports, "mapProbe");
  Export<ReadProbe>(env, exports, "readProbe");
  Export<Bulk>(env, exports, "bulk");
  Export<CloseMapping>(env, exports, "closeMapping");
  Export<HealMapping>(env, exports, "healMapping");
  Export<SyncMapping>(env, exports, "syncMapping");
  Export<MapSection>(env, windows, "mapSection");
  Export<FlushRegion>(env, windows, "flushRegion");
  Export<UnmapRegion>(env, windows, "unmapRegion");
}

}  // namespace memspan
