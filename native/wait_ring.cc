// The ring's waits; see wait_ring.h. All of it runs on the environment's own thread, but for Rouse.

#include "wait_ring.h"

#include <errno.h>
#include <sys/eventfd.h>

#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "loop.h"
#include "uring.h"

namespace memspan {

namespace {

// Documented in waitAsync's docstring. The kernel keeps some 400 bytes for each.
constexpr size_t kJobsMax = 65536;
constexpr uint32_t kFirstTicket = 17;
constexpr uint32_t kTicketMask = 0x1fffffff;
// A result of the ring: the time of some deadline has come. Tickets are smaller.
constexpr uint64_t kAlarm = uint64_t{1} << 32;

struct RingJob;
using Deadlines = std::multimap<int64_t, RingJob*>;

struct RingJob : Sleeper {
  RingWaits* waits = nullptr;
  uint32_t ticket = 0;
  napi_ref view = nullptr;  // keeps the memory
  Deadlines::iterator due;
  bool hasDue = false;
  Outcome reason = Outcome::aborted;  // what it was taken out of the queue for, if it was
  Outcome outcome = Outcome::ok;
  bool over = false;
};

}  // namespace

struct RingWaits {
  Environment* environment = nullptr;
  std::unique_ptr<Ring> ring;
  LoopWatch* watch = nullptr;
  napi_async_context context = nullptr;
  napi_async_cleanup_hook_handle hook = nullptr;
  std::unordered_map<uint32_t, std::unique_ptr<RingJob>> jobs;  // until JavaScript has been told
  std::vector<RingJob*> ended;                                  // not yet told
  Deadlines deadlines;
  int64_t alarm = 0;  // when the ring's next alarm rings; 0: none is set
  uint32_t nextTicket = 0;
  std::atomic<bool> roused{false};
};

namespace {

void Signal(RingWaits* waits) { eventfd_write(waits->ring->eventFd(), 1); }

// On any thread, with the job enlisted.
void Rouse(Sleeper* sleeper) {
  static_cast<RingJob*>(sleeper)->waits->roused.store(true);
  Signal(static_cast<RingJob*>(sleeper)->waits);
}

void End(RingJob* job, Outcome outcome) {
  RingWaits* waits = job->waits;
  job->over = true;
  job->outcome = outcome;
  Delist(job);
  if (std::exchange(job->hasDue, false)) waits->deadlines.erase(job->due);
  waits->ended.push_back(job);
}

Outcome OutcomeOf(const RingJob& job, int result) {
  if (result == 0) return Outcome::ok;
  if (result == -EAGAIN) return Outcome::notEqual;
  if (result == -ECANCELED) return job.reason;
  return result == -EFAULT ? Outcome::damaged : Outcome::exhausted;
}

void Collect(RingWaits* waits) {
  Ring::Result done;
  while (waits->ring->Next(&done)) {
    if (done.id == kAlarm) waits->alarm = 0;
    if (done.id >= kAlarm) continue;
    const auto found = waits->jobs.find(static_cast<uint32_t>(done.id));
    if (found == waits->jobs.end() || found->second->over) continue;
    End(found->second.get(), OutcomeOf(*found->second, done.result));
  }
}

// Out of the queue; whichever came first, this or a wake-up, is its outcome.
void Retire(RingJob* job, Outcome reason) {
  RingWaits* waits = job->waits;
  job->reason = reason;
  if (std::exchange(job->hasDue, false)) waits->deadlines.erase(job->due);
  const bool isOut = waits->ring->Cancel(job->ticket) == 0;
  Collect(waits);
  // It may have a wake-up for itself yet; rather that than never told.
  if (!isOut && !job->over) End(job, reason);
}

// False when no alarm can be had for the next deadline.
bool SetAlarm(RingWaits* waits) {
  if (waits->deadlines.empty()) return true;
  const int64_t next = waits->deadlines.begin()->first;
  if (waits->alarm != 0 && waits->alarm <= next) return true;
  if (waits->ring->Alarm(waits->deadlines.begin()->second->deadline, kAlarm) != 0) return false;
  waits->alarm = next;
  return true;
}

void Expire(RingWaits* waits) {
  const int64_t now = NowNs();
  while (!waits->deadlines.empty() && waits->deadlines.begin()->first <= now) {
    Retire(waits->deadlines.begin()->second, Outcome::timedOut);
  }
  // Rather told that it cannot be than never told.
  while (!SetAlarm(waits)) Retire(waits->deadlines.begin()->second, Outcome::exhausted);
}

void RetireRoused(RingWaits* waits) {
  if (!waits->roused.exchange(false)) return;
  // Nothing leaves the map before JavaScript is told.
  for (const auto& [ticket, job] : waits->jobs) {
    const uint32_t cancelled = job->over ? 0 : job->cancel.load();
    if (cancelled != 0) Retire(job.get(), static_cast<Outcome>(cancelled));
  }
}

void Forget(RingJob* job) {
  RingWaits* waits = job->waits;
  napi_delete_reference(waits->environment->env, job->view);
  waits->jobs.erase(job->ticket);
  if (waits->jobs.empty()) waits->watch->HoldOpen(false);
}

void Tell(RingWaits* waits) {
  if (waits->ended.empty()) return;
  Environment* environment = waits->environment;
  const napi_env env = environment->env;
  std::vector<std::pair<uint32_t, Outcome>> told;
  for (const RingJob* job : waits->ended) told.emplace_back(job->ticket, job->outcome);
  for (RingJob* job : std::exchange(waits->ended, {})) Forget(job);
  napi_handle_scope handles;
  if (napi_open_handle_scope(env, &handles) != napi_ok) return;
  napi_callback_scope calls;
  if (napi_open_callback_scope(env, nullptr, waits->context, &calls) == napi_ok) {
    // What JavaScript does in there may end the environment: nothing of `waits` is touched any more.
    for (const auto& [ticket, outcome] : told) {
      Settle(environment, ticket, static_cast<int>(outcome));
    }
    napi_close_callback_scope(env, calls);
  }
  napi_close_handle_scope(env, handles);
}

void OnReady(void* data) {
  RingWaits* waits = static_cast<RingWaits*>(data);
  eventfd_t count;
  do {
    waits->ring->Fetch();
    Collect(waits);
    // Here, because results that are brought add to it, too. Who added before this read is seen in the look that follows; who
    // does after it has this function called again.
    eventfd_read(waits->ring->eventFd(), &count);
  } while (waits->ring->HasMore());
  RetireRoused(waits);
  Expire(waits);
  Tell(waits);
}

// The environment ends. No wait of it stands in a queue any more when this returns.
void EndRing(napi_async_cleanup_hook_handle, void* data) {
  RingWaits* waits = static_cast<RingWaits*>(data);
  waits->environment->ring = nullptr;
  for (const auto& [ticket, job] : waits->jobs) {
    if (!job->over) Delist(job.get());
  }
  waits->ring->CancelAll();
  waits->watch->Close([](void* data) {
    RingWaits* waits = static_cast<RingWaits*>(data);
    napi_remove_async_cleanup_hook(waits->hook);
    delete waits;
  });
  waits->ring.reset();
}

bool Open(Environment* environment, RingWaits* waits) {
  const napi_env env = environment->env;
  waits->environment = environment;
  waits->ring = Ring::Make();
  if (!waits->ring) return false;
  napi_value name;
  if (napi_create_string_utf8(env, "memspan.waitAsync", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_async_init(env, nullptr, name, &waits->context) != napi_ok) {
    return false;
  }
  waits->watch = LoopWatch::Start(env, waits->ring->eventFd(), OnReady, waits);
  return waits->watch != nullptr;
}

RingWaits* RingOf(Environment* environment) {
  if (!environment->ring && environment->mayRing) {
    // Asked once.
    environment->mayRing = false;
    RingWaits* waits = new RingWaits;
    if (!Open(environment, waits)) {
      delete waits;
      return nullptr;
    }
    if (napi_add_async_cleanup_hook(environment->env, EndRing, waits, &waits->hook) != napi_ok) {
      waits->watch->Close([](void* data) { delete static_cast<RingWaits*>(data); });
      return nullptr;
    }
    environment->ring = waits;
  }
  return environment->ring;
}

void Begin(RingWaits* waits, std::unique_ptr<RingJob> owned) {
  if (waits->jobs.empty()) waits->watch->HoldOpen(true);
  do {
    owned->ticket = kFirstTicket + 2 * (waits->nextTicket++ & kTicketMask);
  } while (waits->jobs.contains(owned->ticket));
  waits->jobs.emplace(owned->ticket, std::move(owned));
}

// What was ended on the way is told by the loop.
int Leave(RingJob* job, int result) {
  RingWaits* waits = job->waits;
  std::erase(waits->ended, job);
  Forget(job);
  return result;
}

}  // namespace

int WaitInRing(Environment* environment, const Arguments& given) {
  RingWaits* waits = RingOf(environment);
  if (!waits) return 0;
  auto owned = std::make_unique<RingJob>();
  RingJob* job = owned.get();
  if (!ReadSleeper(given, job)) return -1;
  if (job->wide) return 0;
  job->waits = waits;
  job->rouse = Rouse;
  // Enlisted before the looks: a close() or news that is not seen here sees the sleeper.
  Enlist(job);
  const Environment* owner;
  Outcome known = Look(*job, given.Number(4), &owner);
  if (known == Outcome::ok && HasNews(*job)) known = Outcome::disturbed;
  if (known != Outcome::ok) {
    Delist(job);
    return static_cast<int>(known);
  }
  if (waits->jobs.size() >= kJobsMax) {
    Delist(job);
    return static_cast<int>(Outcome::exhausted);
  }
  napi_create_reference(given.env, given.list[0], 1, &job->view);
  Begin(waits, std::move(owned));
  if (waits->ring->Wait(job->target, job->low, job->ticket) != 0) {
    Delist(job);
    return Leave(job, 0);
  }
  Collect(waits);
  if (job->over) return Leave(job, static_cast<int>(job->outcome));
  if (job->bounded) {
    const int64_t due = job->deadline.tv_sec * int64_t{1'000'000'000} + job->deadline.tv_nsec;
    job->due = waits->deadlines.emplace(due, job);
    job->hasDue = true;
    if (!SetAlarm(waits)) Retire(job, Outcome::exhausted);
  }
  if (!waits->ended.empty()) Signal(waits);
  return static_cast<int>(job->ticket);
}

bool WaitsByRing(Environment* environment) {
  return environment->ring || (environment->mayRing && Ring::Make());
}

bool CancelInRing(Environment* environment, uint32_t ticket) {
  RingWaits* waits = environment->ring;
  if (!waits || ticket % 2 == 0) return false;
  const auto found = waits->jobs.find(ticket);
  if (found == waits->jobs.end() || found->second->over) return true;
  Retire(found->second.get(), Outcome::aborted);
  Signal(waits);
  return true;
}

}  // namespace memspan
