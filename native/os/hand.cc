// What a hand does all its life; see hand.h.

#include "hand.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "../thread.h"

namespace memspan {
namespace {

constexpr int kHandsMax = 1024;  // docs/posix.md says so
constexpr auto kIdle = std::chrono::milliseconds(250);
// How long an environment that ends waits for its hands. The C library can be inside a condition variable's wait
// for longer: until it has the mutex again.
constexpr auto kLeave = std::chrono::milliseconds(500);

std::atomic<int> handCount{0};

void Finish(Worker* worker, int result) {
  Calls* calls = worker->calls.get();
  const std::shared_ptr<Pending> done = std::move(worker->pending);
  worker->pending = nullptr;
  const bool inVain = calls->closing || done->abandoned;
  // While the memory cannot be closed: what is given back must arrive.
  if (inVain) done->call->Undo(result);
  done->result = result;
  done->call->pin.Rest();
  done->call->second.Rest();
  done->over = true;
  if (done->ticket == 0) calls->answers.notify_all();
  if (inVain || done->ticket == 0) return;
  calls->ended.push_back(done);
  if (calls->ended.size() == 1) {
    napi_call_threadsafe_function(calls->bell, nullptr, napi_tsfn_nonblocking);
  }
}

// True when there is something to do; false when it must end.
bool AwaitWork(Worker* worker, std::unique_lock<std::mutex>* hold) {
  const auto hasWork = [&] { return worker->pending || worker->ordered || worker->ending; };
  for (;;) {
    if (worker->keeps) {
      worker->rung.wait(*hold, hasWork);
    } else {
      worker->rung.wait_for(*hold, kIdle, hasWork);
    }
    if (worker->ending) return false;
    if (hasWork()) return true;
    if (!worker->keeps) return false;
  }
}

void* Work(void* argument) {
  Worker* worker = static_cast<Worker*>(argument);
  pthread_setname_np(pthread_self(), "memspan-call");
  const std::shared_ptr<Calls> calls = worker->calls;
  std::unique_lock<std::mutex> hold(calls->mutex);
  while (AwaitWork(worker, &hold)) {
    if (worker->ordered) {
      worker->answer = worker->order(worker);
      worker->ordered = false;
      worker->answered = true;
      calls->answers.notify_all();
      continue;
    }
    const std::shared_ptr<Call> call = worker->pending->call;
    hold.unlock();
    const int result = call->Run(worker);
    hold.lock();
    Finish(worker, result);
  }
  handCount.fetch_sub(1);
  if (worker->ending && !worker->left) {
    // Whoever told it to end joins it, and lets go of what it holds after that.
    worker->over = true;
    calls->answers.notify_all();
    return nullptr;
  }
  worker->holds.Abandon(static_cast<pid_t>(syscall(SYS_gettid)));
  std::erase(calls->workers, worker);
  if (!worker->left) pthread_detach(pthread_self());
  hold.unlock();
  delete worker;
  return nullptr;
}

Worker* NewWorker(const std::shared_ptr<Calls>& calls) {
  if (handCount.fetch_add(1) >= kHandsMax) {
    handCount.fetch_sub(1);
    return nullptr;
  }
  Worker* worker = new Worker;
  worker->calls = calls;
  if (StartThread(Work, worker, &worker->thread) == 0) {
    calls->workers.push_back(worker);
    return worker;
  }
  handCount.fetch_sub(1);
  delete worker;
  return nullptr;
}

}  // namespace

bool IsFree(const Worker* worker) {
  return !worker->pending && !worker->ordered && !worker->ending;
}

Worker* FreeWorker(const std::shared_ptr<Calls>& calls) {
  for (Worker* worker : calls->workers) {
    if (IsFree(worker) && !worker->keeps) return worker;
  }
  return NewWorker(calls);
}

void Dismiss(const std::shared_ptr<Calls>& calls) {
  std::vector<Worker*> leaving;
  {
    std::unique_lock<std::mutex> hold(calls->mutex);
    calls->closing = true;
    for (Worker* worker : calls->workers) {
      const bool stays = worker->pending && worker->pending->call->endless;
      if (worker->pending) worker->pending->call->cancelled.store(true);
      // Its last call returns, if ever, into a worker that is nobody's; it has no locks.
      if (stays) continue;
      worker->ending = true;
      worker->rung.notify_all();
      leaving.push_back(worker);
    }
    std::erase_if(calls->workers, [](const Worker* worker) { return worker->ending; });
    for (const auto& done : calls->ended) done->call->Undo(done->result);
    calls->ended.clear();
    calls->pending.clear();
    const auto areOver = [&] {
      return std::all_of(leaving.begin(), leaving.end(),
                         [](Worker* worker) { return worker->over; });
    };
    calls->answers.wait_for(hold, kLeave, areOver);
    std::erase_if(leaving, [](Worker* worker) {
      if (worker->over) return false;
      worker->left = true;
      pthread_detach(worker->thread);
      return true;
    });
  }
  for (Worker* worker : leaving) {
    pthread_join(worker->thread, nullptr);
    // The kernel has walked its list.
    worker->holds.Clear();
    delete worker;
  }
}

}  // namespace memspan
