// The threads behind asynchronous calls; see call.h.

#include "call.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "../thread.h"
#include "../wait.h"
#include "os.h"

namespace memspan {
namespace {

constexpr int kHandsMax = 1024;  // docs/posix.md says so
constexpr auto kIdle = std::chrono::milliseconds(250);
constexpr auto kSlice = std::chrono::milliseconds(25);
// How long an environment that ends waits for its hands. The C library can be inside a condition variable's wait
// for longer: until it has the mutex again.
constexpr auto kLeave = std::chrono::milliseconds(500);
// Apart from the tickets of waits (wait_async.cc), which share onSettled.
constexpr double kFirstTicket = 4294967296.0;

std::atomic<int> handCount{0};
// A call that a hand has. JavaScript is told of it by its ticket; without one, its starter waits for it.
struct Pending {
  std::shared_ptr<Call> call;
  double ticket = 0;
  int result = 0;
  bool over = false;
  bool abandoned = false;
};

}  // namespace

// A hand with what only this file knows of it. Everything in here is guarded by its Calls' mutex.
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
  double nextTicket = kFirstTicket;
};

namespace {

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

bool IsFree(const Worker* worker) {
  return !worker->pending && !worker->ordered && !worker->ending;
}

Worker* FreeWorker(const std::shared_ptr<Calls>& calls) {
  for (Worker* worker : calls->workers) {
    if (IsFree(worker) && !worker->keeps) return worker;
  }
  return NewWorker(calls);
}

void TellJavaScript(napi_env env, napi_value, void* context, void*) {
  // While a worker is taken down its loop runs once more, before EndCalls(): what cannot be told is left to that.
  if (!env || !MayRunJavaScript(env)) return;
  Environment* environment = static_cast<Environment*>(context);
  Calls* calls = environment->calls.get();
  std::vector<std::shared_ptr<Pending>> ended;
  {
    std::lock_guard<std::mutex> hold(calls->mutex);
    ended.swap(calls->ended);
    for (const auto& done : ended) {
      calls->pending.erase(done->ticket);
      done->call = nullptr;
    }
    if (calls->pending.empty()) napi_unref_threadsafe_function(env, calls->bell);
  }
  for (const auto& done : ended) Settle(environment, done->ticket, done->result);
}

// Nobody hears of anything any more. Threads that hold locks end with them, as their owners.
void EndCalls(void* data) {
  const std::shared_ptr<Calls> calls = static_cast<Environment*>(data)->calls;
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
  napi_release_threadsafe_function(calls->bell, napi_tsfn_abort);
}

bool EnsureCalls(Environment* environment) {
  if (environment->calls) return true;
  auto calls = std::make_shared<Calls>();
  const napi_env env = environment->env;
  napi_value name;
  napi_create_string_utf8(env, "memspan.call", NAPI_AUTO_LENGTH, &name);
  const napi_status made =
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr,
                                      environment, TellJavaScript, &calls->bell);
  if (made != napi_ok) return false;
  napi_unref_threadsafe_function(env, calls->bell);
  environment->calls = calls;
  napi_add_env_cleanup_hook(env, EndCalls, environment);
  return true;
}

// (ticket) asks that call to end; it says how it ended.
Napi::Value CancelCall(const Napi::CallbackInfo& info) {
  Calls* calls = Current(info.Env())->calls.get();
  if (!calls) return {};
  std::lock_guard<std::mutex> hold(calls->mutex);
  const auto found = calls->pending.find(info[0].As<Napi::Number>().DoubleValue());
  if (found != calls->pending.end()) found->second->call->cancelled.store(true);
  return {};
}

}  // namespace

double StartCall(Environment* environment, std::shared_ptr<Call> call, Hand* hand) {
  if (!EnsureCalls(environment)) return -EAGAIN;
  const std::shared_ptr<Calls> calls = environment->calls;
  std::lock_guard<std::mutex> hold(calls->mutex);
  Worker* worker = hand ? static_cast<Worker*>(hand) : FreeWorker(calls);
  if (!worker) return -EAGAIN;
  auto pending = std::make_shared<Pending>();
  pending->call = std::move(call);
  pending->ticket = calls->nextTicket++;
  if (calls->pending.empty()) napi_ref_threadsafe_function(environment->env, calls->bell);
  calls->pending.emplace(pending->ticket, pending);
  worker->pending = pending;
  worker->rung.notify_all();
  return pending->ticket;
}

int RunAside(Environment* environment, std::shared_ptr<Call> call, const Listener& listener,
             int limitMs, int late) {
  if (!EnsureCalls(environment)) return -EAGAIN;
  const std::shared_ptr<Calls> calls = environment->calls;
  const auto limit = std::chrono::steady_clock::now() + std::chrono::milliseconds(limitMs);
  std::unique_lock<std::mutex> hold(calls->mutex);
  Worker* worker = FreeWorker(calls);
  if (!worker) return -EAGAIN;
  auto pending = std::make_shared<Pending>();
  pending->call = std::move(call);
  worker->pending = pending;
  worker->rung.notify_all();
  for (;;) {
    if (calls->answers.wait_for(hold, kSlice, [&] { return pending->over; }))
      return pending->result;
    int why = Interruption(listener);
    if (why == 0 && limitMs != 0 && std::chrono::steady_clock::now() >= limit) why = late;
    if (why == 0) continue;
    pending->abandoned = true;
    pending->call->cancelled.store(true);
    return why;
  }
}

Hand* KeeperOf(Environment* environment, const void* object, bool* busy) {
  *busy = false;
  Calls* calls = environment->calls.get();
  if (!calls) return nullptr;
  std::lock_guard<std::mutex> hold(calls->mutex);
  for (Worker* worker : calls->workers) {
    if (worker->keeps.load() != object) continue;
    *busy = !IsFree(worker);
    if (!*busy) return worker;
  }
  return nullptr;
}

int HaveDone(Environment* environment, Hand* hand, std::function<int(Hand*)> order) {
  Calls* calls = environment->calls.get();
  Worker* worker = static_cast<Worker*>(hand);
  std::unique_lock<std::mutex> hold(calls->mutex);
  worker->order = std::move(order);
  worker->answered = false;
  worker->ordered = true;
  worker->rung.notify_all();
  calls->answers.wait(hold, [&] { return worker->answered; });
  return worker->answer;
}

void InitCalls(Napi::Env env, Napi::Object exports) {
  Export<CancelCall>(env, exports, "cancelCall");
}

}  // namespace memspan
