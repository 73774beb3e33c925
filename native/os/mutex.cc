// Process-shared mutexes (pthread_mutex_init(3p), pthread_mutexattr_setrobust(3)).

#include <errno.h>
#include <pthread.h>

#include "call.h"
#include "os.h"
#include "plausible.h"

namespace memspan {
namespace {

int EnterAny(const Napi::CallbackInfo& info, Pin* pin) {
  return pin->Enter(info, 0, sizeof(pthread_mutex_t), alignof(pthread_mutex_t));
}

int EnterToGiveBack(const Napi::CallbackInfo& info, Pin* pin) {
  return pin->EnterPatiently(info, 0, sizeof(pthread_mutex_t), alignof(pthread_mutex_t));
}

int Enter(const Napi::CallbackInfo& info, Pin* pin) {
  const int entered = EnterAny(info, pin);
  return entered != 0 || IsMutex(pin->Get<pthread_mutex_t>()) ? entered : EINVAL;
}

void Keep(Holds* holds, const Pin& pin) { holds->Add(pin, IsRobust(pin.Get<pthread_mutex_t>())); }

// By a thread of this environment.
bool IsHeld(Environment* environment, const void* mutex) {
  bool busy = false;
  return HoldsOf(environment)->Has(mutex) || KeeperOf(environment, mutex, &busy) || busy;
}

bool IsLocked(int result) { return result == 0 || result == EOWNERDEAD; }

// (view, type, pshared, robust, protocol)
Napi::Value MutexInit(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = EnterAny(info, &pin);
  if (entered != 0) return Result(info, entered);
  const auto option = [&](size_t index) { return info[index].As<Napi::Number>().Int32Value(); };
  // A robust one is in its owner's list: made anew, it would break that list.
  if (IsHeld(Current(info.Env()), pin.Get<void>())) return Result(info, EBUSY);
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  int result = pthread_mutexattr_settype(&attributes, option(1));
  if (result == 0) result = pthread_mutexattr_setpshared(&attributes, option(2));
  if (result == 0) result = pthread_mutexattr_setrobust(&attributes, option(3));
  if (result == 0) result = pthread_mutexattr_setprotocol(&attributes, option(4));
  if (result == 0) result = pthread_mutex_init(pin.Get<pthread_mutex_t>(), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return Result(info, result);
}

Napi::Value MutexDestroy(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  pthread_mutex_t* mutex = pin.Get<pthread_mutex_t>();
  // glibc does not look at robust ones.
  if (IsHeld(Current(info.Env()), mutex) || (IsRobust(mutex) && HasOwner(mutex))) {
    return Result(info, EBUSY);
  }
  return Result(info, pthread_mutex_destroy(mutex));
}

// Without waiting: EBUSY. glibc's pthread_mutex_trylock leaves a robust mutex that is not recoverable locked by whoever has
// tried; a lock whose time is over does not.
int TryLock(pthread_mutex_t* mutex) {
  if (!IsRobust(mutex)) return pthread_mutex_trylock(mutex);
  const timespec longAgo = {0, 0};
  const int result = pthread_mutex_timedlock(mutex, &longAgo);
  return result == ETIMEDOUT ? EBUSY : result;
}

// A lock that came after its call was to end is given back: so that Close() need not refuse when it has ended others'
// calls, and nothing is taken after an abort. One that an owner has died with would be lost by that.
int UnlessEnded(const Listener& listener, int result) {
  if (result != 0) return result;
  const int why = Interruption(listener);
  if (why != kGone && why != kAborted) return 0;
  pthread_mutex_unlock(listener.pin->Get<pthread_mutex_t>());
  return why;
}

int Lock(const Listener& listener, const Deadline& deadline, pthread_mutex_t* mutex) {
  return InSlices(listener, deadline,
                  [&](const timespec* until) { return pthread_mutex_timedlock(mutex, until); });
}

// (view, seconds?, nanoseconds?)
Napi::Value MutexLock(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  pthread_mutex_t* mutex = pin.Get<pthread_mutex_t>();
  // Nearly always free: then there is no clock to read.
  int result = TryLock(mutex);
  if (result == EBUSY) {
    Environment* environment = Current(info.Env());
    const Deadline deadline = DeadlineOf(info, 1);
    bool busy;
    // Only this very thread can have that one unlocked.
    if (!deadline.bounded && KeeperOf(environment, mutex, &busy)) return Result(info, EDEADLK);
    result = Lock(ListenerOf(info, pin), deadline, mutex);
  }
  result = UnlessEnded({&pin}, result);
  if (IsLocked(result)) Keep(HoldsOf(Current(info.Env())), pin);
  return Result(info, result);
}

Napi::Value MutexTryLock(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  int result = TryLock(pin.Get<pthread_mutex_t>());
  // glibc says it to the owner of some kinds; it is one of pthread_mutex_lock's errors.
  if (result == EDEADLK) result = EBUSY;
  if (IsLocked(result)) Keep(HoldsOf(Current(info.Env())), pin);
  return Result(info, result);
}

// By the thread that has it.
int Unlock(Holds* holds, const Pin& pin) {
  pthread_mutex_t* mutex = pin.Get<pthread_mutex_t>();
  const int checked = holds->Check(pin);
  const int result = checked != 0 ? checked : pthread_mutex_unlock(mutex);
  if (result == 0) holds->Remove(mutex);
  return result;
}

Napi::Value MutexUnlock(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = EnterToGiveBack(info, &pin);
  if (entered != 0) return Result(info, entered);
  Environment* environment = Current(info.Env());
  const void* mutex = pin.Get<void>();
  Holds* holds = HoldsOf(environment);
  if (holds->Has(mutex)) return Result(info, Unlock(holds, pin));
  bool busy = false;
  Hand* keeper = KeeperOf(environment, mutex, &busy);
  // The kinds that do not know their owner would be unlocked all the same; POSIX leaves it undefined.
  if (!keeper) return Result(info, IsMutex(pin.Get<pthread_mutex_t>()) ? EPERM : EINVAL);
  return Result(info, HaveDone(environment, keeper, [&pin, mutex](Hand* hand) {
                  const int result = Unlock(&hand->holds, pin);
                  if (!hand->holds.Has(mutex)) hand->keeps = nullptr;
                  return result;
                }));
}

// It makes the calling thread the owner, so that must be the one that locked it.
Napi::Value MutexConsistent(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = EnterToGiveBack(info, &pin);
  if (entered != 0) return Result(info, entered);
  Environment* environment = Current(info.Env());
  pthread_mutex_t* mutex = pin.Get<pthread_mutex_t>();
  if (!IsMutex(mutex)) return Result(info, EINVAL);
  if (HoldsOf(environment)->Has(mutex)) return Result(info, pthread_mutex_consistent(mutex));
  bool busy = false;
  Hand* keeper = KeeperOf(environment, mutex, &busy);
  if (!keeper) return Result(info, EINVAL);
  return Result(info, HaveDone(environment, keeper,
                               [mutex](Hand*) { return pthread_mutex_consistent(mutex); }));
}

struct LockCall : Call {
  Deadline deadline;
  int Run(Hand* hand) override {
    const Listener listener = {&pin, nullptr, &cancelled};
    const int result = UnlessEnded(listener, Lock(listener, deadline, pin.Get<pthread_mutex_t>()));
    if (IsLocked(result)) {
      Keep(&hand->holds, pin);
      hand->keeps = pin.Get<void>();
    }
    return result;
  }
};

// (view, seconds?, nanoseconds?) → ticket, or an error
Napi::Value MutexLockAsync(const Napi::CallbackInfo& info) {
  return StartTimed<LockCall>(info, Enter);
}

}  // namespace

void InitMutexes(Napi::Env env, Napi::Object os) {
  Export<MutexInit>(env, os, "mutexInit");
  Export<MutexDestroy>(env, os, "mutexDestroy");
  Export<MutexLock>(env, os, "mutexLock");
  Export<MutexTryLock>(env, os, "mutexTryLock");
  Export<MutexUnlock>(env, os, "mutexUnlock");
  Export<MutexConsistent>(env, os, "mutexConsistent");
  Export<MutexLockAsync>(env, os, "mutexLockAsync");
}

}  // namespace memspan
