// Watching a descriptor by libuv; see loop.h.

#include "loop.h"

#include <dlfcn.h>
#include <stdlib.h>

namespace memspan {
namespace {

// Of uv.h, whose numbers and functions stay as they are in all of libuv 1.
constexpr int kPollHandle = 8;
constexpr int kReadable = 1;

struct Libuv {
  size_t (*handleSize)(int type);
  int (*pollInit)(uv_loop_s* loop, void* handle, int fd);
  int (*pollStart)(void* handle, int events, void (*callback)(void*, int status, int events));
  void (*close)(void* handle, void (*callback)(void*));
  void (*ref)(void* handle);
  void (*unref)(void* handle);
  void* (*getData)(const void* handle);
  void (*setData)(void* handle, void* data);
  bool whole = true;

  template <typename Function>
  void Find(const char* name, Function* function) {
    *function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
    whole = whole && *function;
  }

  Libuv() {
    Find("uv_handle_size", &handleSize);
    Find("uv_poll_init", &pollInit);
    Find("uv_poll_start", &pollStart);
    Find("uv_close", &close);
    Find("uv_ref", &ref);
    Find("uv_unref", &unref);
    Find("uv_handle_get_data", &getData);
    Find("uv_handle_set_data", &setData);
  }
};

const Libuv& Uv() {
  static const Libuv libuv;
  return libuv;
}

}  // namespace

LoopWatch* LoopWatch::Start(napi_env env, int fd, void (*ready)(void*), void* data) {
  uv_loop_s* loop = nullptr;
  if (!Uv().whole || napi_get_uv_event_loop(env, &loop) != napi_ok || !loop) return nullptr;
  void* handle = malloc(Uv().handleSize(kPollHandle));
  if (!handle) return nullptr;
  if (Uv().pollInit(loop, handle, fd) != 0) {
    free(handle);
    return nullptr;
  }
  LoopWatch* watch = new LoopWatch;
  watch->handle_ = handle;
  watch->ready_ = ready;
  watch->data_ = data;
  Uv().setData(handle, watch);
  Uv().unref(handle);
  const auto call = [](void* handle, int, int) {
    const LoopWatch* watch = static_cast<LoopWatch*>(Uv().getData(handle));
    watch->ready_(watch->data_);
  };
  if (Uv().pollStart(handle, kReadable, call) == 0) return watch;
  watch->Close([](void*) {});
  return nullptr;
}

void LoopWatch::HoldOpen(bool hold) { (hold ? Uv().ref : Uv().unref)(handle_); }

void LoopWatch::Close(void (*closed)(void*)) {
  closed_ = closed;
  Uv().close(handle_, [](void* handle) {
    LoopWatch* watch = static_cast<LoopWatch*>(Uv().getData(handle));
    watch->closed_(watch->data_);
    delete watch;
    free(handle);
  });
}

}  // namespace memspan
