// A descriptor that the event loop of an environment watches, by libuv's uv_poll_t. The functions are looked up in the running
// program, so that the core loads where there are none (Deno).
#pragma once

#include <node_api.h>

namespace memspan {

class LoopWatch {
 public:
  // Calls `ready(data)` on the loop while the descriptor has something to read. Does not hold the loop open. Null where it
  // cannot be had.
  static LoopWatch* Start(napi_env env, int fd, void (*ready)(void*), void* data);
  void HoldOpen(bool hold);
  // The descriptor may be closed when this returns; `closed(data)` is called later, on the loop, and the watch is gone then.
  void Close(void (*closed)(void*));

 private:
  LoopWatch() = default;
  void* handle_ = nullptr;
  void (*ready_)(void*) = nullptr;
  void (*closed_)(void*) = nullptr;
  void* data_ = nullptr;
};

}  // namespace memspan
