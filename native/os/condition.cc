// Process-shared condition variables (pthread_cond_init(3p)).
//
// A wait returns after a slice at the latest, as if woken: POSIX allows such spurious wake-ups, and its callers look at
// their predicate again. To wait on without that look would lose a signal that came while the mutex was being taken
// back.

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

#include "call.h"
#include "os.h"
#include "plausible.h"

namespace memspan {
namespace {

constexpr long kSliceNs = 100'000'000;
constexpr long kNsPerSecond = 1'000'000'000;

int Enter(const Napi::CallbackInfo& info, Pin* pin) {
  return pin->Enter(info, 0, sizeof(pthread_cond_t), alignof(pthread_cond_t));
}

int EnterMutex(const Napi::CallbackInfo& info, Pin* pin) {
  const int entered = pin->Enter(info, 1, sizeof(pthread_mutex_t), alignof(pthread_mutex_t));
  return entered != 0 || IsMutex(pin->Get<pthread_mutex_t>()) ? entered : EINVAL;
}

// (view, pshared)
Napi::Value ConditionInit(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  int result = pthread_condattr_setpshared(&attributes, info[1].As<Napi::Number>().Int32Value());
  if (result == 0) result = pthread_cond_init(pin.Get<pthread_cond_t>(), &attributes);
  pthread_condattr_destroy(&attributes);
  return Result(info, result);
}

struct Wake : Call {
  int (*function)(pthread_cond_t*);
  Wake() { endless = true; }
  int Run(Hand*) override { return function(pin.Get<pthread_cond_t>()); }
};

// Beside this thread, for a second at most; then it is `late`.
int Aside(const Napi::CallbackInfo& info, const Pin& pin, int (*function)(pthread_cond_t*),
          int late) {
  constexpr int kLimitMs = 1000;
  auto call = std::make_shared<Wake>();
  call->function = function;
  const int entered = call->pin.Enter(pin);
  if (entered != 0) return entered;
  return RunAside(Current(info.Env()), call, ListenerOf(info, pin), kLimitMs, late);
}

// glibc waits in there for those who wait to leave, for ever if one of them was killed.
Napi::Value ConditionDestroy(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  switch (WaitersOf(pin.Get<pthread_cond_t>())) {
    case Waiters::none:
      return Result(info, pthread_cond_destroy(pin.Get<pthread_cond_t>()));
    case Waiters::some:
      return Result(info, EBUSY);
    default:
      return Result(info, Aside(info, pin, pthread_cond_destroy, EBUSY));
  }
}

// With nobody waiting there is nothing to do. Else beside this thread: glibc's can wait for those who were woken
// before, for ever if one of them was killed; then it is ETIMEDOUT.
template <int (*function)(pthread_cond_t*)>
Napi::Value ConditionWake(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  if (WaitersOf(pin.Get<pthread_cond_t>()) == Waiters::none) return Result(info, 0);
  return Result(info, Aside(info, pin, function, ETIMEDOUT));
}

using ClockWait = int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*);

// Whatever clock the condition was made with: our times are of CLOCK_REALTIME. Looked up: glibc has it from 2.30 on.
int WaitUntil(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  static const auto clockWait =
      reinterpret_cast<ClockWait>(dlsym(RTLD_DEFAULT, "pthread_cond_clockwait"));
  if (clockWait) return clockWait(condition, mutex, CLOCK_REALTIME, until);
  return pthread_cond_timedwait(condition, mutex, until);
}

// glibc's wait takes the condition variable's own lock at its end, and one who was held up for ever inside never
// gives that back: then -ETIMEDOUT, with the mutex as it was.
int AwaitInternalLock(const Listener& listener, const pthread_cond_t* condition) {
  constexpr int kLooksMax = 1000;
  const timespec moment = {0, 1'000'000};
  for (int looks = 0; IsInternallyLocked(condition); looks++) {
    if (looks == kLooksMax) return -ETIMEDOUT;
    const int interruption = Interruption(listener);
    if (interruption != 0) return interruption;
    nanosleep(&moment, nullptr);
  }
  return 0;
}

// One slice, in which the mutex is free. 0 at its end, too.
int WaitSlice(const Listener& listener, const Deadline& deadline, const Holds& holds,
              pthread_cond_t* condition, const Pin& second) {
  pthread_mutex_t* mutex = second.Get<pthread_mutex_t>();
  int checked = AwaitInternalLock(listener, condition);
  if (checked == 0) checked = holds.Check(second);
  if (checked != 0) return checked;
  timespec until;
  const bool more = NextSlice(deadline, &until, kSliceNs);
  const int result = WaitUntil(condition, mutex, &until);
  return result == ETIMEDOUT && more ? 0 : result;
}

// (condition, mutex, seconds?, nanoseconds?)
Napi::Value ConditionWait(const Napi::CallbackInfo& info) {
  Pin pin, second;
  int entered = Enter(info, &pin);
  if (entered == 0) entered = EnterMutex(info, &second);
  if (entered != 0) return Result(info, entered);
  Holds* holds = HoldsOf(Current(info.Env()));
  pthread_mutex_t* mutex = second.Get<pthread_mutex_t>();
  if (!holds->Has(mutex)) return Result(info, EPERM);
  const int result = WaitSlice(ListenerOf(info, pin), DeadlineOf(info, 2), *holds,
                               pin.Get<pthread_cond_t>(), second);
  if (result == ENOTRECOVERABLE) holds->Remove(mutex);
  return Result(info, result);
}

struct WaitCall : Call {
  Deadline deadline;
  int Run(Hand* hand) override {
    pthread_mutex_t* mutex = second.Get<pthread_mutex_t>();
    const int result = WaitSlice({&pin, nullptr, &cancelled}, deadline, hand->holds,
                                 pin.Get<pthread_cond_t>(), second);
    if (result == ENOTRECOVERABLE) {
      hand->holds.Remove(mutex);
      hand->keeps = nullptr;
    }
    return result == 0 && cancelled.load() ? kAborted : result;
  }
};

// (condition, mutex, seconds?, nanoseconds?) → ticket, or an error. The mutex is one that was locked asynchronously.
Napi::Value ConditionWaitAsync(const Napi::CallbackInfo& info) {
  auto call = std::make_shared<WaitCall>();
  Pin pin, second;
  int entered = Enter(info, &pin);
  if (entered == 0) entered = EnterMutex(info, &second);
  if (entered == 0) entered = call->pin.Enter(pin);
  if (entered == 0) entered = call->second.Enter(second);
  if (entered != 0) return Result(info, entered);
  Environment* environment = Current(info.Env());
  bool busy;
  Hand* keeper = KeeperOf(environment, second.Get<void>(), &busy);
  if (!keeper) return Result(info, EPERM);
  call->deadline = DeadlineOf(info, 2);
  return Result(info, StartCall(environment, call, keeper));
}

}  // namespace

void InitConditions(Napi::Env env, Napi::Object os) {
  Export<ConditionInit>(env, os, "conditionInit");
  Export<ConditionDestroy>(env, os, "conditionDestroy");
  Export<ConditionWake<pthread_cond_signal>>(env, os, "conditionSignal");
  Export<ConditionWake<pthread_cond_broadcast>>(env, os, "conditionBroadcast");
  Export<ConditionWait>(env, os, "conditionWait");
  Export<ConditionWaitAsync>(env, os, "conditionWaitAsync");
}

}  // namespace memspan
