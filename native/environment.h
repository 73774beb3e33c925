// What one JavaScript environment (the main thread, or one worker) owns natively: its descriptors and
// its asynchronous waits. Created by the module's init, ended by the environment's cleanup hook.
#pragma once

#include <node_api.h>

#include <memory>
#include <set>

namespace memspan {

struct AsyncWaits;
struct RingWaits;
class Calls;
class Holds;

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
  // Made by the first asynchronous wait that is a helper's.
  std::shared_ptr<AsyncWaits> waits;
  // Made by the first asynchronous wait; ended by a hook of its own. False: there is none to be had.
  RingWaits* ring = nullptr;
  bool mayRing = false;
  napi_ref onSettled = nullptr;
  // Asynchronous calls on the system's own objects, made by the first; and the locks that its thread has in there.
  std::shared_ptr<Calls> calls;
  std::shared_ptr<Holds> holds;
};

// The environment that a callback runs in.
Environment* Current(napi_env env);
// Tells JavaScript, from its event loop, what became of what it was given this ticket for.
void Settle(Environment* environment, double ticket, int outcome);

}  // namespace memspan
