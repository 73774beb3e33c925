// Kernel objects: sections, mutexes, semaphores and events, made, opened, changed and closed.
// A name is a string or null; `inherit` makes the handle one that child processes inherit.

#include <string>

#include "environment.h"
#include "view.h"

namespace memspan {

HANDLE HandleOf(const Napi::Value& value) {
  // 32 bits of a handle are significant (Interprocess Communication Between 32-bit and 64-bit Applications).
  return reinterpret_cast<HANDLE>(static_cast<intptr_t>(value.As<Napi::Number>().Int64Value()));
}

namespace {

uint32_t Dword(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().Uint32Value();
}

LONG Long(const Napi::CallbackInfo& info, size_t index) {
  return static_cast<LONG>(info[index].As<Napi::Number>().Int32Value());
}

BOOL Bool(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Boolean>().Value();
}

// An argument that is a name, as the W functions want it.
class Name {
 public:
  explicit Name(const Napi::Value& value) : named_(value.IsString()) {
    if (named_) text_ = value.As<Napi::String>().Utf16Value();
  }
  const wchar_t* get() const {
    return named_ ? reinterpret_cast<const wchar_t*>(text_.c_str()) : nullptr;
  }

 private:
  bool named_;
  std::u16string text_;
};

SECURITY_ATTRIBUTES Attributes(BOOL inherit) {
  return {sizeof(SECURITY_ATTRIBUTES), nullptr, inherit};
}

// The handle, or −GetLastError(). ERROR_ALREADY_EXISTS comes with a handle.
Napi::Value Opened(const Napi::CallbackInfo& info, HANDLE handle) {
  const DWORD error = GetLastError();
  if (!handle) return Failure(info, error);
  Environment* environment = Current(info.Env());
  environment->lastError = error;
  environment->handles.insert(handle);
  return Napi::Number::New(info.Env(), static_cast<double>(reinterpret_cast<intptr_t>(handle)));
}

Napi::Value Done(const Napi::CallbackInfo& info, BOOL ok) {
  return ok ? Napi::Number::New(info.Env(), 0) : Failure(info);
}

// A C runtime descriptor's handle, as libuv has it. Null where the host does not give libuv's functions.
HANDLE FileHandle(int fd) {
  using Get = HANDLE (*)(int);
  static const Get get = reinterpret_cast<Get>(
      reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(nullptr), "uv_get_osfhandle")));
  return get ? get(fd) : nullptr;
}

// (descriptor or −1, inherit, protection, sizeHigh, sizeLow, name)
Napi::Value CreateSection(const Napi::CallbackInfo& info) {
  const int fd = info[0].As<Napi::Number>().Int32Value();
  const HANDLE file = fd < 0 ? INVALID_HANDLE_VALUE : FileHandle(fd);
  // INVALID_HANDLE_VALUE would ask for memory that no file is behind.
  if (fd >= 0 && (!file || file == INVALID_HANDLE_VALUE)) {
    return Failure(info, ERROR_INVALID_HANDLE);
  }
  SECURITY_ATTRIBUTES attributes = Attributes(Bool(info, 1));
  const Name name(info[5]);
  SetLastError(0);
  return Opened(info, CreateFileMappingW(file, &attributes, Dword(info, 2), Dword(info, 3),
                                         Dword(info, 4), name.get()));
}

// (access, inherit, name)
Napi::Value OpenSection(const Napi::CallbackInfo& info) {
  const Name name(info[2]);
  SetLastError(0);
  // With the right to ask for its size, if it can be had.
  HANDLE section = OpenFileMappingW(Dword(info, 0) | SECTION_QUERY, Bool(info, 1), name.get());
  if (!section && GetLastError() == ERROR_ACCESS_DENIED) {
    section = OpenFileMappingW(Dword(info, 0), Bool(info, 1), name.get());
  }
  return Opened(info, section);
}

// (section) → bytes in whole pages, or 0
Napi::Value MeasureSection(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(SectionSize(HandleOf(info[0]))));
}

// (inherit, initialOwner, name)
Napi::Value MakeMutex(const Napi::CallbackInfo& info) {
  SECURITY_ATTRIBUTES attributes = Attributes(Bool(info, 0));
  const Name name(info[2]);
  SetLastError(0);
  return Opened(info, CreateMutexW(&attributes, Bool(info, 1), name.get()));
}

// (access, inherit, name), and so the next two
Napi::Value FindMutex(const Napi::CallbackInfo& info) {
  const Name name(info[2]);
  SetLastError(0);
  return Opened(info, OpenMutexW(Dword(info, 0), Bool(info, 1), name.get()));
}

Napi::Value FindSemaphore(const Napi::CallbackInfo& info) {
  const Name name(info[2]);
  SetLastError(0);
  return Opened(info, OpenSemaphoreW(Dword(info, 0), Bool(info, 1), name.get()));
}

Napi::Value FindEvent(const Napi::CallbackInfo& info) {
  const Name name(info[2]);
  SetLastError(0);
  return Opened(info, OpenEventW(Dword(info, 0), Bool(info, 1), name.get()));
}

// (inherit, initial, maximum, name)
Napi::Value MakeSemaphore(const Napi::CallbackInfo& info) {
  SECURITY_ATTRIBUTES attributes = Attributes(Bool(info, 0));
  const Name name(info[3]);
  SetLastError(0);
  return Opened(info, CreateSemaphoreW(&attributes, Long(info, 1), Long(info, 2), name.get()));
}

// (inherit, manualReset, initialState, name)
Napi::Value MakeEvent(const Napi::CallbackInfo& info) {
  SECURITY_ATTRIBUTES attributes = Attributes(Bool(info, 0));
  const Name name(info[3]);
  SetLastError(0);
  return Opened(info, CreateEventW(&attributes, Bool(info, 1), Bool(info, 2), name.get()));
}

// (semaphore, count) → what it was before, or −GetLastError()
Napi::Value AddPermits(const Napi::CallbackInfo& info) {
  LONG before = 0;
  if (!ReleaseSemaphore(HandleOf(info[0]), Long(info, 1), &before)) return Failure(info);
  return Napi::Number::New(info.Env(), before);
}

Napi::Value Set(const Napi::CallbackInfo& info) { return Done(info, SetEvent(HandleOf(info[0]))); }

Napi::Value Reset(const Napi::CallbackInfo& info) {
  return Done(info, ResetEvent(HandleOf(info[0])));
}

// (handle, companion): the second one is closed after the first.
Napi::Value Accompany(const Napi::CallbackInfo& info) {
  Current(info.Env())->companions[HandleOf(info[0])] = HandleOf(info[1]);
  return Napi::Number::New(info.Env(), 0);
}

// Ends this environment's waits on it. Never a handle that it has not opened, or has closed before: the number may be
// another's by now.
Napi::Value Close(const Napi::CallbackInfo& info) {
  Environment* environment = Current(info.Env());
  const HANDLE handle = HandleOf(info[0]);
  if (environment->handles.erase(handle) == 0) return Failure(info, ERROR_INVALID_HANDLE);
  EndWaitsOn(environment, handle);
  const BOOL closed = CloseHandle(handle);
  const DWORD error = GetLastError();
  const auto companion = environment->companions.find(handle);
  if (companion != environment->companions.end()) {
    if (environment->handles.erase(companion->second) != 0) CloseHandle(companion->second);
    environment->companions.erase(companion);
  }
  return closed ? Napi::Number::New(info.Env(), 0) : Failure(info, error);
}

Napi::Value LastError(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Current(info.Env())->lastError);
}

}  // namespace

void InitObjects(Napi::Env env, Napi::Object exports, Napi::Object windows) {
  Export<Close>(env, exports, "close");
  Export<CreateSection>(env, windows, "createSection");
  Export<OpenSection>(env, windows, "openSection");
  Export<MeasureSection>(env, windows, "measureSection");
  Export<MakeMutex>(env, windows, "createMutex");
  Export<FindMutex>(env, windows, "openMutex");
  Export<MakeSemaphore>(env, windows, "createSemaphore");
  Export<FindSemaphore>(env, windows, "openSemaphore");
  Export<AddPermits>(env, windows, "releaseSemaphore");
  Export<MakeEvent>(env, windows, "createEvent");
  Export<FindEvent>(env, windows, "openEvent");
  Export<Set>(env, windows, "setEvent");
  Export<Reset>(env, windows, "resetEvent");
  Export<Accompany>(env, windows, "accompany");
  Export<LastError>(env, windows, "lastError");
}

}  // namespace memspan
