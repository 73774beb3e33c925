// The threads behind asynchronous calls, one environment's; see call.h. What is in here is guarded by Calls::mutex.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "call.h"

namespace memspan {

// A call that a hand has. JavaScript is told of it by its ticket; without one, its starter waits for it.
struct Pending {
  std::shared_ptr<Call> call;
  double ticket = 0;
  int result = 0;
  bool over = false;
  bool abandoned = false;
};

// A hand with what its thread needs.
struct Worker : Hand {
  std::shared_ptr<Calls> calls;
  pthread_t thread{};
  std::condition_variable rung;
  std::shared_ptr<Pending> pending;
  std::function<int(Hand*)> order;
  int answer = 0;
  bool ordered = false;
  bool answered = false;
  bool ending = false;
  bool over = false;  // is to be joined
  bool left = false;  // nobody joins it any more
};

class Calls {
 public:
  std::mutex mutex;
  std::condition_variable answers;
  std::vector<Worker*> workers;
  std::unordered_map<double, std::shared_ptr<Pending>> pending;  // until JavaScript has been told
  std::vector<std::shared_ptr<Pending>> ended;                   // not yet told
  bool closing = false;
  napi_threadsafe_function bell = nullptr;
  // Apart from the tickets of waits (wait_async.cc), which share onSettled.
  double nextTicket = 4294967296.0;
};

// One that has nothing to do and keeps nothing, a new one if need be; null when no thread can be had.
Worker* FreeWorker(const std::shared_ptr<Calls>& calls);
bool IsFree(const Worker* worker);
// Ends all that can be ended: those that hold locks end with them, as their owners.
void Dismiss(const std::shared_ptr<Calls>& calls);

}  // namespace memspan
