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

// A signal handler that runs while we sleep takes us out of the queue and costs our place. The signals
// that mean nothing to a sleeping thread wait until it is awake; those that end or stop it do not.
class QuietSignals {
 public:
  QuietSignals() {
    static const sigset_t quiet = [] {
      sigset_t set;
      sigemptyset(&set);
      for (int signal : {SIGCHLD, SIGWINCH, SIGURG, SIGIO, SIGALRM, SIGVTALRM, SIGPROF, SIGPIPE}) {
        sigaddset(&set, signal);
      }
      return set;
    }();
    pthread_sigmask(SIG_BLOCK, &quiet, &before_);
  }
  ~QuietSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
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

bool ReadSleeper(const Napi::CallbackInfo& info, Sleeper* sleeper) {
  napi_typedarray_type type;
  size_t length;
  void* data;
  size_t offset;
  if (napi_get_typedarray_info(info.Env(), info[0], &type, &length, &data, nullptr, &offset) !=
          napi_ok ||
      (type != napi_int32_array && type != napi_bigint64_array)) {
    Napi::TypeError::New(info.Env(), "expected an Int32Array or BigInt64Array")
        .ThrowAsJavaScriptException();
    return false;
  }
  const double index = info[1].As<Napi::Number>().DoubleValue();
  if (!(index >= 0) || index >= static_cast<double>(length)) {
    Napi::RangeError::New(info.Env(), "index out of range").ThrowAsJavaScriptException();
    return false;
  }
  sleeper->wide = type == napi_bigint64_array;
  const size_t width = sleeper->wide ? 8 : 4;
  sleeper->target =
      reinterpret_cast<uint32_t*>(static_cast<uint8_t*>(data) + static_cast<size_t>(index) * width);
  if (info.Length() < 5) return true;
  sleeper->low = static_cast<uint32_t>(info[2].As<Napi::Number>().Int32Value());
  sleeper->high = static_cast<uint32_t>(info[3].As<Napi::Number>().Int32Value());
  SetTimeout(sleeper, info[4].As<Napi::Number>().DoubleValue());
  sleeper->watch = info[5].As<Napi::Number>().Int32Value();
  sleeper->seen = info[6].As<Napi::Number>().Uint32Value();
  return true;
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

Napi::Value Wait(const Napi::CallbackInfo& info) {
  Environment* environment = Current(info.Env());
  Sleeper sleeper;
  if (!ReadSleeper(info, &sleeper)) return {};
  const Environment* owner;
  Outcome outcome = Look(sleeper, info[4].As<Napi::Number>().DoubleValue(), &owner);
  // Only this thread could close its own mapping, and it is here: nobody needs to end its sleep. What is nobody's,
  // mmap's or shmat's, can be closed in any thread.
  const bool plain = !environment->isWorker && !sleeper.wide && sleeper.watch == 0 &&
                     (owner == environment || !Find(sleeper.target).known);
  if (outcome == Outcome::ok) {
    const QuietSignals quiet;
    outcome = plain ? Sleep(&sleeper, true) : SleepEnlisted(environment, &sleeper);
  }
  return Napi::Number::New(info.Env(), static_cast<uint32_t>(outcome));
}

Napi::Value Notify(const Napi::CallbackInfo& info) {
  Sleeper place;
  if (!ReadSleeper(info, &place)) return {};
  const double count = info[2].As<Napi::Number>().DoubleValue();
  const Environment* owner;
  const Outcome outcome = CheckMemory(place, &owner);
  if (outcome != Outcome::ok) return Napi::Number::New(info.Env(), -static_cast<int>(outcome));
  if (!(count >= 1)) return Napi::Number::New(info.Env(), 0);
  const int woken = FutexWake(place.target, count >= INT_MAX ? INT_MAX : static_cast<int>(count));
  return Napi::Number::New(info.Env(), woken >= 0 ? woken : -static_cast<int>(Outcome::damaged));
}

}  // namespace memspan
