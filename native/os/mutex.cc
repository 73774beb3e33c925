// Process-shared mutexes (pthread_mutex_init(3p), pthread_mutexattr_setrobust(3)).

#include <errno.h>
#include <pthread.h>

#include "call.h"
#include "os.h"

namespace memspan {
namespace {

int Enter(const Napi::CallbackInfo& info, Pin* pin) {
  return pin->Enter(info, 0, sizeof(pthread_mutex_t), alignof(pthread_mutex_t));
}

// A positive number is what the function returned, a negative one a Refusal or what it could not be called for.
Napi::Value Result(const Napi::CallbackInfo& info, double result) {
  return Napi::Number::New(info.Env(), result);
}

bool IsLocked(int result) { return result == 0 || result == EOWNERDEAD; }

// (view, type, pshared, robust, protocol)
Napi::Value MutexInit(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  const auto option = [&](size_t index) { return info[index].As<Napi::Number>().Int32Value(); };
  bool busy = false;
  Environment* environment = Current(info.Env());
  const void* mutex = pin.Get<void>();
  // A robust one is in its owner's list: made anew, it would break that list.
  if (HoldsOf(environment)->Has(mutex) || KeeperOf(environment, mutex, &busy) || busy) {
    return Result(info, EBUSY);
  }
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
  return Result(info, entered != 0 ? entered : pthread_mutex_destroy(pin.Get<pthread_mutex_t>()));
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
  int result = pthread_mutex_trylock(mutex);
  if (result == EBUSY) result = Lock(ListenerOf(info, pin), DeadlineOf(info, 1), mutex);
  if (IsLocked(result)) HoldsOf(Current(info.Env()))->Add(pin);
  return Result(info, result);
}

Napi::Value MutexTryLock(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  const int result = pthread_mutex_trylock(pin.Get<pthread_mutex_t>());
  if (IsLocked(result)) HoldsOf(Current(info.Env()))->Add(pin);
  return Result(info, result);
}

Napi::Value MutexUnlock(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  Environment* environment = Current(info.Env());
  pthread_mutex_t* mutex = pin.Get<pthread_mutex_t>();
  Holds* holds = HoldsOf(environment);
  bool busy = false;
  Hand* keeper = holds->Has(mutex) ? nullptr : KeeperOf(environment, mutex, &busy);
  if (busy) return Result(info, EPERM);
  if (keeper) {
    return Result(info, HaveDone(environment, keeper, [mutex](Hand* hand) {
                    const int result = pthread_mutex_unlock(mutex);
                    if (result != 0) return result;
                    hand->holds.Remove(mutex);
                    if (!hand->holds.Has(mutex)) hand->keeps = nullptr;
                    return 0;
                  }));
  }
  const int result = pthread_mutex_unlock(mutex);
  if (result == 0) holds->Remove(mutex);
  return Result(info, result);
}

// It makes the calling thread the owner, so that must be the one that locked it.
Napi::Value MutexConsistent(const Napi::CallbackInfo& info) {
  Pin pin;
  const int entered = Enter(info, &pin);
  if (entered != 0) return Result(info, entered);
  Environment* environment = Current(info.Env());
  pthread_mutex_t* mutex = pin.Get<pthread_mutex_t>();
  bool busy = false;
  Hand* keeper = HoldsOf(environment)->Has(mutex) ? nullptr : KeeperOf(environment, mutex, &busy);
  if (!keeper) return Result(info, pthread_mutex_consistent(mutex));
  return Result(info, HaveDone(environment, keeper,
                               [mutex](Hand*) { return pthread_mutex_consistent(mutex); }));
}

struct LockCall : Call {
  Deadline deadline;
  int Run(Hand* hand) override {
    const int result = Lock({&pin, nullptr, &cancelled}, deadline, pin.Get<pthread_mutex_t>());
    if (IsLocked(result)) {
      hand->holds.Add(pin);
      hand->keeps = pin.Get<void>();
    }
    return result;
  }
};

// (view, seconds?, nanoseconds?) → ticket, or an error
Napi::Value MutexLockAsync(const Napi::CallbackInfo& info) {
  auto call = std::make_shared<LockCall>();
  Pin pin;
  int entered = Enter(info, &pin);
  if (entered == 0) entered = call->pin.Enter(pin);
  if (entered != 0) return Result(info, entered);
  call->deadline = DeadlineOf(info, 1);
  return Result(info, StartCall(Current(info.Env()), call));
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
