// Asynchronous calls as JavaScript sees them, and calls beside its thread; see call.h.

#include "call.h"

#include <chrono>

#include "../wait.h"
#include "hand.h"
#include "os.h"

namespace memspan {
namespace {

constexpr auto kSlice = std::chrono::milliseconds(25);

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

// Nobody hears of anything any more.
void EndCalls(void* data) {
  const std::shared_ptr<Calls> calls = static_cast<Environment*>(data)->calls;
  Dismiss(calls);
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
