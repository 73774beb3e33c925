// What one JavaScript environment (the main thread, or one worker) owns natively: its descriptors and
// its asynchronous waits. Created by the module's init, ended by the environment's cleanup hook.
#pragma once

#include <node_api.h>

#include <memory>
#include <set>

namespace memspan {

struct AsyncWaits;

struct Environment {
  napi_env env = nullptr;
  // A worker can be terminated while it sleeps; the main thread cannot.
  bool isWorker = false;
  // The event loop's epoll descriptor, -1 where it cannot be had (Bun, Deno).
  int loopFd = -1;
  // Every descriptor that JavaScript code opened through us and has not closed. Descriptors belong to
  // the process, so a worker that ends must close its own.
  std::set<int> fds;
  // Every watch it has asked for (watch.h), as often as it has.
  std::multiset<int> watches;
  // Made by the first asynchronous wait.
  std::shared_ptr<AsyncWaits> waits;
  napi_ref onSettled = nullptr;
};

// The environment that a callback runs in.
Environment* Current(napi_env env);

}  // namespace memspan
