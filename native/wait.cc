// The blocking forms; see wait.h.

#include "wait.h"

#include <limits.h>
#include <signal.h>

#include "futex.h"
#include "mapping.h"
#include "sentry.h"
#include "watch.h"

namespace memspan {
namespace {

// A worker looks up this often where its loop cannot be watched, ...
constexpr double kSliceMs = 50;
// ... and this often after its loop was rung: what rings again before the loop has run is not heard.
constexpr double kRungSliceMs = 250;

// Signals that mean nothing to a sleeping thread.
constexpr int kIdleSignals[] = {SIGCHLD, SIGWINCH,  SIGURG,  SIGIO,
                                SIGALRM, SIGVTALRM, SIGPROF, SIGPIPE};

// Those of them that have a handler. To ask costs ten times what blocking does, so that is done at most
// once in kFreshNs: a handler that was installed since then is not known of.
class HandledSignals {
 public:
  const sigset_t* Set(int64_t now) {
    if (now - asked_ >= kFreshNs) {
      asked_ = now;
      any_ = false;
      sigemptyset(&set_);
      for (int signal : kIdleSignals) {
        struct sigaction action;
        if (sigaction(signal, nullptr, &action) != 0) continue;
        if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) continue;
        sigaddset(&set_, signal);
        any_ = true;
      }
    }
    return any_ ? &set_ : nullptr;
  }

 private:
  static constexpr int64_t kFreshNs = 1'000'000;
  int64_t asked_ = -kFreshNs;
  bool any_ = false;
  sigset_t set_;
};

// A signal handler that runs while we sleep takes us out of the queue and costs our place. So those
// signals wait until the thread is awake; the ones that end or stop it do not. The two calls are a third
// of what a sleep costs on one core, and most processes have no such handler: they are spared them.
class QuietSignals {
 public:
  QuietSignals() {
    thread_local HandledSignals handled;
    const sigset_t* set = handled.Set(NowNs());
    if (set) isBlocking_ = pthread_sigmask(SIG_BLOCK, set, &before_) == 0;
  }
  ~QuietSignals() {
    if (isBlocking_) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  QuietSignals(const QuietSignals&) = delete;
  QuietSignals& operator=(const QuietSignals&) = delete;

 private:
  bool isBlocking_ = false;
  sigset_t before_;
};

Outcome SleepInWorker(Environment* environment, Sleeper* sleeper) {
  const bool watched = WatchLoop(environment->loopFd, sleeper);
  bool rung = false;
  Outcome outcome = Outcome::interrupted;
  // A request to end may have come before the loop was watched: look first.
  while (outcome == Outcome::interrupted && MayRunJavaScript(environment->env)) {
    outcome = watched && !rung ? Sleep(sleeper, false)
                               : SleepSlice(sleeper, watched ? kRungSliceMs : kSliceMs);
    rung = true;
  }
  if (watched) UnwatchLoop(environment->loopFd, sleeper);
  return outcome;
}

Outcome CheckMemory(const Sleeper& sleeper, const Environment** owner) {
  const Found found = Find(sleeper.target);
  *owner = found.owner;
  if (found.status & kClosed) return Outcome::closed;
  if (found.status & kTruncated) return Outcome::damaged;
  return Outcome::ok;
}

// A close() in another thread can end this sleep.
Outcome SleepEnlisted(Environment* environment, Sleeper* sleeper) {
  // Enlisted before this look at the memory: a close() that is not seen here sees the sleeper.
  Enlist(sleeper);
  const Environment* owner;
  Outcome outcome = CheckMemory(*sleeper, &owner);
  if (outcome == Outcome::ok && HasNews(*sleeper)) outcome = Outcome::disturbed;
  if (outcome == Outcome::ok && environment->isWorker) {
    outcome = SleepInWorker(environment, sleeper);
  } else if (outcome == Outcome::ok) {
    do {
      outcome = Sleep(sleeper, false);
    } while (outcome == Outcome::interrupted);
  }
  Delist(sleeper);
  return outcome;
}

}  // namespace

bool MayRunJavaScript(napi_env env) {
  const Napi::HandleScope scope(env);
  napi_value global;
  bool has;
  return napi_get_global(env, &global) == napi_ok &&
         napi_has_named_property(env, global, "Object", &has) == napi_ok;
}

Arguments::Arguments(napi_env env, napi_callback_info info) : env(env) {
  if (napi_get_cb_info(env, info, &count, list, nullptr, nullptr) != napi_ok) count = 0;
}

double Arguments::Number(size_t index) const {
  double number = 0;
  if (index < count) napi_get_value_double(env, list[index], &number);
  return number;
}

bool Arguments::IsTrue(size_t index) const {
  bool value = false;
  return index < count && napi_get_value_bool(env, list[index], &value) == napi_ok && value;
}

bool ReadSleeper(const Arguments& given, Sleeper* sleeper) {
  napi_typedarray_type type;
  size_t length;
  void* data;
  if (given.count == 0 ||
      napi_get_typedarray_info(given.env, given.list[0], &type, &length, &data, nullptr, nullptr) !=
          napi_ok ||
      (type != napi_int32_array && type != napi_bigint64_array)) {
    napi_throw_type_error(given.env, nullptr, "expected an Int32Array or BigInt64Array");
    return false;
  }
  const double index = given.Number(1);
  if (!(index >= 0) || index >= static_cast<double>(length)) {
    napi_throw_range_error(given.env, nullptr, "index out of range");
    return false;
  }
  sleeper->wide = type == napi_bigint64_array;
  const size_t width = sleeper->wide ? 8 : 4;
  sleeper->target =
      reinterpret_cast<uint32_t*>(static_cast<uint8_t*>(data) + static_cast<size_t>(index) * width);
  if (given.count < 5) return true;
  sleeper->low = static_cast<uint32_t>(static_cast<int64_t>(given.Number(2)));
  sleeper->high = static_cast<uint32_t>(static_cast<int64_t>(given.Number(3)));
  SetTimeout(sleeper, given.Number(4));
  sleeper->watch = static_cast<int>(given.Number(5));
  sleeper->seen = static_cast<uint32_t>(given.Number(6));
  return true;
}

napi_value ToValue(napi_env env, int number) {
  napi_value value = nullptr;
  napi_create_int32(env, number, &value);
  return value;
}

bool HasNews(const Sleeper& sleeper) { return sleeper.watch != 0 && NewsCount() != sleeper.seen; }

Outcome Look(const Sleeper& sleeper, double timeoutMs, const Environment** owner) {
  // Read before the status is: a page that is gone reads as zeros, and is known to be gone after that.
  const bool differs = ValueDiffers(sleeper);
  const Outcome usable = CheckMemory(sleeper, owner);
  if (usable != Outcome::ok) return usable;
  if (differs) return Outcome::notEqual;
  return timeoutMs <= 0 ? Outcome::timedOut : Outcome::ok;
}

napi_value Wait(napi_env env, napi_callback_info info) {
  Environment* environment = Current(env);
  const Arguments given(env, info);
  Sleeper sleeper;
  if (!ReadSleeper(given, &sleeper)) return nullptr;
  const Environment* owner;
  Outcome outcome = Look(sleeper, given.Number(4), &owner);
  // Only this thread could close its own mapping, and it is here: nobody needs to end its sleep. What is nobody's,
  // mmap's or shmat's, can be closed in any thread.
  const bool plain = !environment->isWorker && !sleeper.wide && sleeper.watch == 0 &&
                     (owner == environment || !Find(sleeper.target).known);
  if (outcome == Outcome::ok) {
    const QuietSignals quiet;
    outcome = plain ? Sleep(&sleeper, true) : SleepEnlisted(environment, &sleeper);
  }
  return ToValue(env, static_cast<int>(outcome));
}

napi_value Notify(napi_env env, napi_callback_info info) {
  const Arguments given(env, info);
  Sleeper place;
  if (!ReadSleeper(given, &place)) return nullptr;
  const double count = given.Number(2);
  const Environment* owner;
  const Outcome outcome = CheckMemory(place, &owner);
  if (outcome != Outcome::ok) return ToValue(env, -static_cast<int>(outcome));
  if (!(count >= 1)) return ToValue(env, 0);
  const int woken = FutexWake(place.target, count >= INT_MAX ? INT_MAX : static_cast<int>(count));
  return ToValue(env, woken >= 0 ? woken : -static_cast<int>(Outcome::damaged));
}

}  // namespace memspan
