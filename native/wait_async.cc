// Asynchronous waits as JavaScript sees them, where they are not the ring's (wait_ring.h): a helper sleeps for each (wait_pool.h), its outcome goes into the
// environment's list, and a threadsafe function makes the event loop look at that list; it holds the loop
// open while a wait is pending.

#include <condition_variable>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "wait.h"
#include "wait_pool.h"
#include "wait_ring.h"

namespace memspan {

namespace {
struct Job;
}

struct AsyncWaits {
  std::mutex mutex;
  std::condition_variable left;
  std::unordered_map<uint32_t, std::unique_ptr<Job>> jobs;  // until JavaScript has been told
  std::vector<Job*> ended;                                  // not yet told
  size_t asleep = 0;                                        // jobs a helper still works on
  bool closing = false;
  napi_threadsafe_function bell = nullptr;
  uint32_t nextTicket = 0;
};

namespace {

// Even: the odd ones are the ring's (wait_ring.h).
constexpr uint32_t kFirstTicket = 16;
constexpr uint32_t kTicketMask = 0x1fffffff;

// Guarded by its waits' mutex, once a helper has it.
struct Job : Errand {
  std::shared_ptr<AsyncWaits> waits;
  uint32_t ticket = 0;
  napi_ref view = nullptr;  // keeps the memory
  Outcome outcome = Outcome::ok;
};

void Deliver(Errand* errand, Outcome outcome) {
  Job* job = static_cast<Job*>(errand);
  const std::shared_ptr<AsyncWaits> waits = job->waits;  // outlives the environment, if need be
  std::lock_guard<std::mutex> hold(waits->mutex);
  job->outcome = outcome;
  waits->ended.push_back(job);
  waits->asleep--;
  job->over.store(true);
  if (!waits->closing && waits->ended.size() == 1) {
    napi_call_threadsafe_function(waits->bell, nullptr, napi_tsfn_nonblocking);
  }
  waits->left.notify_all();
}

void Begin(napi_env env, AsyncWaits* waits, std::unique_ptr<Job> job) {
  std::lock_guard<std::mutex> hold(waits->mutex);
  do {
    job->ticket = kFirstTicket + 2 * (waits->nextTicket++ & kTicketMask);
  } while (waits->jobs.contains(job->ticket));
  waits->asleep++;
  if (waits->jobs.empty()) napi_ref_threadsafe_function(env, waits->bell);
  waits->jobs.emplace(job->ticket, std::move(job));
}

void Forget(napi_env env, AsyncWaits* waits, Job* job) {
  napi_delete_reference(env, job->view);
  std::lock_guard<std::mutex> hold(waits->mutex);
  waits->jobs.erase(job->ticket);
  if (waits->jobs.empty() && !waits->closing) napi_unref_threadsafe_function(env, waits->bell);
}

// Also called, to no effect, for an environment that is being taken down: nothing of Napi:: that would want
// to throw there.
void TellJavaScript(napi_env env, napi_value, void* context, void*) {
  if (!env) return;
  Environment* environment = static_cast<Environment*>(context);
  AsyncWaits* waits = environment->waits.get();
  std::vector<Job*> ended;
  {
    std::lock_guard<std::mutex> hold(waits->mutex);
    ended.swap(waits->ended);
  }
  for (Job* job : ended) {
    const uint32_t ticket = job->ticket;
    const Outcome outcome = job->outcome;
    Forget(env, waits, job);
    Settle(environment, ticket, static_cast<int>(outcome));
  }
}

bool EnsureBell(Napi::Env env, Environment* environment) {
  if (environment->waits) return true;
  auto waits = std::make_shared<AsyncWaits>();
  const napi_status made = napi_create_threadsafe_function(
      env, nullptr, nullptr, Napi::String::New(env, "memspan.waitAsync"), 0, 1, nullptr, nullptr,
      environment, TellJavaScript, &waits->bell);
  if (made != napi_ok) return false;
  napi_unref_threadsafe_function(env, waits->bell);
  environment->waits = waits;
  // Added after the threadsafe function's own hook, and so run before it.
  napi_add_env_cleanup_hook(
      env, [](void* data) { EndWaits(static_cast<Environment*>(data)); }, environment);
  return true;
}

}  // namespace

napi_value WaitAsync(napi_env env, napi_callback_info info) {
  Environment* environment = Current(env);
  const auto result = [&](Outcome outcome) { return ToValue(env, static_cast<int>(outcome)); };
  const Arguments given(env, info);
  const int begun = WaitInRing(environment, given);
  if (begun != 0) return begun > 0 ? ToValue(env, begun) : nullptr;
  auto owned = std::make_unique<Job>();
  Job* job = owned.get();
  if (!ReadSleeper(given, &job->sleeper)) return nullptr;
  if (!EnsureBell(env, environment)) return result(Outcome::exhausted);
  AsyncWaits* waits = environment->waits.get();
  Enlist(&job->sleeper);
  const Environment* owner;
  Outcome known = Look(job->sleeper, given.Number(4), &owner);
  if (known == Outcome::ok && HasNews(job->sleeper)) known = Outcome::disturbed;
  if (known != Outcome::ok) {
    Delist(&job->sleeper);
    return result(known);
  }
  job->waits = environment->waits;
  job->tell = Deliver;
  napi_create_reference(env, given.list[0], 1, &job->view);
  Begin(env, waits, std::move(owned));
  if (!Employ(job, given.IsTrue(7))) {
    Delist(&job->sleeper);
    {
      std::lock_guard<std::mutex> hold(waits->mutex);
      waits->asleep--;
    }
    Forget(env, waits, job);
    return result(Outcome::exhausted);
  }
  if (!job->over.load() || job->outcome != Outcome::notEqual) {
    return ToValue(env, static_cast<int>(job->ticket));
  }
  // The value changed before it stood in the queue.
  {
    std::lock_guard<std::mutex> hold(waits->mutex);
    std::erase(waits->ended, job);
  }
  Forget(env, waits, job);
  return result(Outcome::notEqual);
}

Napi::Value CancelWait(const Napi::CallbackInfo& info) {
  Environment* environment = Current(info.Env());
  const uint32_t ticket = info[0].As<Napi::Number>().Uint32Value();
  AsyncWaits* waits = environment->waits.get();
  if (CancelInRing(environment, ticket) || !waits) return {};
  std::lock_guard<std::mutex> hold(waits->mutex);
  const auto found = waits->jobs.find(ticket);
  if (found != waits->jobs.end() && !found->second->over.load()) {
    EndSleeper(&found->second->sleeper, Outcome::aborted);
  }
  return {};
}

void EndWaits(Environment* environment) {
  const std::shared_ptr<AsyncWaits> waits = environment->waits;
  std::unique_lock<std::mutex> hold(waits->mutex);
  waits->closing = true;
  for (const auto& [ticket, job] : waits->jobs) {
    if (!job->over.load()) EndSleeper(&job->sleeper, Outcome::aborted);
  }
  waits->left.wait(hold, [&] { return waits->asleep == 0; });
  waits->jobs.clear();
  waits->ended.clear();
  hold.unlock();
  napi_release_threadsafe_function(waits->bell, napi_tsfn_abort);
}

}  // namespace memspan
